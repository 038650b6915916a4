using System.Runtime.CompilerServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Reorders convolution weights into panels for the implicit GEMM: [panel][kh·KW + kw][channel that is summed over][16], where
/// a panel holds 16 of the channels that are written. The last panel is 8 wide if 8 channels suffice; what is missing is 0.
/// </summary>
public static unsafe class WeightPacking
{
    /// <summary>Floats of packed weights.</summary>
    public static long PackedFloats(in ConvolutionGeometry geometry, bool transposed)
    {
        int written = transposed ? geometry.InputChannels : geometry.OutputChannels;
        int summed = transposed ? geometry.OutputChannels : geometry.InputChannels;
        return (written + 7) / 8 * 8 * (long)geometry.Taps * summed;
    }

    /// <summary>Packs for <see cref="DenseConvolution"/>: panels of output channels.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="weights">O, KH, KW, I, dense.</param>
    /// <param name="packed"><see cref="PackedFloats"/> floats.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackForward(in ConvolutionGeometry geometry, float* weights, float* packed, in WorkSlice s) =>
        Pack(geometry.OutputChannels, geometry.InputChannels, geometry.Taps, weights, (nint)geometry.Taps * geometry.InputChannels, 1, geometry.InputChannels, packed, in s);

    /// <summary>Packs for <see cref="DenseConvolutionTransposed"/>: panels of input channels.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="weights">O, KH, KW, I, dense.</param>
    /// <param name="packed"><see cref="PackedFloats"/> floats.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTransposed(in ConvolutionGeometry geometry, float* weights, float* packed, in WorkSlice s) =>
        Pack(geometry.InputChannels, geometry.OutputChannels, geometry.Taps, weights, 1, (nint)geometry.Taps * geometry.InputChannels, geometry.InputChannels, packed, in s);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(
        int written, int summed, int taps, float* weights, nint writtenStep, nint summedStep, nint tapStep, float* packed, in WorkSlice s)
    {
        int panels = (written + GemmTile.Columns - 1) / GemmTile.Columns;
        var (start, end) = s.Range((long)panels * taps);
        for (long item = start; item < end; item++)
        {
            int first = (int)(item / taps) * GemmTile.Columns, tap = (int)(item % taps);
            int width = GemmTile.PanelWidth(written, first);
            float* to = packed + (((nint)first * taps) + ((nint)tap * width)) * summed;
            for (int j = 0; j < width; j++)
            {
                float* from = weights + (tap * tapStep) + ((first + j) * writtenStep);
                bool inside = first + j < written;
                for (nint k = 0; k < summed; k++)
                    to[(k * width) + j] = inside ? from[k * summedStep] : 0f;
            }
        }
    }
}
