using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>What the gradient of a weight of few input channels is cut into: the arguments of the template's FewChannelTile.</summary>
/// <param name="Outputs">Output channels.</param>
/// <param name="Columns">Of taps × channels.</param>
/// <param name="Height">Rows of pixels of the gradient that is read.</param>
/// <param name="Width">Pixels of such a row.</param>
/// <param name="SharedBytes">FewChannelTile::shared_bytes.</param>
internal sealed record FewChannelTile(int Outputs, int Columns, int Height, int Width, int SharedBytes)
{
    private const int Stages = 2, Warps = 8;

    // Four blocks on a multiprocessor, since what they do is wait for memory; where that is too little, what sm_75, or sm_86 in bf16, has.
    private const int FewBytes = 48 * 1024, MostFloatBytes = 64 * 1024, MostNarrowBytes = 96 * 1024;

    private static readonly (int Height, int Width)[] NarrowPixels = [(8, 32), (8, 16)];
    private static readonly (int Height, int Width)[] FloatPixels = [(8, 16), (8, 8)];

    private int WarpsM => Math.Max(1, Outputs / 32);

    /// <summary>Template arguments behind element and shape.</summary>
    public string Arguments => string.Join(", ", new[] { Outputs, Columns, Height, Width, Stages, WarpsM, Warps / WarpsM }.Select(n => Text.Of(n)));

    /// <summary>Blocks for one part of the pixels.</summary>
    /// <param name="weight">The weight, O×H×W×I.</param>
    public int BlocksOf(Shape weight) => Over(weight.N.Value, Outputs) * Over(ColumnsOf(weight), Columns);

    /// <summary>The tile for a weight.</summary>
    /// <param name="weight">The weight, O×H×W×I.</param>
    /// <param name="settings">Stride and dilation of its convolution.</param>
    /// <param name="narrow">bf16, else float.</param>
    public static FewChannelTile Of(Shape weight, ConvolutionSettings settings, bool narrow)
    {
        int outputs = Rounded(weight.N.Value), columns = Rounded(ColumnsOf(weight));
        FewChannelTile[] tiles = [.. (narrow ? NarrowPixels : FloatPixels).Select(p => new FewChannelTile(outputs, columns, p.Height, p.Width, Bytes(weight, settings, narrow, outputs, columns, p.Height, p.Width)))];
        return tiles.FirstOrDefault(t => t.SharedBytes <= FewBytes) ?? tiles.FirstOrDefault(t => t.SharedBytes <= (narrow ? MostNarrowBytes : MostFloatBytes))
            ?? throw new NotSupportedException($"The gradient of a weight {weight} of stride {settings.Stride} and dilation {settings.Dilation} fits no block of threads.");
    }

    private static int Bytes(Shape weight, ConvolutionSettings settings, bool narrow, int outputs, int columns, int height, int width)
    {
        int inH = ((height - 1) * settings.Stride) + ((weight.H.Value - 1) * settings.Dilation) + 1, inW = ((width - 1) * settings.Stride) + ((weight.W.Value - 1) * settings.Dilation) + 1;
        int stage = (height * width * ((outputs * (narrow ? 2 : 4)) + (narrow ? 16 : 32))) + (((inH * inW * weight.C) + 3) / 4 * 16);
        // Half of the groups, that is half of all warps, leave their sums there.
        return Math.Max(Stages * stage, Warps / 2 * (outputs / Math.Max(1, outputs / 32) / 16) * ((columns / 8) + 1) * 512);
    }

    private static int ColumnsOf(Shape weight) => weight.H.Value * weight.W.Value * weight.C;

    private static int Rounded(int count) => count <= 16 ? 16 : count <= 32 ? 32 : 64;

    private static int Over(int count, int size) => (count + size - 1) / size;
}
