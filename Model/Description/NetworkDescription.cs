using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;

namespace FocalNet.Model;

/// <summary>What the paper says of a network (tables 5 and 7), for a picture of 256×256.</summary>
/// <param name="ParametersInMillions">Parameters / 10⁶.</param>
/// <param name="Giga">Operations / 10⁹, counted as in <see cref="PaperCount"/>.</param>
public sealed record PaperFigures(double ParametersInMillions, double Giga);

/// <summary>Size and arithmetic of a network.</summary>
/// <param name="Network">The network.</param>
/// <param name="Height">Height of the picture in pixels.</param>
/// <param name="Width">Width of the picture in pixels.</param>
/// <param name="Parameters">Trainable numbers.</param>
/// <param name="Macs">Multiply-accumulates of the convolutions for one picture, with the two smaller outputs, as the paper counts them.</param>
/// <param name="RestoringMacs">The same without the two smaller outputs, which restoring does not need.</param>
/// <param name="PaperOperations">Operations by the convention of the paper, see <see cref="PaperCount"/>.</param>
/// <param name="Paper">The paper's own figures for 256×256, where it has them.</param>
public sealed record NetworkDescription(
    NetworkEntry Network, int Height, int Width, int Parameters, long Macs, long RestoringMacs, long PaperOperations, PaperFigures? Paper)
{
    /// <summary><see cref="PaperOperations"/> / 10⁹, the paper's "G".</summary>
    public double PaperGiga => PaperOperations / 1e9;

    /// <summary>Describes a network for one picture.</summary>
    /// <param name="network">The network.</param>
    /// <param name="height">Height in pixels, a multiple of 4.</param>
    /// <param name="width">Width in pixels, a multiple of 4.</param>
    /// <exception cref="ArgumentException">The size is no positive multiple of the network's divisor.</exception>
    public static NetworkDescription Of(NetworkEntry network, int height = 256, int width = 256)
    {
        var net = new NetworkBuilder(network.Name, NetworkMode.Inference);
        PicturePyramid restored = FocalNetwork.Forward(net, net.Image("image", 3), network.Options);
        net.Output("full", restored.Full);
        NetworkGraph restoring = net.Build();
        net.Output("half", restored.Half);
        net.Output("quarter", restored.Quarter);
        NetworkGraph whole = net.Build();
        if (height < 1 || width < 1 || height % whole.Divisor != 0 || width % whole.Divisor != 0)
        {
            throw new ArgumentException(
                $"{network.Name} takes pictures whose height and width are multiples of {whole.Divisor}, not {height}×{width}; describe the padded size.");
        }
        var run = new RunExtents(1, height, width);
        return new NetworkDescription(
            network, height, width, whole.ParameterElements, PaperCount.ConvolutionMacs(whole, run),
            PaperCount.ConvolutionMacs(restoring, run), PaperCount.Operations(whole, run), FiguresOf(network.Name));
    }

    private static PaperFigures? FiguresOf(string network) => network switch
    {
        "Dehaze" or "Desnow" => new(3.74, 30.63),
        "FocalNetS" => new(2.27, 17.33),
        "NoMResBlock" => new(3.76, 33.96),
        "Table5a" => new(1.48, 15.44),
        "Table5b" => new(1.49, 15.48),
        "Table5c" => new(1.49, 15.44),
        "Table5d" => new(1.49, 15.48),
        "Table5e" => new(1.47, 13.82),
        "Table5f" => new(1.47, 13.77),
        "Tiny" or "Table5g" => new(1.47, 13.82),
        _ => null,
    };
}
