using System.Runtime.CompilerServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Transforms 3×3 weights into panels for <see cref="WinogradConvolution"/>: [panel][36 products][channel that is summed
/// over][16], where a panel holds 16 of the channels that are written. The last panel is 8 wide if 8 channels suffice;
/// what is missing is 0.
/// </summary>
public static unsafe class WinogradPacking
{
    /// <summary>Floats of packed weights; those of direct convolution are a quarter of them.</summary>
    public static long PackedFloats(in ConvolutionGeometry geometry, bool transposed)
    {
        int written = transposed ? geometry.InputChannels : geometry.OutputChannels;
        int summed = transposed ? geometry.OutputChannels : geometry.InputChannels;
        return (written + 7) / 8 * 8 * (long)WinogradTransform.Products * summed;
    }

    /// <summary>Packs for <see cref="WinogradConvolution.Run"/>: panels of output channels.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="weights">O, 3, 3, I, dense.</param>
    /// <param name="packed"><see cref="PackedFloats"/> floats.</param>
    /// <param name="a">The launch; only <see cref="KernelArguments.Strict"/> is read.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackForward(in ConvolutionGeometry geometry, float* weights, float* packed, in KernelArguments a, in WorkSlice s)
    {
        if (a.Strict)
            WeightPacking.PackForward(in geometry, weights, packed, in s);
        else
            Pack(geometry.OutputChannels, geometry.InputChannels, weights, (nint)9 * geometry.InputChannels, 1, geometry.InputChannels, false, packed, in s);
    }

    /// <summary>Packs for <see cref="WinogradConvolution.RunTransposed"/>: panels of input channels, the kernel mirrored.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="weights">O, 3, 3, I, dense.</param>
    /// <param name="packed"><see cref="PackedFloats"/> floats.</param>
    /// <param name="a">The launch; only <see cref="KernelArguments.Strict"/> is read.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTransposed(in ConvolutionGeometry geometry, float* weights, float* packed, in KernelArguments a, in WorkSlice s)
    {
        if (a.Strict)
            WeightPacking.PackTransposed(in geometry, weights, packed, in s);
        else
            Pack(geometry.InputChannels, geometry.OutputChannels, weights, 1, (nint)9 * geometry.InputChannels, geometry.InputChannels, true, packed, in s);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(
        int written, int summed, float* weights, nint writtenStep, nint summedStep, nint tapStep, bool mirrored, float* packed, in WorkSlice s)
    {
        float* kernel = s.Scratch, temporary = kernel + (9 * 8);
        int groups = (written + 7) / 8;
        var (start, end) = s.Range((long)groups * summed);
        for (long item = start; item < end; item++)
        {
            int channel = (int)(item / summed) * 8, first = channel / GemmTile.Columns * GemmTile.Columns, width = GemmTile.PanelWidth(written, first);
            nint k = (nint)(item % summed);
            for (int tap = 0; tap < 9; tap++)
            {
                float* from = weights + (channel * writtenStep) + (k * summedStep) + (tap * tapStep), line = kernel + ((mirrored ? 8 - tap : tap) * 8);
                for (int j = 0; j < 8; j++)
                    line[j] = channel + j < written ? from[j * writtenStep] : 0f;
            }

            float* to = packed + ((nint)first * WinogradTransform.Products * summed) + (k * width) + (channel - first);
            WinogradTransform.Weights(kernel, 3 * 8, 8, to, summed * width, temporary);
        }
    }
}
