using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Model;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// The norm of features whose mean is a hundred times their deviation: float32 sums of squares would keep three digits of the variance.
/// </summary>
public sealed class EmittedMomentsTests(ITestOutputHelper output)
{
    private const double Mean = 100;

    [Fact]
    public void A_large_mean_takes_no_digits_from_the_norm()
    {
        Requires.Emulator();
        NetworkGraph graph = Network();
        LaunchPlan plan = LaunchCompiler.Compile(graph);
        Assert.Contains(plan.Launches.SelectMany(l => l.Tasks), t => t is ConvolutionChainTask { Kind: ChainKind.PictureFeatures });
        Assert.Contains(plan.Launches.SelectMany(l => l.Tasks), t => t is KernelTask { Pieces: not null });
        using EmulatedPlan emulated = EmulatedPlan.Of(plan, EmulatorBuild.Checked);
        var size = new RunExtents(2, 21, 35);
        emulated.Bind(size);
        var random = new Random(3);
        var interpreter = new Interpreter(graph);
        emulated.LoadParameters(p =>
        {
            float[] values = [.. Enumerable.Range(0, p.Shape.ConstantElements).Select(_ => ValueOf(p, random))];
            interpreter.SetParameter(p.ParameterName, [.. values.Select(v => (double)v)]);
            return values;
        });
        Node image = graph.Nodes.Single(n => n.Op is InputOp);
        float[] pixels = [.. Enumerable.Range(0, (int)image.Shape.Elements(size)).Select(_ => random.NextSingle())];
        emulated.SetInput("image", pixels);
        interpreter.SetInput("image", new ReferenceTensor(image.Shape.At(size), [.. pixels.Select(v => (double)v)]));
        emulated.Run();
        ReferenceTensor expected = interpreter.Run(size)["merged"];
        float[] actual = emulated.ReadOutput("merged");
        double largest = expected.Data.Max(Math.Abs), error = actual.Zip(expected.Data, (a, e) => Math.Abs(a - e)).Max() / largest;
        output.WriteLine($"largest error {error:E2} of the largest value");
        // A value of 100 ± 1 is itself exact to 4e-6 of the deviation; squares are 10⁴ times the variance, so that their float sums leave it three digits.
        Assert.InRange(error, 0, 1e-4);
    }

    /// <summary>A picture's features, their norm, and a convolution that reads it.</summary>
    internal static NetworkGraph Network()
    {
        var net = new NetworkBuilder("Moments", NetworkMode.Inference);
        Tensor features = Blocks.ShallowFeatures(net, "SCM", net.Image("image", 3), 64);
        net.Output("merged", Blocks.BasicConvolution(net, "merge", features, 8, kernel: 1, activate: false));
        return net.Build();
    }

    private static float ValueOf(ParameterOp parameter, Random random)
    {
        float value = random.NextSingle() * 2 - 1;
        return parameter.ParameterName switch
        {
            "SCM.main.3.main.0.bias" => (float)Mean + value,
            "SCM.main.4.weight" => 1,
            _ when parameter.ParameterName.EndsWith("weight", StringComparison.Ordinal) => value * 0.4f,
            _ => value * 0.1f,
        };
    }
}
