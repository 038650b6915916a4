using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Adjoints of dense 4×4 convolutions of stride 2 and padding 1, which double a picture: each of the four phases of the result is a 2×2
/// convolution, done by Winograd's F(4×4, 2×2) with two fifths of the multiplications of <see cref="DenseConvolutionTransposed"/>.
/// </summary>
/// <remarks>If <see cref="KernelArguments.Strict"/> is set, these methods pack for and run direct convolution.</remarks>
public static unsafe class WinogradUpsampling
{
    private const int Phases = 4;

    /// <summary>Whether a convolution has an adjoint of this form.</summary>
    public static bool Supports(in ConvolutionGeometry geometry) =>
        geometry is { KernelHeight: 4, KernelWidth: 4, Stride: 2, Dilation: 1, Padding: 1 };

    /// <summary>Floats of packed weights; those of direct convolution are a sixth of them.</summary>
    public static long PackedFloats(in ConvolutionGeometry geometry) =>
        (geometry.InputChannels + 7) / 8 * 8 * (long)(Phases * WinogradPairTransform.Products) * geometry.OutputChannels;

    /// <summary>Packs weights as [panel][phase][25 products][channel that is summed over][16], with panels as in <see cref="WinogradPacking"/>.</summary>
    /// <param name="geometry">The convolution that is transposed.</param>
    /// <param name="weights">O, 4, 4, I, dense.</param>
    /// <param name="packed"><see cref="PackedFloats"/> floats.</param>
    /// <param name="a">The launch; only <see cref="KernelArguments.Strict"/> is read.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(in ConvolutionGeometry geometry, float* weights, float* packed, in KernelArguments a, in WorkSlice s)
    {
        if (a.Strict)
        {
            WeightPacking.PackTransposed(in geometry, weights, packed, in s);
            return;
        }

        const int Kernel = 4;
        int written = geometry.InputChannels, summed = geometry.OutputChannels, groups = (written + 7) / 8;
        float* kernel = s.Scratch, temporary = kernel + (Kernel * Kernel * 8);
        var (start, end) = s.Range((long)groups * summed);
        for (long item = start; item < end; item++)
        {
            int channel = (int)(item / summed) * 8, first = channel / GemmTile.Columns * GemmTile.Columns, width = GemmTile.PanelWidth(written, first);
            nint k = (nint)(item % summed);
            for (int tap = 0; tap < Kernel * Kernel; tap++)
            {
                float* from = weights + (((k * Kernel * Kernel) + tap) * written) + channel;
                for (int j = 0; j < 8; j++)
                    kernel[(tap * 8) + j] = channel + j < written ? from[j] : 0f;
            }

            float* to = packed + ((nint)first * Phases * WinogradPairTransform.Products * summed) + (k * width) + (channel - first);
            for (int phase = 0; phase < Phases; phase++, to += (nint)WinogradPairTransform.Products * summed * width)
            {
                // Phase 0 of an axis reads inputs q − 1 and q with taps 3 and 1; phase 1 reads q and q + 1 with taps 2 and 0.
                int y = 3 - (phase / 2), x = 3 - (phase % 2);
                WinogradPairTransform.Weights(kernel + (((y * Kernel) + x) * 8), -2 * Kernel * 8, -2 * 8, to, (nint)summed * width, temporary);
            }
        }
    }

    /// <summary>What <see cref="DenseConvolutionTransposed.Run"/> computes; the same operands but for the weights, the same calls of the body in another order.</summary>
    /// <param name="geometry">The convolution that this is the adjoint of, one that is supported.</param>
    /// <param name="x">What is read, NHWC.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="packed">Weights from <see cref="Pack"/>.</param>
    /// <param name="body">The epilogue.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk; tiles of 4×4 pixels of x, which are 8×8 of the domain, are shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* packed, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        if (a.Strict)
        {
            DenseConvolutionTransposed.Run(in geometry, x, xPitch, packed, ref body, in a, in s);
            return;
        }

        KernelArguments low = a;
        (low.Height, low.Width) = ((a.Height + 1) / 2, (a.Width + 1) / 2);
        int depth = geometry.OutputChannels, channels = geometry.InputChannels;
        nint phaseFloats = (nint)WinogradPairTransform.Products * depth;
        var block = new WinogradBlock(depth, 1, x, xPitch, in low, s.Scratch, inputs: WinogradPairTransform.Inputs);
        var (start, end) = s.Range(block.Tiles, block.Capacity);
        for (long first = start; first < end; first += block.Capacity)
        {
            int count = (int)Math.Min(block.Capacity, end - first);
            for (int phase = 0; phase < Phases; phase++)
            {
                block.Pad(1 - (phase / 2), 1 - (phase % 2));
                block.Load(first, count);
                for (int channel = 0, width; channel < channels; channel += width)
                {
                    width = WinogradGemm.Columns(channels, channel);
                    block.Begin(width, Phases * phaseFloats * GemmTile.Columns);
                    float* panel = packed + (channel * Phases * phaseFloats) + (phase * phaseFloats * Math.Min(width, GemmTile.Columns));
                    for (int product = 0; product < WinogradPairTransform.Products; product++)
                    {
                        block.Multiply(panel, product);
                        // The following block's inputs, while this one's last phase is computed.
                        if (phase == Phases - 1)
                            block.Prefetch(first + block.Capacity, (channel * WinogradPairTransform.Products) + (product * width), channels * WinogradPairTransform.Products, width);
                        int from = count * product / WinogradPairTransform.Products, to = count * (product + 1) / WinogradPairTransform.Products;
                        for (int tile = from; tile < to; tile++)
                            Prefetch(block.Position(first + tile), phase, channel, Math.Min(width, channels - channel), ref body, in a);
                    }

                    for (int tile = 0; tile < count; tile++)
                        Emit(block.Position(first + tile), phase, block.Results(tile), width, channel, Math.Min(width, channels - channel), ref body, in a);
                }
            }
        }

        body.EndChunk();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TBody>(PixelPosition position, int phase, int first, int channels, ref TBody body, in KernelArguments a)
        where TBody : struct, IKernelBody
    {
        var (endY, endX) = Ends(position, phase, in a);
        for (int i = 0; i < endY * WinogradTransform.Outputs; i++)
        {
            int column = i % WinogradTransform.Outputs;
            if (column >= endX)
                continue;
            nint pixel = Pixel(position, i / WinogradTransform.Outputs, column, phase, in a).Pixel;
            for (int c = 0; c < channels; c += Cache.LineFloats)
                body.Prefetch(pixel, first + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Emit<TBody>(
        PixelPosition position, int phase, float* results, int width, int first, int channels, ref TBody body, in KernelArguments a)
        where TBody : struct, IKernelBody
    {
        var (endY, endX) = Ends(position, phase, in a);
        for (int y = 0; y < endY; y++)
        {
            float* line = results + (y * WinogradTransform.Outputs * width);
            for (int x = 0; x < endX; x++, line += width)
            {
                PixelPosition at = Pixel(position, y, x, phase, in a);
                int c = 0;
                for (; c + 8 <= channels; c += 8)
                    body.Apply(Vector256.Load(line + c), at.Pixel, at.Image, at.Y, at.X, first + c);
                for (; c < channels; c++)
                    body.Apply(line[c], at.Pixel, at.Image, at.Y, at.X, first + c);
            }
        }
    }

    /// <summary>Rows and columns of a tile of x whose pixel of a phase lies inside the domain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int Y, int X) Ends(PixelPosition tile, int phase, in KernelArguments a) =>
        (Math.Min(WinogradTransform.Outputs, ((a.Height - (phase / 2) + 1) / 2) - tile.Y), Math.Min(WinogradTransform.Outputs, ((a.Width - (phase % 2) + 1) / 2) - tile.X));

    /// <summary>The pixel of the domain that belongs to pixel (y, x) of a tile of x and a phase.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PixelPosition Pixel(PixelPosition tile, int y, int x, int phase, in KernelArguments a)
    {
        int row = (2 * (tile.Y + y)) + (phase / 2), column = (2 * (tile.X + x)) + (phase % 2);
        return new PixelPosition { Pixel = ((((nint)tile.Image * a.Height) + row) * a.Width) + column, Image = tile.Image, Y = row, X = column };
    }
}
