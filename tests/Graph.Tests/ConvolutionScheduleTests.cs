using FocalNet.Graph.Dsl;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Tests;

/// <summary>Which convolutions get which algorithm, and how large their packed weights are.</summary>
public class ConvolutionScheduleTests
{
    [Theory]
    [InlineData(16, 16, 3, 1, true)]
    [InlineData(64, 128, 3, 1, true)]
    [InlineData(15, 16, 3, 1, false)]
    [InlineData(16, 15, 3, 1, false)]
    [InlineData(513, 16, 3, 1, false)]
    [InlineData(64, 64, 1, 1, false)]
    [InlineData(64, 64, 3, 2, false)]
    public void Winograd_where_it_applies_and_pays(int inputs, int outputs, int kernel, int stride, bool winograd)
    {
        NetworkGraph graph = Declare(inputs, outputs, kernel, stride, NetworkMode.Inference);

        CompiledPlan fast = NetworkCompiler.Compile(graph, schedule: ConvolutionSchedule.Cpu), direct = NetworkCompiler.Compile(graph);

        ConvolutionAlgorithm expected = winograd ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
        Assert.Equal([expected], Kernels(fast));
        Assert.Equal([ConvolutionAlgorithm.Direct], Kernels(direct));
        int pairs = inputs * ((outputs + 7) / 8 * 8);
        AssertPacked(fast, expected, pairs * (winograd ? 36 : kernel * kernel));
        AssertPacked(direct, ConvolutionAlgorithm.Direct, pairs * kernel * kernel);
    }

    /// <summary>The gradient of the input sums over output channels and writes input channels.</summary>
    [Theory]
    [InlineData(512, 600, ConvolutionAlgorithm.Winograd, ConvolutionAlgorithm.Direct)]
    [InlineData(600, 512, ConvolutionAlgorithm.Direct, ConvolutionAlgorithm.Winograd)]
    public void Gradients_of_inputs_have_their_channels_the_other_way_round(
        int inputs, int outputs, ConvolutionAlgorithm forward, ConvolutionAlgorithm backward)
    {
        CompiledPlan plan = NetworkCompiler.Compile(Declare(inputs, outputs, 3, 1, NetworkMode.Training), schedule: ConvolutionSchedule.Cpu);

        Assert.Equal([forward, backward], Kernels(plan));
    }

    [Theory]
    [InlineData(16, 32, 3, 1, ConvolutionAlgorithm.Winograd)]
    [InlineData(3, 32, 3, 1, ConvolutionAlgorithm.Direct)]
    [InlineData(32, 32, 1, 1, ConvolutionAlgorithm.Direct)]
    [InlineData(32, 32, 3, 2, ConvolutionAlgorithm.Direct)]
    public void Gradients_of_weights_too(int inputs, int outputs, int kernel, int stride, ConvolutionAlgorithm expected)
    {
        CompiledPlan plan = NetworkCompiler.Compile(Declare(inputs, outputs, kernel, stride, NetworkMode.Training), schedule: ConvolutionSchedule.Cpu);

        KernelWork gradient = Assert.Single(plan.Steps.Select(s => s.Work).OfType<KernelWork>(), k => k.Group.Kind == KernelKind.WeightGradient);
        Assert.Equal(expected, gradient.Algorithm);
    }

    private static ConvolutionAlgorithm[] Kernels(CompiledPlan plan) =>
        [.. plan.Steps.Select(s => s.Work).OfType<KernelWork>().Where(k => k.Group.Anchor is not null && k.Group.TakesBody).Select(k => k.Algorithm)];

    private static void AssertPacked(CompiledPlan plan, ConvolutionAlgorithm algorithm, int floats)
    {
        PlannedStep pack = Assert.Single(plan.Prepare);
        Assert.Equal(algorithm, ((PackWork)pack.Work).Algorithm);
        Assert.Equal(floats, pack.Operands[1].Buffer.Shape.C);
    }

    private static NetworkGraph Declare(int inputs, int outputs, int kernel, int stride, NetworkMode mode)
    {
        var net = new NetworkBuilder("Scheduled", mode);
        Tensor x = net.Image("x", inputs);
        Tensor y = x.Convolution(net.Parameter("weight", Initializer.Constant(0), outputs, inputs, kernel, kernel), stride: stride, padding: kernel / 2);
        net.Output("y", y);
        if (mode == NetworkMode.Training)
        {
            Tensor loss = (y * y).Mean();
            net.Output("gradient", net.Gradients(loss, x)[0]);
            net.Output("parameters", net.GradientOfParameters(loss));
        }
        return net.Build();
    }
}
