using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Model;

/// <summary>
/// The building blocks of FocalNet (Cui et al., "Focal Network for Image Restoration", ICCV 2023). Each takes the name
/// under which the official checkpoints keep its parameters.
/// </summary>
public static class Blocks
{
    /// <summary>
    /// BasicConv: convolution with bias that keeps the size (or divides it by the stride), then GELU unless told otherwise.
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints; its convolution is <c>{name}.main.0</c>.</param>
    /// <param name="x">[N, I, H, W].</param>
    /// <param name="channels">Channels of the result.</param>
    /// <param name="kernel">Odd kernel size; the padding is half of it.</param>
    /// <param name="stride">Step between outputs.</param>
    /// <param name="activate">Apply GELU.</param>
    public static Tensor BasicConvolution(
        NetworkBuilder net, string name, Tensor x, int channels, int kernel, int stride = 1, bool activate = true)
    {
        int fanIn = x.Channels * kernel * kernel;
        Tensor weight = net.Parameter($"{name}.main.0.weight", Initializer.FanIn(fanIn), channels, x.Channels, kernel, kernel);
        Tensor bias = net.Parameter($"{name}.main.0.bias", Initializer.FanIn(fanIn), channels);
        Tensor y = x.Convolution(weight, stride: stride, padding: kernel / 2) + bias;
        return activate ? y.Gelu() : y;
    }

    /// <summary>BasicConv, transposed: kernel 4, stride 2, padding 1, then GELU. Doubles the size.</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints.</param>
    /// <param name="x">[N, I, H, W].</param>
    /// <param name="channels">Channels of the result, [N, channels, 2H, 2W].</param>
    public static Tensor TransposedConvolution(NetworkBuilder net, string name, Tensor x, int channels)
    {
        // PyTorch takes the fan-in of a ConvTranspose2d from the second extent of its weight, the output channels.
        int fanIn = channels * 4 * 4;
        Tensor weight = net.Parameter($"{name}.main.0.weight", Initializer.FanIn(fanIn), x.Channels, channels, 4, 4);
        Tensor bias = net.Parameter($"{name}.main.0.bias", Initializer.FanIn(fanIn), channels);
        return (x.TransposedConvolution(weight, stride: 2, padding: 1) + bias).Gelu();
    }

    /// <summary>Depthwise convolution with bias, no activation.</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="kernel">Kernel size.</param>
    /// <param name="stride">Step between outputs.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="dilation">Step between taps.</param>
    public static Tensor DepthwiseConvolution(
        NetworkBuilder net, string name, Tensor x, int kernel, int stride = 1, int padding = 0, int dilation = 1)
    {
        Tensor weight = net.Parameter($"{name}.weight", Initializer.FanIn(kernel * kernel), x.Channels, 1, kernel, kernel);
        Tensor bias = net.Parameter($"{name}.bias", Initializer.FanIn(kernel * kernel), x.Channels);
        return x.Convolution(weight, stride: stride, padding: padding, dilation: dilation, depthwise: true) + bias;
    }

    /// <summary>ResBlock: x + conv3(GELU(conv3(x))).</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints, up to and with <c>main</c>.</param>
    /// <param name="x">[N, C, H, W].</param>
    public static Tensor ResidualBlock(NetworkBuilder net, string name, Tensor x)
    {
        Tensor y = BasicConvolution(net, $"{name}.0", x, x.Channels, kernel: 3);
        return x + BasicConvolution(net, $"{name}.1", y, x.Channels, kernel: 3, activate: false);
    }

    /// <summary>A stage: residual blocks one after another, or an MResBlock.</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints, such as <c>Encoder.0</c>.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="blocks">Residual blocks.</param>
    /// <param name="multiScale">Is an MResBlock.</param>
    public static Tensor Stage(NetworkBuilder net, string name, Tensor x, int blocks, bool multiScale)
    {
        if (multiScale)
            return MultiScaleBlock(net, $"{name}.layers", x, blocks);
        for (int i = 0; i < blocks; i++)
            x = ResidualBlock(net, $"{name}.layers.{i}.main", x);
        return x;
    }

    /// <summary>
    /// MResBlock: half of the channels at full, the other half at half resolution (a depthwise 2×2 convolution), residual
    /// blocks on each, the second half resized back bilinearly.
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints, such as <c>Encoder.0.layers</c>.</param>
    /// <param name="x">[N, C, H, W], C even.</param>
    /// <param name="blocks">Residual blocks on each half.</param>
    public static Tensor MultiScaleBlock(NetworkBuilder net, string name, Tensor x, int blocks)
    {
        int half = x.Channels / 2;
        Tensor fine = x.Slice(0, half);
        Tensor coarse = DepthwiseConvolution(net, $"{name}.down", x.Slice(half, half), kernel: 2, stride: 2);
        for (int i = 0; i < blocks; i++)
        {
            fine = ResidualBlock(net, $"{name}.layers.{i}.main", fine);
            coarse = ResidualBlock(net, $"{name}.layers.{i}.main1", coarse);
        }
        return Tensor.Concat(fine, coarse.Resample(ResampleKind.BilinearDouble));
    }

    /// <summary>SCM: features of a shrunken picture, normalised per picture and channel.</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints.</param>
    /// <param name="picture">[N, 3, H, W].</param>
    /// <param name="channels">Channels of the result, a multiple of 4.</param>
    public static Tensor ShallowFeatures(NetworkBuilder net, string name, Tensor picture, int channels)
    {
        Tensor x = BasicConvolution(net, $"{name}.main.0", picture, channels / 4, kernel: 3);
        x = BasicConvolution(net, $"{name}.main.1", x, channels / 2, kernel: 1);
        x = BasicConvolution(net, $"{name}.main.2", x, channels / 2, kernel: 3);
        x = BasicConvolution(net, $"{name}.main.3", x, channels, kernel: 1, activate: false);
        Tensor weight = net.Parameter($"{name}.main.4.weight", Initializer.Constant(1), channels);
        Tensor bias = net.Parameter($"{name}.main.4.bias", Initializer.Constant(0), channels);
        return x.InstanceNorm(weight, bias);
    }

    /// <summary>FAM: a convolution merges features with those of the shrunken picture.</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="shallow">[N, C, H, W], from <see cref="ShallowFeatures"/>.</param>
    public static Tensor FeatureFusion(NetworkBuilder net, string name, Tensor x, Tensor shallow) =>
        BasicConvolution(net, $"{name}.merge", Tensor.Concat(x, shallow), x.Channels, kernel: 3, activate: false);

    /// <summary>DSM: spatial, then frequency selection, and a residual connection a·y + b·x per channel.</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="parts">The parts that exist; with none the module is left out.</param>
    public static Tensor DualDomainSelection(NetworkBuilder net, string name, Tensor x, SelectionParts parts)
    {
        if (parts == SelectionParts.None)
            return x;
        Tensor y = x;
        if (parts != SelectionParts.Frequency)
            y = SpatialSelection(net, $"{name}.spatial_gate", y);
        if (parts != SelectionParts.Spatial)
            y = FrequencySelection(net, $"{name}.local_attention.0", y);
        (Tensor a, Tensor b) = ResidualWeights(net, name, x.Channels);
        return a * y + b * x;
    }

    /// <summary>
    /// SSM: a large dilated depthwise filter, gated by one map made of the maximum and mean over channels, plus a small one.
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints.</param>
    /// <param name="x">[N, C, H, W].</param>
    public static Tensor SpatialSelection(NetworkBuilder net, string name, Tensor x)
    {
        Tensor pooled = Tensor.Concat(x.Max(Axes.C), x.Mean(Axes.C));
        Tensor weight = net.Parameter($"{name}.spatial.conv.weight", Initializer.FanIn(2 * 3 * 3), 1, 2, 3, 3);
        Tensor bias = net.Parameter($"{name}.spatial.conv.bias", Initializer.FanIn(2 * 3 * 3), 1);
        Tensor gate = pooled.Convolution(weight, padding: 1) + bias;
        Tensor wide = DepthwiseConvolution(net, $"{name}.dw1.0.conv", x, kernel: 5, padding: 4, dilation: 2);
        wide = DepthwiseConvolution(net, $"{name}.dw1.1.conv", wide, kernel: 7, padding: 9, dilation: 3);
        return wide * gate + DepthwiseConvolution(net, $"{name}.dw2.conv", x, kernel: 3, padding: 1);
    }

    /// <summary>FSM: what differs from the picture's mean (all frequencies but zero) gates the features: a·(x − mean)·x + b·x.</summary>
    /// <param name="net">The network.</param>
    /// <param name="name">Name in checkpoints.</param>
    /// <param name="x">[N, C, H, W].</param>
    public static Tensor FrequencySelection(NetworkBuilder net, string name, Tensor x)
    {
        (Tensor a, Tensor b) = ResidualWeights(net, name, x.Channels);
        return a * (x - x.Mean(Axes.Spatial)) * x + b * x;
    }

    // Initially 0 and 1: the module starts as the identity.
    private static (Tensor A, Tensor B) ResidualWeights(NetworkBuilder net, string name, int channels)
    {
        Tensor a = net.Parameter($"{name}.a", Initializer.Constant(0), channels, 1, 1);
        Tensor b = net.Parameter($"{name}.b", Initializer.Constant(1), channels, 1, 1);
        return (a, b);
    }
}
