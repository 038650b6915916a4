using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Graph.Tests.Support;

namespace FocalNet.Graph.Tests;

/// <summary>Every op has all four rules, and its gradient rule agrees with its reference rule.</summary>
public class OpRuleTests
{
    public static TheoryData<string> Samples => [.. OpSamples.All.Select(s => s.Name)];

    public static TheoryData<string> Differentiable => [.. OpSamples.All.Where(s => s.Op is not LeafOp).Select(s => s.Name)];

    [Fact]
    public void Every_op_has_a_sample()
    {
        IEnumerable<Type> ops = typeof(Op).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Op)) && !t.IsAbstract);

        Assert.Equal(ops.Select(t => t.Name).Order(), OpSamples.All.Select(s => s.Op.GetType().Name).Distinct().Order());
    }

    [Fact]
    public void Every_op_can_be_told_by_its_signature()
    {
        Assert.All(OpSamples.All, s => Assert.StartsWith(s.Op.Name, s.Op.Signature));
        Assert.All(OpSamples.All, s => Assert.Equal(s.Op.Signature, s.Op.ToString()));
        Assert.All(OpSamples.All, s => Assert.Equal(s.Op, s.Op with { }));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Rules_agree_on_shapes(string name)
    {
        OpSample sample = OpSamples.Find(name);
        var builder = new IrBuilder();
        Node[] inputs = [.. sample.Shapes.Select((s, i) => builder.Emit(new InputOp($"x{i}", s)))];
        Node node = builder.Emit(sample.Op, inputs);

        var interpreter = new Interpreter(new NetworkGraph("Sample", [node], [], [], [new ParameterOp("p", "3", 0, Shape.Flat(3), default)]));
        interpreter.SetInput("x", new ReferenceTensor([2, 3, 4, 5]));
        ReferenceTensor[] values = [.. sample.Shapes.Select(s => new ReferenceTensor(s.At(default)))];
        ReferenceTensor value = sample.Op.Evaluate(new EvaluationContext(node, values, default, interpreter));
        Assert.Equal(node.Shape.At(default), value.Extents);

        IReadOnlyList<Node?> gradients = sample.Op.Gradient(new GradientContext(builder, node, builder.Emit(new FillOp(1, node.Shape))));
        Assert.Equal(inputs.Length, gradients.Count);
        Assert.All(gradients.Zip(inputs), pair => Assert.Equal(pair.Second.Shape, pair.First?.Shape ?? pair.Second.Shape));

        OpCost cost = sample.Op.Cost(sample.Shapes, node.Shape, default);
        Assert.Equal(sample.IsFree, cost.Flops == 0);
        Assert.True(cost.Flops >= 2 * cost.Macs);
        if (sample.Op is not LeafOp)
        {
            var error = Assert.Throws<GraphException>(() => sample.Op.Infer([]));
            Assert.Contains(sample.Op.Name, error.Message);
        }
    }

    [Theory]
    [MemberData(nameof(Differentiable))]
    public void The_gradient_is_that_of_finite_differences(string name)
    {
        OpSample sample = OpSamples.Find(name);

        GradientCheck.Require(name, sample.Shapes, (builder, inputs) => builder.Emit(sample.Op, inputs));
    }

    /// <summary>The op set is closed: the gradient of a gradient is right too.</summary>
    [Theory]
    [MemberData(nameof(Differentiable))]
    public void The_second_gradient_is_that_of_finite_differences(string name)
    {
        OpSample sample = OpSamples.Find(name);

        // The square makes the gradient of a linear op depend on its operands.
        GradientCheck.Require(name, sample.Shapes, (builder, inputs) =>
        {
            Node y = builder.Emit(sample.Op, inputs);
            return builder.Multiply(y, y);
        }, order: 2);
    }

    /// <summary>Multiply-accumulates, counted by hand.</summary>
    [Theory]
    [InlineData("conv 3x3 on 4x6", 2 * 3 * 4 * 6 * 2 * 9)]
    [InlineData("conv 3x3 stride 2 on 4x6", 2 * 3 * 2 * 3 * 2 * 9)]
    [InlineData("conv depthwise 3x3 on 4x6", 2 * 2 * 4 * 6 * 9)]
    [InlineData("conv-transposed 4x4 stride 2 on 4x6", 2 * 3 * 2 * 3 * 2 * 16)]
    [InlineData("conv-weight-gradient 3x3 on 4x6", 2 * 3 * 4 * 6 * 2 * 9)]
    [InlineData("trig cos W", 2 * 3 * 4 * 5 * 5)]
    [InlineData("trig sin H", 2 * 3 * 4 * 5 * 4)]
    [InlineData("Add", 0)]
    public void Costs(string name, long macs)
    {
        OpSample sample = OpSamples.Find(name);

        Assert.Equal(macs, sample.Op.Cost(sample.Shapes, sample.Op.Infer(sample.Shapes), default).Macs);
    }
}
