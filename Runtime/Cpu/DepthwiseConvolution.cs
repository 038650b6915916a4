using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>Depthwise convolution: one kernel a channel.</summary>
public static unsafe class DepthwiseConvolution
{
    /// <summary>
    /// y[n, oy, ox, c] = Σ x[n, oy·s − p + kh·d, ox·s − p + kw·d, c] · w[c, kh, kw], for this chunk's rows of the domain, y.
    /// </summary>
    /// <param name="geometry">The convolution; its channels are not read, the domain has them.</param>
    /// <param name="x">Input, NHWC, <see cref="KernelArguments.InputHeight"/> × <see cref="KernelArguments.InputWidth"/>.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="weights">C, KH, KW, dense.</param>
    /// <param name="body">The epilogue, called as by <see cref="PixelLoop"/>.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* weights, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        var source = new DepthwiseSource(in geometry, transposed: false, x, xPitch, weights, in a, in s);
        PixelLoop.Run(ref source, ref body, in a, in s);
    }
}

/// <summary>The adjoint of a depthwise convolution with respect to its input.</summary>
public static unsafe class DepthwiseConvolutionTransposed
{
    /// <summary>
    /// y[n, iy, ix, c] = Σ x[n, (iy + p − kh·d)/s, (ix + p − kw·d)/s, c] · w[c, kh, kw] over the taps whose quotients are whole, for
    /// this chunk's rows of the domain, y.
    /// </summary>
    /// <param name="geometry">The convolution that this is the adjoint of; its channels are not read.</param>
    /// <param name="x">What is read, NHWC, <see cref="KernelArguments.InputHeight"/> × <see cref="KernelArguments.InputWidth"/>.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="weights">C, KH, KW, dense.</param>
    /// <param name="body">The epilogue, called as by <see cref="PixelLoop"/>.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* weights, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        var source = new DepthwiseSource(in geometry, transposed: true, x, xPitch, weights, in a, in s);
        PixelLoop.Run(ref source, ref body, in a, in s);
    }
}

/// <summary>
/// Pixels of a depthwise convolution or of its adjoint: for each pixel a list of the taps that lie inside the picture, which
/// all its channels share.
/// </summary>
public unsafe struct DepthwiseSource : IPixelSource
{
    private readonly ConvolutionGeometry geometry;
    private readonly bool transposed;
    private readonly float* x, weights;
    private readonly nint pitch;
    private readonly int channels, inputHeight, inputWidth;
    private readonly float** rowPointers, rowWeights, pixels, taps;
    private int rows, count;

    /// <summary>Reads x; copies the weights to scratch as KH, KW, C, so that neighbouring channels are neighbours.</summary>
    /// <param name="geometry">The convolution; its channels are not read.</param>
    /// <param name="transposed">Whether to compute the adjoint.</param>
    /// <param name="x">What is read, NHWC.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="weights">C, KH, KW, dense.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk.</param>
    public DepthwiseSource(
        in ConvolutionGeometry geometry, bool transposed, float* x, int xPitch, float* weights, in KernelArguments a, in WorkSlice s)
    {
        this.geometry = geometry;
        this.transposed = transposed;
        this.x = x;
        pitch = xPitch;
        channels = a.Channels;
        inputHeight = a.InputHeight;
        inputWidth = a.InputWidth;
        int count = geometry.Taps;
        if (((long)count * channels) + (8L * count) > WorkSlice.ScratchFloats)
            throw new NotSupportedException($"A depthwise convolution of {channels} channels with {count} taps does not fit a worker's scratch memory; split the channels.");
        pixels = (float**)s.Scratch;
        taps = pixels + count;
        rowPointers = taps + count;
        rowWeights = rowPointers + count;
        float* copy = (float*)(rowWeights + count);
        this.weights = copy;
        for (int t = 0; t < count; t++)
        {
            for (int c = 0; c < channels; c++)
                copy[((nint)t * channels) + c] = weights[((nint)c * count) + t];
        }
    }

    /// <inheritdoc/>
    public void Row(int image, int y)
    {
        rows = 0;
        for (int kh = 0; kh < geometry.KernelHeight; kh++)
        {
            int from = Position(y, kh, inputHeight);
            if (from < 0)
                continue;
            rowPointers[rows] = x + (((((nint)image * inputHeight) + from) * inputWidth) * pitch);
            rowWeights[rows++] = weights + ((nint)kh * geometry.KernelWidth * channels);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pixel(int x)
    {
        count = 0;
        for (int kw = 0; kw < geometry.KernelWidth; kw++)
        {
            int from = Position(x, kw, inputWidth);
            if (from < 0)
                continue;
            for (int row = 0; row < rows; row++)
            {
                pixels[count] = rowPointers[row] + (from * pitch);
                taps[count++] = rowWeights[row] + ((nint)kw * channels);
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector256<float> Read(int channel)
    {
        // Two sums, so that the latency of one multiply-add does not bound a 7×7 kernel.
        Vector256<float> even = default, odd = default;
        int t = 0;
        for (; t < count - 1; t += 2)
        {
            even = Vector256.MultiplyAddEstimate(Vector256.Load(pixels[t] + channel), Vector256.Load(taps[t] + channel), even);
            odd = Vector256.MultiplyAddEstimate(Vector256.Load(pixels[t + 1] + channel), Vector256.Load(taps[t + 1] + channel), odd);
        }

        if (t < count)
            even = Vector256.MultiplyAddEstimate(Vector256.Load(pixels[t] + channel), Vector256.Load(taps[t] + channel), even);
        return even + odd;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float ReadScalar(int channel)
    {
        float even = 0f, odd = 0f;
        int t = 0;
        for (; t < count - 1; t += 2)
        {
            even = float.MultiplyAddEstimate(pixels[t][channel], taps[t][channel], even);
            odd = float.MultiplyAddEstimate(pixels[t + 1][channel], taps[t + 1][channel], odd);
        }

        if (t < count)
            even = float.MultiplyAddEstimate(pixels[t][channel], taps[t][channel], even);
        return even + odd;
    }

    /// <summary>The input position that a tap reads for an output position, or −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Position(int position, int tap, int extent)
    {
        int from;
        if (transposed)
        {
            int scaled = position + geometry.Padding - (tap * geometry.Dilation);
            from = scaled / geometry.Stride;
            if (from * geometry.Stride != scaled)
                return -1;
        }
        else
        {
            from = (position * geometry.Stride) - geometry.Padding + (tap * geometry.Dilation);
        }

        return (uint)from < (uint)extent ? from : -1;
    }
}
