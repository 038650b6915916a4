using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ops;

namespace FocalNet.Samples.OwnNetwork;

// [README]
public static partial class Networks
{
    [Network("Brighten")]
    public static void Brighten(NetworkBuilder net)
    {
        Tensor image = net.Image("image", 3), x = image;
        int[] widths = [8, 8, 3];
        for (int i = 0; i < widths.Length; i++)
            x = Layer(net, $"layers.{i}", x, widths[i], activate: i + 1 < widths.Length);
        x = x + image;
        net.Output("restored", x);
        if (net.IsTraining)
        {
            Tensor loss = (x - net.Image("target", 3)).Abs().Mean();
            Tensor all = net.AllParameters();
            net.Assign(all, all - net.Scalar("learning_rate") * net.GradientOfParameters(loss));
            net.Output("loss", loss);
        }
    }

    private static Tensor Layer(NetworkBuilder net, string name, Tensor x, int channels, bool activate)
    {
        Tensor weight = net.Parameter($"{name}.weight", Initializer.FanIn(9 * x.Channels), channels, x.Channels, 3, 3);
        Tensor bias = net.Parameter($"{name}.bias", Initializer.Constant(0), channels);
        Tensor y = x.Convolution(weight, padding: 1) + bias;
        return activate ? y.Gelu() : y;
    }
}
// [/README]
