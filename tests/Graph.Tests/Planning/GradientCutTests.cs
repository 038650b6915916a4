using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Tests.Planning;

/// <summary>Where a training step can stop with its gradient complete and every state as it was.</summary>
public sealed class GradientCutTests
{
    [Fact]
    public void A_training_step_is_cut_between_gradient_and_optimizer()
    {
        CompiledPlan plan = Compile(countsFirst: false);
        Assert.NotNull(plan.Gradient);
        Assert.InRange(plan.Gradient.Step, 1, plan.Steps.Count - 1);
        PlannedBuffer parameters = plan.States.Single(s => s.Op.StateName == "parameters").Place.Buffer;
        // The optimizer writes the parameters: it comes after the cut, and reads the gradient.
        Assert.Contains(plan.Steps.Skip(plan.Gradient.Step), s => s.Operands.Any(o => o.Buffer == parameters) && s.Operands.Any(o => o.Buffer == plan.Gradient.Place.Buffer));
        Assert.Equal(2, plan.Gradient.Value.C);
    }

    [Fact]
    public void A_step_that_changes_a_state_before_its_gradient_is_complete_is_not_cut() => Assert.Null(Compile(countsFirst: true).Gradient);

    [Fact]
    public void Without_a_gradient_there_is_nothing_to_cut()
    {
        var net = new NetworkBuilder("Forward", NetworkMode.Inference);
        net.Output("y", net.Image("x", 1) * net.Parameter("w", Initializer.FanIn(1), 1));
        Assert.Null(NetworkCompiler.Compile(net.Build()).Gradient);
    }

    private static CompiledPlan Compile(bool countsFirst)
    {
        var net = new NetworkBuilder("Line", NetworkMode.Training);
        if (countsFirst)
        {
            Tensor count = net.State("count", net.Constant(0), 0);
            net.Assign(count, count + 1);
        }
        Tensor difference = net.Image("x", 1) * net.Parameter("w", Initializer.FanIn(1), 1) + net.Parameter("b", Initializer.FanIn(1), 1) - net.Image("y", 1);
        Tensor loss = (difference * difference).Mean();
        net.Output("loss", loss);
        Tensor parameters = net.AllParameters();
        net.Assign(parameters, parameters - net.Scalar("rate") * net.GradientOfParameters(loss));
        return NetworkCompiler.Compile(net.Build());
    }
}
