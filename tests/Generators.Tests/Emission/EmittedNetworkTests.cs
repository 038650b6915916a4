using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Runtime.Plans;

namespace FocalNet.Generators.Tests.Emission;

/// <summary>Small networks, each with features that meet in FocalNet, against the interpreter: fused and unfused.</summary>
public sealed class EmittedNetworkTests
{
    public static TheoryData<string, bool> Cases()
    {
        var data = new TheoryData<string, bool>();
        foreach (string name in Networks.Keys)
        {
            data.Add(name, true);
            data.Add(name, false);
        }
        return data;
    }

    private static Dictionary<string, Action<NetworkBuilder>> Networks { get; } = new()
    {
        ["pointwise"] = net =>
        {
            Tensor x = net.Image("x", 3);
            net.Output("y", (x * 2 + 1).Gelu() / (x.Abs() + 0.5));
        },
        ["broadcasts"] = net =>
        {
            Tensor x = net.Image("x", 16), p = net.Parameter("p", Initializer.Constant(0), 16);
            net.Output("channel", x * p);
            net.Output("mean", x.Mean(Axes.Spatial));
            net.Output("pixel", x * x.Mean(Axes.C));
            net.Output("image", x - x.Mean(Axes.C | Axes.Spatial));
            net.Output("all", x + x.Mean());
            net.Output("rows", x - x.Sum(Axes.W));
            net.Output("columns", x - x.Max(Axes.H | Axes.C));
            net.Output("batch", x - x.Sum(Axes.N));
            net.Output("batchchannels", x * x.Max(Axes.N | Axes.C));
        },
        ["residual"] = net =>
        {
            Tensor x = net.Image("x", 8);
            net.Output("y", Residual(net, "r1", Residual(net, "r0", x, 8), 8));
        },
        ["split"] = net =>
        {
            Tensor x = net.Image("x", 16);
            Tensor a = Residual(net, "a", x.Slice(0, 8), 8);
            Tensor down = Convolution(net, "down", x.Slice(8, 8), 8, 1, 2, 2, 0, depthwise: true);
            Tensor b = Residual(net, "b", down, 8).Resample(ResampleKind.BilinearDouble);
            Tensor joined = Tensor.Concat(a, b);
            Tensor next = Convolution(net, "next", joined, 16, 16, 3, 1, 1).Gelu();
            net.Output("y", Convolution(net, "last", Tensor.Concat(next, joined), 3, 32, 3, 1, 1));
        },
        ["norm"] = net =>
        {
            Tensor x = net.Image("x", 3);
            Tensor y = Convolution(net, "c", x, 12, 3, 3, 1, 1);
            net.Output("y", y.InstanceNorm(net.Parameter("w", Initializer.Constant(1), 12), net.Parameter("b", Initializer.Constant(0), 12)));
        },
        // Views whose source is computed by the kernel that wants to read them, or that are read as weights.
        ["views"] = net =>
        {
            Tensor x = net.Image("x", 16) * 2;
            net.Output("reduction", x + x.Sum(Axes.Spatial).Slice(3, 1));
            net.Output("channel", x * x.Slice(0, 1));
            Tensor mean = x.Mean(Axes.Spatial);
            net.Output("joined", Tensor.Concat(mean.Max(Axes.C), mean.Mean(Axes.C)));
            Tensor p = net.Parameter("p", Initializer.Constant(0), 8, 20, 3, 3);
            net.Output("weight", x.Convolution(p.Slice(4, 16), 1, 1));
            Tensor q = p.Slice(0, 16) * 0.5;
            net.Output("computed", x.Convolution(q, 1, 1));
            net.Output("both", Tensor.Concat(p, q));
        },
        ["training"] = net =>
        {
            Tensor x = net.Image("x", 3), t = net.Image("t", 3);
            Tensor y = Convolution(net, "in", x, 8, 3, 3, 1, 1).Gelu();
            Tensor z = Convolution(net, "down", y, 16, 8, 3, 2, 1).Gelu();
            z = z.InstanceNorm(net.Parameter("w", Initializer.Constant(1), 16), net.Parameter("b", Initializer.Constant(0), 16));
            Tensor gate = Tensor.Concat(z.Max(Axes.C), z.Mean(Axes.C));
            z = z * Convolution(net, "gate", gate, 1, 2, 3, 1, 1) + Convolution(net, "dw", z, 16, 1, 3, 1, 1, depthwise: true);
            Tensor up = z.TransposedConvolution(net.Parameter("up.weight", Initializer.FanIn(64), 16, 8, 4, 4), 2, 1).Gelu();
            Tensor p = Convolution(net, "out", Tensor.Concat(up, y), 3, 16, 3, 1, 1) + x;
            (Tensor re, Tensor im) = (p - t).FourierTransform();
            Tensor loss = (p - t).Abs().Mean() + 0.05 * (re.Abs().Mean() + im.Abs().Mean());
            net.Output("loss", loss);
            net.Output("p", p);
            Tensor gradient = net.GradientOfParameters(loss), all = net.AllParameters();
            Tensor norm = (gradient * gradient).Sum(Axes.All).Sqrt();
            net.Output("norm", norm);
            Tensor m = net.State("m", all, 0), rate = net.Scalar("rate");
            Tensor momentum = 0.9 * m + gradient * (1.0 / (norm + 1e-6)).Min(net.Constant(1));
            net.Assign(m, momentum);
            net.Assign(all, all - rate * momentum);
            net.Output("gradient", gradient);
        },
    };

    private static Tensor Residual(NetworkBuilder net, string name, Tensor x, int channels) =>
        x + Convolution(net, name + ".1", Convolution(net, name + ".0", x, channels, channels, 3, 1, 1).Gelu(), channels, channels, 3, 1, 1);

    private static Tensor Convolution(
        NetworkBuilder net, string name, Tensor x, int output, int input, int kernel, int stride, int padding, bool depthwise = false) =>
        x.Convolution(net.Parameter(name + ".weight", Initializer.FanIn(input * kernel * kernel), output, input, kernel, kernel), stride, padding, depthwise: depthwise) +
        net.Parameter(name + ".bias", Initializer.Constant(0), output);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Agrees_with_the_interpreter(string name, bool fuse)
    {
        var net = new NetworkBuilder(name, NetworkMode.Training);
        Networks[name](net);
        CompiledGraph compiled = CompiledGraph.Compile(net.Build(), fuse);
        compiled.CheckAgainstInterpreter(new RunSize(2, 8, 12), 1, 1e-4, runs: 2);
        compiled.CheckAgainstInterpreter(new RunSize(1, 4, 20), 2, 1e-4, threads: 1);
    }
}
