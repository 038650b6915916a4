using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>Gradient of a depthwise convolution with respect to its weights.</summary>
/// <remarks>A chunk owns pairs of (8 channels, tap) and sums over all pixels, so that the cut does not change the result.</remarks>
public static unsafe class DepthwiseWeightGradient
{
    /// <summary>dw[c, kh, kw] = Σ gy[n, oy, ox, c] · x[n, oy·s − p + kh·d, ox·s − p + kw·d, c]. Overwrites dw.</summary>
    /// <param name="geometry">The convolution; OutputChannels are the channels.</param>
    /// <param name="x">Its input, NHWC, <see cref="KernelArguments.InputHeight"/> × <see cref="KernelArguments.InputWidth"/>.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="gy">Gradient of its output, NHWC.</param>
    /// <param name="gyPitch">Floats from one pixel of gy to the next.</param>
    /// <param name="dw">Gradient of the weights: C, KH, KW, dense.</param>
    /// <param name="images">N of x and gy.</param>
    /// <param name="gyHeight">H of gy.</param>
    /// <param name="gyWidth">W of gy.</param>
    /// <param name="a">The launch; only the input extents are read.</param>
    /// <param name="s">The chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* gy, int gyPitch, float* dw,
        int images, int gyHeight, int gyWidth, in KernelArguments a, in WorkSlice s)
    {
        int channels = geometry.OutputChannels, groups = (channels + 7) / 8, taps = geometry.Taps;
        var (start, end) = s.Range((long)groups * taps);
        // Sums live in scratch, rows of gy outside and items inside, so that a row is read from cache for all items.
        for (long first = start; first < end; first += WorkSlice.ScratchFloats / 8)
        {
            int items = (int)Math.Min(end - first, WorkSlice.ScratchFloats / 8);
            new Span<float>(s.Scratch, items * 8).Clear();
            for (int image = 0; image < images; image++)
            {
                for (int y = 0; y < gyHeight; y++)
                {
                    float* gradient = gy + ((((nint)image * gyHeight) + y) * gyWidth * gyPitch);
                    for (int i = 0; i < items; i++)
                    {
                        int channel = (int)((first + i) / taps) * 8, tap = (int)((first + i) % taps);
                        int from = (y * geometry.Stride) - geometry.Padding + (tap / geometry.KernelWidth * geometry.Dilation);
                        if ((uint)from >= (uint)a.InputHeight)
                            continue;
                        float* row = x + ((((nint)image * a.InputHeight) + from) * a.InputWidth * xPitch);
                        AddRow(
                            in geometry, row + channel, xPitch, a.InputWidth, gradient + channel, gyPitch, gyWidth, tap % geometry.KernelWidth,
                            channels - channel, s.Scratch + (i * 8));
                    }
                }
            }

            for (int i = 0; i < items; i++)
            {
                int channel = (int)((first + i) / taps) * 8, tap = (int)((first + i) % taps);
                for (int c = 0; c < Math.Min(8, channels - channel); c++)
                    dw[((nint)(channel + c) * taps) + tap] = s.Scratch[(i * 8) + c];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(
        in ConvolutionGeometry geometry, float* row, nint xPitch, int inputWidth, float* gradient, nint gyPitch, int gyWidth, int kw, int channels, float* sum)
    {
        int stride = geometry.Stride, shift = geometry.Padding - (kw * geometry.Dilation);
        int low = shift <= 0 ? 0 : (shift + stride - 1) / stride;
        int high = inputWidth - 1 + shift < 0 ? 0 : Math.Min(gyWidth, ((inputWidth - 1 + shift) / stride) + 1);
        if (low >= high)
            return;
        float* b = row + ((((nint)low * stride) - shift) * xPitch);
        float* g = gradient + (low * gyPitch);
        nint step = stride * xPitch;
        if (channels < 8)
        {
            for (int c = 0; c < channels; c++)
            {
                float total = 0f;
                for (nint k = 0; k < high - low; k++)
                    total = float.MultiplyAddEstimate(b[(k * step) + c], g[(k * gyPitch) + c], total);
                sum[c] += total;
            }

            return;
        }

        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nint left = high - low;
        for (; left >= 4; left -= 4, b += 4 * step, g += 4 * gyPitch)
        {
            s0 = Vector256.MultiplyAddEstimate(Vector256.Load(b), Vector256.Load(g), s0);
            s1 = Vector256.MultiplyAddEstimate(Vector256.Load(b + step), Vector256.Load(g + gyPitch), s1);
            s2 = Vector256.MultiplyAddEstimate(Vector256.Load(b + (2 * step)), Vector256.Load(g + (2 * gyPitch)), s2);
            s3 = Vector256.MultiplyAddEstimate(Vector256.Load(b + (3 * step)), Vector256.Load(g + (3 * gyPitch)), s3);
        }

        for (; left > 0; left--, b += step, g += gyPitch)
            s0 = Vector256.MultiplyAddEstimate(Vector256.Load(b), Vector256.Load(g), s0);
        (Vector256.Load(sum) + (s0 + s1) + (s2 + s3)).Store(sum);
    }
}
