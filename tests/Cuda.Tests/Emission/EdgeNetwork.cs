using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Convolutions whose channels and taps are the last for which direct_convolution.cu has a tile, or the first for the next one. One follows the other, so
/// that each has a launch, and shared memory, of its own; the weights of the last one are the last parameters.
/// </summary>
internal static class EdgeNetwork
{
    private static readonly (int Channels, int Kernel)[] _convolutions = [(4, 3), (8, 3), (9, 3), (16, 7), (17, 3), (32, 5), (33, 3)];

    // Of more channels than a picture's three: the weight's gradient is then direct_convolution.cu's too.
    private const int Read = 5;

    public static NetworkGraph Build(NetworkMode mode)
    {
        var net = new NetworkBuilder("Edges", mode);
        Tensor image = net.Image("image", 3), x = image;
        var results = new List<Tensor>();
        foreach ((int channels, int kernel) in _convolutions)
        {
            int read = x.Channels;
            results.Add(x.Convolution(net.Parameter($"of{channels}", Initializer.FanIn(read * kernel * kernel), channels, read, kernel, kernel), padding: kernel / 2));
            net.Output($"channels{channels}", results[^1]);
            x = results[^1].Slice(0, Math.Min(channels, Read));
        }
        if (!net.IsTraining)
            return net.Build();
        Tensor loss = x.Slice(0, 3).Max(image).Mean();
        foreach (Tensor result in results)
            loss += result.Abs().Mean();
        net.Output("largest", net.GradientOfParameters(loss).Abs().Max(Axes.All));
        return net.Build();
    }
}
