using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Tests;

/// <summary>What a run means: order of memory, states, assignments.</summary>
public class InterpreterTests
{
    [Fact]
    public void Parameters_lie_in_memory_with_channels_last()
    {
        var net = new NetworkBuilder("Order", NetworkMode.Training);
        Tensor p = net.Parameter("p", Initializer.Constant(0), 1, 2, 1, 3);
        net.Output("p", p);
        net.Output("flat", net.AllParameters());
        var interpreter = new Interpreter(net.Build());
        interpreter.SetParameter("p", [0, 1, 2, 10, 11, 12]);

        Assert.Equal([0, 10, 1, 11, 2, 12], interpreter.FlatParameters);
        IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(default);
        Assert.Equal([0, 1, 2, 10, 11, 12], outputs["p"].Data);
        Assert.Equal([0, 10, 1, 11, 2, 12], outputs["flat"].Data);
    }

    [Fact]
    public void Gradients_of_parameters_are_in_the_order_of_the_parameters_and_zero_where_unused()
    {
        var net = new NetworkBuilder("Gradients", NetworkMode.Training);
        Tensor a = net.Parameter("a", Initializer.Constant(0), 1, 2, 1, 2);
        net.Parameter("unused", Initializer.Constant(0), 3);
        Tensor b = net.Parameter("b", Initializer.Constant(0), 1);
        Tensor weights = net.Input("weights", 1, 2, 1, 2);
        net.Output("g", net.GradientOfParameters((a * weights).Sum(Axes.All) + 5 * b));
        var interpreter = new Interpreter(net.Build());
        interpreter.SetInput("weights", new ReferenceTensor([1, 2, 1, 2], [1, 2, 3, 4]));

        Assert.Equal([1, 3, 2, 4, 0, 0, 0, 5], interpreter.Run(default)["g"].Data);
    }

    [Fact]
    public void Every_assignment_sees_the_old_values()
    {
        var net = new NetworkBuilder("Swap", NetworkMode.Training);
        Tensor a = net.State("a", net.Constant(0), 1), b = net.State("b", net.Constant(0), 2);
        net.Assign(a, b);
        net.Assign(b, a + b);
        net.Output("sum", a + b);
        var interpreter = new Interpreter(net.Build());

        Assert.Equal(3, interpreter.Run(default)["sum"].Data[0]);
        Assert.Equal(2, interpreter.State("a").Data[0]);
        Assert.Equal(3, interpreter.State("b").Data[0]);
        Assert.Equal(5, interpreter.Run(default)["sum"].Data[0]);
    }

    [Fact]
    public void Evaluating_assigns_nothing()
    {
        var net = new NetworkBuilder("Counter", NetworkMode.Training);
        Tensor state = net.State("n", net.Constant(0), 0);
        net.Assign(state, state + 1);
        var interpreter = new Interpreter(net.Build());

        interpreter.Evaluate(default);
        Assert.Equal(0, interpreter.State("n").Data[0]);
        interpreter.Run(default);
        Assert.Equal(1, interpreter.State("n").Data[0]);
    }

    [Fact]
    public void Assigning_all_parameters_changes_each_for_the_next_run()
    {
        var net = new NetworkBuilder("Descent", NetworkMode.Training);
        Tensor p = net.Parameter("p", Initializer.Constant(0), 1, 2, 1, 2);
        net.Output("p", p);
        net.Assign(net.AllParameters(), net.AllParameters() * 2);
        var interpreter = new Interpreter(net.Build());
        interpreter.SetParameter("p", [1, 2, 3, 4]);

        Assert.Equal([1, 2, 3, 4], interpreter.Run(default)["p"].Data);
        Assert.Equal([2, 4, 6, 8], interpreter.Run(default)["p"].Data);
    }

    /// <summary>Values of the error function from Abramowitz and Stegun, table 7.1, and of its complement.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e-10, 1.1283791670955126e-10)]
    [InlineData(0.5, 0.5204998778130465)]
    [InlineData(1, 0.8427007929497149)]
    [InlineData(2, 0.9953222650189527)]
    [InlineData(2.4999999999999996, 0.999593047982555)]
    [InlineData(2.5, 0.999593047982555)]
    [InlineData(4, 0.9999999845827421)]
    [InlineData(7, 1)]
    public void The_error_function(double x, double expected)
    {
        Assert.Equal(expected, ErrorFunction.Erf(x), Math.Max(1e-25, 1e-14 * expected));
        Assert.Equal(-ErrorFunction.Erf(x), ErrorFunction.Erf(-x));
    }

    [Fact]
    public void The_error_function_of_nothing_is_nothing() => Assert.Equal(double.NaN, ErrorFunction.Erf(double.NaN));

    /// <summary>Elements that share a maximum share its gradient.</summary>
    [Fact]
    public void Ties_are_split()
    {
        var net = new NetworkBuilder("Ties", NetworkMode.Training);
        Tensor p = net.Parameter("p", Initializer.Constant(0), 4);
        net.Output("reduction", net.Gradients(p.Max(Axes.C), p)[0]);
        net.Output("pair", net.Gradients(p.Max(net.Constant(3)).Sum(Axes.All), p)[0]);
        var interpreter = new Interpreter(net.Build());
        interpreter.SetParameter("p", [3, 1, 3, 2]);

        IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(default);
        Assert.Equal([0.5, 0, 0.5, 0], outputs["reduction"].Data);
        Assert.Equal([0.5, 0, 0.5, 0], outputs["pair"].Data);
    }
}
