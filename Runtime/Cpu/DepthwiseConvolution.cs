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
/// Pixels of a depthwise convolution or of its adjoint. The taps of a pixel that lie inside the picture are evenly spaced along both
/// axes, so that a pixel is computed by two plain loops, for all its channels before the body asks for the first.
/// </summary>
public unsafe struct DepthwiseSource : IPixelSource
{
    /// <summary>Channels that are summed at a time: four registers, enough to cover a multiply-add's latency.</summary>
    private const int BlockChannels = 32;

    private readonly ConvolutionGeometry geometry;
    private readonly bool transposed;
    private readonly float* x, weights, line;
    private readonly nint pitch;
    private readonly int channels, inputHeight, inputWidth;
    private TapRange vertical;
    private float* row;

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
        if ((count + 1L) * channels > WorkSlice.ScratchFloats)
            throw new NotSupportedException($"A depthwise convolution of {channels} channels with {count} taps does not fit a worker's scratch memory; split the channels.");
        line = s.Scratch;
        float* copy = line + channels;
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
        vertical = Range(y, geometry.KernelHeight, inputHeight);
        row = x + ((((nint)image * inputHeight) + vertical.From) * inputWidth * pitch);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Pixel(int x)
    {
        TapRange horizontal = Range(x, geometry.KernelWidth, inputWidth);
        float* from = row + (horizontal.From * pitch);
        float* weight = weights + ((((nint)vertical.Tap * geometry.KernelWidth) + horizontal.Tap) * channels);
        nint rowStep = vertical.FromStep * (nint)inputWidth * pitch, step = horizontal.FromStep * pitch;
        nint weightRowStep = vertical.TapStep * (nint)geometry.KernelWidth * channels, weightStep = horizontal.TapStep * (nint)channels;
        int c = 0;
        for (; c + BlockChannels <= channels; c += BlockChannels)
            Sum32(from + c, rowStep, step, weight + c, weightRowStep, weightStep, vertical.Count, horizontal.Count, line + c);
        for (; c + 8 <= channels; c += 8)
            Sum8(from + c, rowStep, step, weight + c, weightRowStep, weightStep, vertical.Count, horizontal.Count, line + c);
        for (; c < channels; c++)
        {
            float sum = 0f;
            for (int i = 0; i < vertical.Count; i++)
            {
                for (int j = 0; j < horizontal.Count; j++)
                    sum = float.MultiplyAddEstimate(from[(i * rowStep) + (j * step) + c], weight[(i * weightRowStep) + (j * weightStep) + c], sum);
            }

            line[c] = sum;
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector256<float> Read(int channel) => Vector256.Load(line + channel);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float ReadScalar(int channel) => line[channel];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum32(
        float* from, nint rowStep, nint step, float* weight, nint weightRowStep, nint weightStep, int rows, int columns, float* to)
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (; rows > 0; rows--, from += rowStep, weight += weightRowStep)
        {
            float* p = from, w = weight;
            for (int j = columns; j > 0; j--, p += step, w += weightStep)
            {
                s0 = Vector256.MultiplyAddEstimate(Vector256.Load(p), Vector256.Load(w), s0);
                s1 = Vector256.MultiplyAddEstimate(Vector256.Load(p + 8), Vector256.Load(w + 8), s1);
                s2 = Vector256.MultiplyAddEstimate(Vector256.Load(p + 16), Vector256.Load(w + 16), s2);
                s3 = Vector256.MultiplyAddEstimate(Vector256.Load(p + 24), Vector256.Load(w + 24), s3);
            }
        }

        s0.Store(to);
        s1.Store(to + 8);
        s2.Store(to + 16);
        s3.Store(to + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum8(
        float* from, nint rowStep, nint step, float* weight, nint weightRowStep, nint weightStep, int rows, int columns, float* to)
    {
        Vector256<float> sum = default;
        for (; rows > 0; rows--, from += rowStep, weight += weightRowStep)
        {
            float* p = from, w = weight;
            for (int j = columns; j > 0; j--, p += step, w += weightStep)
                sum = Vector256.MultiplyAddEstimate(Vector256.Load(p), Vector256.Load(w), sum);
        }

        sum.Store(to);
    }

    /// <summary>The taps of an axis that lie inside [0, extent) for an output position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TapRange Range(int position, int kernel, int extent)
    {
        int tap = 0, tapStep = 1, from, fromStep;
        if (!transposed)
        {
            (from, fromStep) = ((position * geometry.Stride) - geometry.Padding, geometry.Dilation);
        }
        else if (geometry.Stride == 1)
        {
            (from, fromStep) = (position + geometry.Padding, -geometry.Dilation);
        }
        else
        {
            // The quotient must be whole; taps that make it so are stride / gcd(stride, dilation) apart.
            while (tap < kernel && (position + geometry.Padding - (tap * geometry.Dilation)) % geometry.Stride != 0)
                tap++;
            while (tapStep * geometry.Dilation % geometry.Stride != 0)
                tapStep++;
            from = (position + geometry.Padding - (tap * geometry.Dilation)) / geometry.Stride;
            fromStep = -tapStep * geometry.Dilation / geometry.Stride;
        }

        int count = tap < kernel ? ((kernel - 1 - tap) / tapStep) + 1 : 0;
        for (; count > 0 && (uint)from >= (uint)extent; count--, tap += tapStep)
            from += fromStep;
        while (count > 0 && (uint)(from + ((count - 1) * fromStep)) >= (uint)extent)
            count--;
        return new TapRange(count == 0 ? 0 : tap, tapStep, count == 0 ? 0 : from, fromStep, count);
    }

    /// <summary>Count taps from one on, and the input positions that they read.</summary>
    private readonly record struct TapRange(int Tap, int TapStep, int From, int FromStep, int Count);
}
