using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>What the gradient of a weight is cut into: the arguments of the template's GradientTile.</summary>
/// <param name="Outputs">Output channels.</param>
/// <param name="Inputs">Input channels.</param>
/// <param name="TapRows">Rows of the kernel.</param>
/// <param name="Height">Rows of pixels of the gradient that is read.</param>
/// <param name="Width">Pixels of such a row.</param>
/// <param name="WarpsM">Warps along output channels.</param>
/// <param name="WarpsN">Warps along input channels.</param>
/// <param name="SharedBytes">GradientTile::shared_bytes.</param>
internal sealed record WeightGradientTile(int Outputs, int Inputs, int TapRows, int Height, int Width, int WarpsM, int WarpsN, int SharedBytes)
{
    private const int Stages = 2, Warps = 8, WarpInputs = 16;

    // Accumulators of a thread: as many as leave room for what is multiplied and for addresses.
    private const int MostAccumulators = 144;

    // A block of float32 has to fit on sm_75, one of bf16 on sm_86 and sm_89, which have 99 KB.
    private const int MostFloatBytes = 64 * 1024, MostNarrowBytes = 96 * 1024;

    // Tiles of pixels, the best first: the larger, the less halo. Flat ones are for strides and dilations with which the others do not fit.
    private static readonly (int Height, int Width)[] NarrowPixels = [(8, 32), (8, 16), (4, 16), (2, 16), (1, 16), (1, 32), (1, 64), (1, 128)];
    private static readonly (int Height, int Width)[] FloatPixels = [(8, 16), (4, 16), (2, 16), (2, 8), (1, 8), (1, 16), (1, 32), (1, 64)];

    private int WarpsK => Warps / (WarpsM * WarpsN);

    /// <summary>Template arguments behind element and shape.</summary>
    public string Arguments => string.Join(", ", new[] { Outputs, Inputs, TapRows, Height, Width, Stages, WarpsM, WarpsN, WarpsK }.Select(n => Text.Of(n)));

    /// <summary>Blocks for one part of the pixels.</summary>
    /// <param name="weight">The weight, O×H×W×I.</param>
    public int BlocksOf(Shape weight) => Over(weight.N.Value, Outputs) * (weight.H.Value / TapRows) * Over(weight.C, Inputs);

    /// <summary>The tile for a weight.</summary>
    /// <param name="weight">The weight, O×H×W×I.</param>
    /// <param name="settings">Stride and dilation of its convolution.</param>
    /// <param name="narrow">bf16, else float.</param>
    public static WeightGradientTile Of(Shape weight, ConvolutionSettings settings, bool narrow)
    {
        int outputs = Channels(weight.N.Value), inputs = Channels(weight.C), warpsM = Math.Max(1, outputs / 32), warpsN = inputs / WarpInputs, warpsK = Warps / (warpsM * warpsN);
        int rows = outputs / warpsM / 16, accumulators = rows * WarpInputs / 8 * 4, step = narrow ? 16 : 8, element = narrow ? 2 : 4, padding = narrow ? 16 : 32;
        int kernelH = weight.H.Value, kernelW = weight.W.Value;
        for (int taps = kernelH; taps > 0; taps--)
        {
            if (kernelH % taps != 0 || taps * kernelW * accumulators > MostAccumulators)
                continue;
            foreach ((int height, int width) in narrow ? NarrowPixels : FloatPixels)
            {
                int inH = ((height - 1) * settings.Stride) + ((taps - 1) * settings.Dilation) + 1, inW = ((width - 1) * settings.Stride) + ((kernelW - 1) * settings.Dilation) + 1;
                int stage = (height * width * ((outputs * element) + padding)) + (inH * inW * ((inputs * element) + padding));
                int bytes = Math.Max(Stages * stage, warpsK / 2 * warpsM * warpsN * rows * ((WarpInputs / 8) + 1) * 512);
                if (height * width / step % warpsK == 0 && bytes <= (narrow ? MostNarrowBytes : MostFloatBytes))
                    return new WeightGradientTile(outputs, inputs, taps, height, width, warpsM, warpsN, bytes);
            }
        }
        throw new NotSupportedException($"The gradient of a weight {weight} of stride {settings.Stride} and dilation {settings.Dilation} fits no block of threads.");
    }

    private static int Channels(int channels) => channels <= 16 ? 16 : channels <= 32 ? 32 : 64;

    private static int Over(int count, int size) => (count + size - 1) / size;
}
