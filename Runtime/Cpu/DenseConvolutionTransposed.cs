using System.Runtime.CompilerServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The adjoint of a dense convolution with respect to its input: PyTorch's <c>ConvTranspose2d</c>, and the gradient of the
/// input of a convolution.
/// </summary>
public static unsafe class DenseConvolutionTransposed
{
    /// <summary>Pixels of one phase that make it worth to go on to the next phase: one full <see cref="PixelBlock"/>.</summary>
    private const int BandPixels = 96;

    /// <summary>
    /// y[n, iy, ix, i] = Σ x[n, (iy + p − kh·d)/s, (ix + p − kw·d)/s, o] · w[o, kh, kw, i] over the taps whose quotients are whole,
    /// for this chunk's rows of y. The domain is y's shape, with the geometry's InputChannels; x has its OutputChannels and
    /// the extents <see cref="KernelArguments.InputHeight"/> × <see cref="KernelArguments.InputWidth"/>.
    /// </summary>
    /// <remarks>
    /// Each tap belongs to exactly one of the s·s phases (iy mod s, ix mod s), so that a phase is a small convolution with a
    /// fixed list of taps and no product with an inserted zero is made. Calls of the body as in
    /// <see cref="DenseConvolution.Run"/>.
    /// </remarks>
    /// <param name="geometry">The convolution that this is the adjoint of.</param>
    /// <param name="x">What is read, NHWC.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="packed">Weights from <see cref="WeightPacking.PackTransposed"/>.</param>
    /// <param name="body">The epilogue.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk; rows N·H of the domain are shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* packed, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        var (start, end) = s.Range((long)a.Images * a.Height);
        int stride = geometry.Stride;
        var block = new PixelBlock(geometry.Taps, geometry.OutputChannels, x, xPitch, a.InputHeight, a.InputWidth, 1, s.Scratch);
        // With one phase there is nothing to alternate between; otherwise a band's x is still in cache for the next phase.
        long band = stride == 1 ? Math.Max(1, end - start) : stride * Math.Max(1L, BandPixels * stride / Math.Max(1, a.Width));
        for (long first = start; first < end; first += band)
        {
            long last = Math.Min(end, first + band);
            for (int phase = 0; phase < stride * stride; phase++)
            {
                AddTaps(ref block, in geometry, phase / stride, phase % stride);
                RunPhase(ref block, in geometry, packed, phase / stride, phase % stride, first, last, ref body, in a);
            }
        }

        body.EndChunk();
    }

    /// <summary>The taps of one phase: with iy = s·q + phase, the row read is q + (phase + p − kh·d)/s.</summary>
    private static void AddTaps(ref PixelBlock block, in ConvolutionGeometry geometry, int phaseY, int phaseX)
    {
        block.ClearTaps();
        for (int kh = 0; kh < geometry.KernelHeight; kh++)
        {
            int dy = phaseY + geometry.Padding - (kh * geometry.Dilation);
            if (dy % geometry.Stride != 0)
                continue;
            for (int kw = 0; kw < geometry.KernelWidth; kw++)
            {
                int dx = phaseX + geometry.Padding - (kw * geometry.Dilation);
                if (dx % geometry.Stride == 0)
                    block.AddTap((kh * geometry.KernelWidth) + kw, dy / geometry.Stride, dx / geometry.Stride);
            }
        }

        block.EndTaps();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunPhase<TBody>(
        ref PixelBlock block, in ConvolutionGeometry geometry, float* packed, int phaseY, int phaseX, long first, long last, ref TBody body, in KernelArguments a)
        where TBody : struct, IKernelBody
    {
        int stride = geometry.Stride;
        for (long row = first; row < last; row++)
        {
            int image = (int)(row / a.Height), y = (int)(row % a.Height);
            if (y % stride != phaseY)
                continue;
            nint pixel = (nint)row * a.Width;
            for (int column = phaseX; column < a.Width; column += stride)
            {
                block.Add(pixel + column, image, y, column, y / stride, column / stride);
                if (block.IsFull)
                    block.Multiply(packed, geometry.Taps, geometry.InputChannels, ref body);
            }
        }

        block.Multiply(packed, geometry.Taps, geometry.InputChannels, ref body);
    }
}
