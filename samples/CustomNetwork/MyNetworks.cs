using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ops;

namespace FocalNet.Samples.CustomNetwork;

/// <summary>
/// A network of one's own. The class is partial: the generator adds <c>EdgesInference</c>, <c>EdgesTraining</c> and the list
/// <c>Compiled</c> while the project is built.
/// </summary>
public static partial class MyNetworks
{
    /// <summary>
    /// Grey pictures in, a filtered picture out: two convolutions with a GELU between them, trained by plain gradient descent on
    /// the mean squared error.
    /// </summary>
    [Network("Edges")]
    public static void Edges(NetworkBuilder net)
    {
        Tensor image = net.Image("image", 1);
        Tensor features = Convolution(net, "first", image, channels: 8).Gelu();
        Tensor filtered = Convolution(net, "second", features, channels: 1);
        net.Output("filtered", filtered);

        if (!net.IsTraining)
            return;
        Tensor difference = filtered - net.Image("target", 1);
        Tensor loss = (difference * difference).Mean();
        net.Output("loss", loss);
        Tensor parameters = net.AllParameters();
        net.Assign(parameters, parameters - net.Scalar("learning_rate") * net.GradientOfParameters(loss));
    }

    // Helper methods, loops and constants are read like the network's method itself.
    private static Tensor Convolution(NetworkBuilder net, string name, Tensor x, int channels)
    {
        const int Kernel = 3;
        int fanIn = x.Channels * Kernel * Kernel;
        Tensor weight = net.Parameter($"{name}.weight", Initializer.FanIn(fanIn), channels, x.Channels, Kernel, Kernel);
        Tensor bias = net.Parameter($"{name}.bias", Initializer.FanIn(fanIn), channels);
        return x.Convolution(weight, padding: Kernel / 2) + bias;
    }
}
