using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// A network of extents that no network of Model has, so that every branch of the templates is taken: channels that are no multiple of two, four
/// or a warp, strides and dilations, more parameters than a block has threads, yet few enough to run in no time.
/// </summary>
internal static class OddNetwork
{
    public static NetworkGraph Build(NetworkMode mode)
    {
        var net = new NetworkBuilder("Odd", mode);
        Tensor image = net.Image("image", 3);
        Tensor five = image.Convolution(Weight(net, "five", 5, 3, 3, 3), padding: 2, dilation: 2);
        Tensor half = (five * five.Abs()).Convolution(Weight(net, "half", 6, 5, 3, 3), stride: 2, padding: 1);
        // A tap for one phase of four: the adjoint has nothing for the others.
        half += five.Convolution(Weight(net, "skip", 6, 5, 1, 1), stride: 2);
        Tensor wide = half.Convolution(Weight(net, "wide", 40, 6, 1, 1)).Gelu();
        Tensor deep = wide.Convolution(Weight(net, "deep", 40, 1, 3, 3), padding: 1, depthwise: true);
        Tensor narrow = deep.Convolution(Weight(net, "narrow", 40, 1, 2, 2), stride: 2, depthwise: true);
        Tensor quarter = five.Convolution(Weight(net, "quarter", 5, 1, 4, 4), stride: 2, padding: 1, depthwise: true);
        Tensor up = quarter.TransposedConvolution(Weight(net, "up", 5, 3, 4, 4), stride: 2, padding: 1);
        Tensor seven = up.Convolution(Weight(net, "seven", 70, 3, 3, 3), padding: 1);
        Tensor scaled = Resampled(seven.Slice(0, 3) + image) + narrow.Slice(3, 3).Resample(ResampleKind.BilinearDouble).Resample(ResampleKind.BilinearDouble);
        Tensor normed = wide.InstanceNorm(net.Parameter("norm.weight", Initializer.Constant(1), 40), net.Parameter("norm.bias", Initializer.Constant(0), 40));
        Tensor odd = seven.InstanceNorm(net.Parameter("odd.weight", Initializer.Constant(1), 70), net.Parameter("odd.bias", Initializer.Constant(0), 70));
        Tensor largest = normed.Max(Axes.C), gathered = five.Sum(Axes.N) * 0.1, rows = wide.Sum(Axes.H) * 0.1, pixel = wide.Sum(Axes.C);
        net.Output("scaled", scaled * gathered.Slice(0, 3));
        net.Output("normed", normed * rows + largest * pixel);
        net.Output("odd", odd);
        net.Output("first", odd.Abs().Mean() + (odd * odd).Sum(Axes.All) * 0.01);
        if (!net.IsTraining)
            return net.Build();

        (Tensor real, Tensor imaginary) = scaled.FourierTransform();
        Tensor loss = real.Abs().Mean() + imaginary.Abs().Mean() + (normed * deep).Mean() + (largest * pixel).Mean() + (odd * seven).Abs().Mean();
        net.Output("loss", loss);
        Tensor parameters = net.AllParameters(), gradient = net.GradientOfParameters(loss), moment = net.State("moment", parameters, 0);
        Tensor length = (gradient * gradient).Sum(Axes.All).Sqrt(), clipped = gradient / length.Max(net.Constant(1));
        net.Assign(moment, moment * 0.9 + clipped * 0.1);
        net.Assign(parameters, parameters - net.Scalar("learning_rate") * (moment * 0.9 + clipped * 0.1));
        net.Output("largest", gradient.Abs().Max(Axes.All));
        return net.Build();
    }

    private static Tensor Resampled(Tensor x) =>
        x.Resample(ResampleKind.NearestHalf).Resample(ResampleKind.BilinearDouble) + x.Resample(ResampleKind.BilinearQuarter).Resample(ResampleKind.BilinearDouble).Resample(ResampleKind.BilinearDouble)
        + x.Resample(ResampleKind.BilinearHalf).Resample(ResampleKind.BilinearDouble);

    private static Tensor Weight(NetworkBuilder net, string name, params int[] shape) => net.Parameter(name, Initializer.FanIn(shape[1] * shape[2] * shape[3]), shape);
}
