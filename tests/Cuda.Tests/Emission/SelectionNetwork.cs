using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// FocalNet's spatial selection, with so few channels that the interpreter is quick: depthwise convolutions of stride 1, with and without dilation, of
/// 16 channels and of 40, which are a group of 16 and groups of 8, and of 33, which are none; such of stride 2; sums over the pictures of what they
/// compute; a convolution of two maps.
/// </summary>
internal static class SelectionNetwork
{
    public static NetworkGraph Build(NetworkMode mode)
    {
        var net = new NetworkBuilder("Selection", mode);
        Tensor image = net.Image("image", 3);
        Tensor x = image.Convolution(Weight(net, "sixteen", 16, 3, 1, 1));
        Tensor gate = Tensor.Concat(x.Max(Axes.C), x.Mean(Axes.C)).Convolution(Weight(net, "gate", 1, 2, 3, 3), padding: 1);
        Tensor wide = Depthwise(net, "five", x, 16, 5, 2);
        wide = Depthwise(net, "seven", wide, 16, 7, 3);
        Tensor selected = wide * gate + Depthwise(net, "three", x, 16, 3, 1);
        Tensor mean = selected.Mean(Axes.Spatial), largest = selected.Max(Axes.Spatial);
        net.Output("selected", (selected - mean) * largest);
        Tensor forty = Depthwise(net, "deep", image.Convolution(Weight(net, "forty", 40, 3, 1, 1)), 40, 3, 1);
        Tensor odd = Depthwise(net, "odd", image.Convolution(Weight(net, "thirtythree", 33, 3, 1, 1)), 33, 3, 1);
        Tensor half = forty.Convolution(Weight(net, "half", 40, 1, 2, 2), stride: 2, depthwise: true);
        Tensor narrow = selected.Convolution(Weight(net, "narrow", 16, 1, 2, 2), stride: 2, depthwise: true);
        net.Output("forty", forty);
        net.Output("odd", odd);
        net.Output("half", half);
        net.Output("narrow", narrow);
        if (!net.IsTraining)
            return net.Build();
        Tensor loss = ((selected - mean) * selected).Mean() + (forty * forty).Mean() + (odd * odd).Mean() + (half * half).Mean() + (narrow * narrow).Mean();
        net.Output("loss", loss);
        net.Output("largest", net.GradientOfParameters(loss).Abs().Max(Axes.All));
        return net.Build();
    }

    private static Tensor Depthwise(NetworkBuilder net, string name, Tensor x, int channels, int kernel, int dilation) =>
        x.Convolution(Weight(net, name, channels, 1, kernel, kernel), padding: dilation * (kernel / 2), dilation: dilation, depthwise: true) +
        net.Parameter(name + ".bias", Initializer.FanIn(kernel), channels);

    private static Tensor Weight(NetworkBuilder net, string name, params int[] shape) => net.Parameter(name, Initializer.FanIn(shape[1] * shape[2] * shape[3]), shape);
}
