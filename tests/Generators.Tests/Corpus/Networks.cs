namespace Corpus;

public static class Blocks
{
    public static Tensor Conv(NetworkBuilder net, string name, Tensor x, BlockOptions options, int stride = 1)
    {
        int fanIn = x.Channels * options.Kernel * options.Kernel;
        Tensor weight = net.Parameter($"{name}.weight", Initializer.FanIn(fanIn), options.Channels, x.Channels, options.Kernel, options.Kernel);
        Tensor y = x.Convolution(weight, stride: stride, padding: options.Padding);
        if (options.Bias)
            y += net.Parameter($"{name}.bias", Initializer.FanIn(fanIn), options.Channels);
        return options.Activation switch
        {
            Activation.None => y,
            Activation.Gelu => y.Gelu(),
            Activation.Square => y * y,
            _ => throw new GraphException($"The activation {options.Activation} is unknown."),
        };
    }

    public static Tensor Residual(this Tensor x, NetworkBuilder net, string name)
    {
        BlockOptions options = BlockOptions.Default with { Channels = x.Channels };
        return x + Conv(net, $"{name}.main.1", Conv(net, $"{name}.main.0", x, options), options with { Activation = Activation.None });
    }
}

public static partial class Outer
{
    internal partial record Nested
    {
        [Network("Tiny")]
        private static void Tiny(NetworkBuilder net)
        {
            Tensor image = net.Image("image", 3);
            Tensor x = Blocks.Conv(net, "feat_extract.0", image, new BlockOptions(8));
            for (int i = 0; i < 3; i++)
                x = x.Residual(net, $"Encoder.0.layers.{i}");
            (Tensor first, Tensor second) = (x.Slice(0, 4), x.Slice(4, 4));
            x = Tensor.Concat(second, first, -first * 2 / 3 - 1);
            x = Blocks.Conv(net, "out", x, new(3, Kernel: 1, Activation.None) { Bias = false }) + image;
            net.Output("restored", x);
            if (!net.IsTraining)
                return;
            Tensor target = net.Image("target", 3);
            Tensor loss = (x - target).Abs().Mean();
            var (real, imaginary) = (x - target).FourierTransform();
            loss += 0.1 * (real.Abs().Mean() + imaginary.Abs().Mean());
            Tensor gradient = net.GradientOfParameters(loss), parameters = net.AllParameters();
            Tensor momentum = net.State("momentum", parameters, 0);
            net.Assign(momentum, 0.9 * momentum + gradient);
            net.Assign(parameters, parameters - net.Scalar("rate") * (0.9 * momentum + gradient));
            net.Output("loss", loss);
        }

        [Network("Second", Training = false)]
        public static void Second(NetworkBuilder net)
        {
            Tensor x = net.Image("image", 1).InstanceNorm(net.Parameter("w", Initializer.Constant(1), 1), net.Parameter("b", new Initializer(0, 0), 1), epsilon: 1e-3);
            foreach (Axes axes in (Axes[])[Axes.C, Axes.Spatial, Axes.N | Axes.W])
                x = x + x.Max(axes) * x.Size(axes);
            net.Output(nameof(x), x);
        }
    }
}
