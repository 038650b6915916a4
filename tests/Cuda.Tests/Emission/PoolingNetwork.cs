using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Convolutions of maps of a pixel's channels, and arithmetic that takes a sum or a maximum over its picture: of 40 channels, which are five vectors; of 33, which
/// are more than a warp's lanes; of 300, which are more than a block's threads; of two, which leave more threads for each than there are chunks.
/// </summary>
internal static class PoolingNetwork
{
    public static NetworkGraph Build()
    {
        var net = new NetworkBuilder("Pooling", NetworkMode.Inference);
        Tensor image = net.Image("image", 3);
        Tensor forty = image.Convolution(Weight(net, "forty", 40, 3, 1)), odd = image.Convolution(Weight(net, "thirtythree", 33, 3, 1)), many = image.Convolution(Weight(net, "many", 300, 3, 1));
        Tensor two = image.Convolution(Weight(net, "two", 2, 3, 1));
        Tensor gate = Tensor.Concat(forty.Max(Axes.C), forty.Mean(Axes.C), forty.Abs().Sum(Axes.C) * 0.1).Convolution(Weight(net, "three", 1, 3, 3), padding: 1);
        Tensor gates = odd.Max(Axes.C).Convolution(Weight(net, "one", 2, 1, 3), padding: 2, dilation: 2);
        Tensor centred = forty - forty.Max(Axes.Spatial), mean = many.Mean(Axes.Spatial);
        net.Output("gate", gate);
        net.Output("gates", gates);
        net.Output("centred", centred * centred);
        net.Output("scaled", many * mean);
        net.Output("mean", mean);
        net.Output("rest", two - two.Mean(Axes.Spatial));
        return net.Build();
    }

    private static Tensor Weight(NetworkBuilder net, string name, int outputs, int inputs, int kernel) =>
        net.Parameter(name, Initializer.FanIn(inputs * kernel * kernel), outputs, inputs, kernel, kernel);
}
