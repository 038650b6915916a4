using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// A linear resampling by a fixed ratio, the same along H and W. Output i of an axis has phase i mod num and reads the inputs
/// <c>i / num · den + offset</c>, clamped to the axis, with fixed weights.
/// </summary>
public enum ResampleKind
{
    /// <summary>1/2, every second pixel: {(0, 1)}.</summary>
    NearestHalf,

    /// <summary>1/2, bilinear without aligned corners: {(0, ½), (1, ½)}.</summary>
    BilinearHalf,

    /// <summary>1/4, bilinear without aligned corners and without smoothing: {(1, ½), (2, ½)}.</summary>
    BilinearQuarter,

    /// <summary>2, bilinear without aligned corners: even {(−1, ¼), (0, ¾)}, odd {(0, ¾), (1, ¼)}.</summary>
    BilinearDouble,
}

/// <summary>Pixels of a resampled tensor, or of the adjoint of a resampling.</summary>
/// <remarks>
/// The adjoint gathers: for an input position of the resampling it finds all outputs that read it, at the edges also those
/// that reach it by clamping. So every pixel is written once, in a fixed order of additions.
/// </remarks>
public unsafe struct ResampleSource : IPixelSource
{
    /// <summary>
    /// Room for the contributions to one position of an axis: the readers searched are at most six, with two taps each.
    /// </summary>
    private const int MaximumTaps = 12;

    private readonly ResampleKind kind;
    private readonly bool adjoint;
    private readonly float* x;
    private readonly nint pitch;
    private readonly int height, width, inputHeight, inputWidth;
    private readonly float** rows, pixels;
    private readonly float* rowWeights, pixelWeights, weights;
    private readonly int* indices;
    private int rowCount, count;

    /// <summary>Reads x, whose extents are the launch's input extents.</summary>
    /// <param name="kind">The resampling.</param>
    /// <param name="adjoint">
    /// Whether to compute its transpose: x then has the extents of the resampling's output and the domain those of its input.
    /// </param>
    /// <param name="x">What is read, NHWC.</param>
    /// <param name="pitch">Floats from one pixel of x to the next.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk.</param>
    public ResampleSource(ResampleKind kind, bool adjoint, float* x, int pitch, in KernelArguments a, in WorkSlice s)
    {
        this.kind = kind;
        this.adjoint = adjoint;
        this.x = x;
        this.pitch = pitch;
        height = a.Height;
        width = a.Width;
        inputHeight = a.InputHeight;
        inputWidth = a.InputWidth;
        rows = (float**)s.Scratch;
        pixels = rows + MaximumTaps;
        rowWeights = (float*)(pixels + (MaximumTaps * MaximumTaps));
        pixelWeights = rowWeights + MaximumTaps;
        weights = pixelWeights + (MaximumTaps * MaximumTaps);
        indices = (int*)(weights + MaximumTaps);
    }

    /// <inheritdoc/>
    public void Row(int image, int y)
    {
        rowCount = Find(y, height, inputHeight);
        for (int i = 0; i < rowCount; i++)
        {
            rows[i] = x + ((((nint)image * inputHeight) + indices[i]) * inputWidth * pitch);
            rowWeights[i] = weights[i];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Pixel(int x)
    {
        if (kind == ResampleKind.BilinearDouble && !adjoint)
        {
            DoublePixel(x);
            return;
        }

        int columns = Find(x, width, inputWidth);
        count = 0;
        for (int row = 0; row < rowCount; row++)
        {
            for (int i = 0; i < columns; i++)
            {
                pixels[count] = rows[row] + (indices[i] * pitch);
                pixelWeights[count++] = rowWeights[row] * weights[i];
            }
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector256<float> Read(int channel)
    {
        Vector256<float> sum = default;
        if (count == 4)
        {
            sum = Vector256.Load(pixels[0] + channel) * pixelWeights[0];
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(pixels[1] + channel), Vector256.Create(pixelWeights[1]), sum);
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(pixels[2] + channel), Vector256.Create(pixelWeights[2]), sum);
            return Vector256.MultiplyAddEstimate(Vector256.Load(pixels[3] + channel), Vector256.Create(pixelWeights[3]), sum);
        }

        for (int t = 0; t < count; t++)
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(pixels[t] + channel), Vector256.Create(pixelWeights[t]), sum);
        return sum;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float ReadScalar(int channel)
    {
        float sum = 0f;
        for (int t = 0; t < count; t++)
            sum = float.MultiplyAddEstimate(pixels[t][channel], pixelWeights[t], sum);
        return sum;
    }

    /// <summary>
    /// <see cref="Pixel"/> for the doubling that every MResBlock ends with: the search costs more than the four taps.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void DoublePixel(int x)
    {
        int first = Math.Max(0, ((x + 1) >> 1) - 1), second = Math.Min(inputWidth - 1, (x + 1) >> 1);
        float weight = (x & 1) == 0 ? 0.25f : 0.75f;
        pixels[0] = rows[0] + (first * pitch);
        pixels[1] = rows[0] + (second * pitch);
        pixels[2] = rows[1] + (first * pitch);
        pixels[3] = rows[1] + (second * pitch);
        pixelWeights[0] = rowWeights[0] * weight;
        pixelWeights[1] = rowWeights[0] * (1f - weight);
        pixelWeights[2] = rowWeights[1] * weight;
        pixelWeights[3] = rowWeights[1] * (1f - weight);
        count = 4;
        Cache.Prefetch(pixels[3] + (PixelLoop.Ahead / 2 * pitch));
    }

    /// <summary>Outputs a period, inputs a period, taps a phase.</summary>
    private static (int Numerator, int Denominator, int Taps) Ratio(ResampleKind kind) => kind switch
    {
        ResampleKind.NearestHalf => (1, 2, 1),
        ResampleKind.BilinearHalf => (1, 2, 2),
        ResampleKind.BilinearQuarter => (1, 4, 2),
        ResampleKind.BilinearDouble => (2, 1, 2),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a resampling."),
    };

    private static (int Offset, float Weight) Tap(ResampleKind kind, int phase, int tap) => kind switch
    {
        ResampleKind.NearestHalf => (0, 1f),
        ResampleKind.BilinearHalf => (tap, 0.5f),
        ResampleKind.BilinearQuarter => (tap + 1, 0.5f),
        _ => (tap + phase - 1, tap == phase ? 0.25f : 0.75f),
    };

    /// <summary>Fills <see cref="indices"/> and <see cref="weights"/> for a position of the domain; returns how many.</summary>
    private readonly int Find(int position, int extent, int inputExtent) =>
        adjoint ? FindReaders(position, extent, inputExtent) : FindRead(position, inputExtent);

    private readonly int FindRead(int position, int inputExtent)
    {
        var (numerator, denominator, taps) = Ratio(kind);
        int phase = position % numerator, start = position / numerator * denominator;
        for (int t = 0; t < taps; t++)
        {
            var (offset, weight) = Tap(kind, phase, t);
            indices[t] = Math.Clamp(start + offset, 0, inputExtent - 1);
            weights[t] = weight;
        }

        return taps;
    }

    private readonly int FindReaders(int position, int extent, int readerExtent)
    {
        var (numerator, denominator, taps) = Ratio(kind);
        int found = 0, near = position / denominator;
        // Offsets lie within [−1, den]: readers of a position lie in its own period and the two beside it.
        int first = Math.Max(0, (near - 1) * numerator), last = Math.Min(readerExtent, (near + 2) * numerator);
        for (int reader = first; reader < last; reader++)
        {
            int phase = reader % numerator, start = reader / numerator * denominator;
            for (int t = 0; t < taps; t++)
            {
                var (offset, weight) = Tap(kind, phase, t);
                if (Math.Clamp(start + offset, 0, extent - 1) != position)
                    continue;
                indices[found] = reader;
                weights[found++] = weight;
            }
        }

        return found;
    }
}
