using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>Where a pixel loop's values come from: nothing, a depthwise convolution, a resampling.</summary>
public interface IPixelSource
{
    /// <summary>Called before the first pixel of a row of the domain.</summary>
    void Row(int image, int y);

    /// <summary>Called before the first channel of a pixel.</summary>
    void Pixel(int x);

    /// <summary>Eight neighbouring channels of the current pixel.</summary>
    Vector256<float> Read(int channel);

    /// <summary>One channel of the current pixel.</summary>
    float ReadScalar(int channel);
}

/// <summary>No value: the body works on loads alone.</summary>
public readonly struct NoSource : IPixelSource
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Row(int image, int y)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Pixel(int x)
    {
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Read(int channel) => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float ReadScalar(int channel) => 0f;
}

/// <summary>Visits every pixel of the domain: its channels in groups of eight, then one by one, then the end of the pixel.</summary>
public static class PixelLoop
{
    /// <summary>Pixels from one that is computed to the one whose operands are asked for: a few hundred cycles, what memory takes to answer.</summary>
    internal const int Ahead = 16;

    /// <summary>
    /// Runs a body over this chunk's rows, N·H of the domain; over its pixels where the domain has one row only.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSource, TBody>(ref TSource source, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TSource : struct, IPixelSource
        where TBody : struct, IKernelBody
    {
        long rows = (long)a.Images * a.Height;
        var (start, end) = s.Range(rows == 1 ? a.Width : rows);
        bool single = rows == 1;
        long firstRow = single ? 0 : start, lastRow = single ? 1 : end;
        int left = single ? (int)start : 0, right = single ? (int)end : a.Width;
        nint endPixel = single ? right : (nint)lastRow * a.Width;
        for (long row = firstRow; row < lastRow; row++)
        {
            int image = (int)(row / a.Height), y = (int)(row % a.Height);
            nint pixel = (nint)row * a.Width;
            source.Row(image, y);
            for (int x = left; x < right; x++)
            {
                for (int next = 0; pixel + x + Ahead < endPixel && next < a.Channels; next += Cache.LineFloats)
                    body.Prefetch(pixel + x + Ahead, next);
                source.Pixel(x);
                int c = 0;
                for (; c + 8 <= a.Channels; c += 8)
                    body.Apply(source.Read(c), pixel + x, image, y, x, c);
                for (; c < a.Channels; c++)
                    body.Apply(source.ReadScalar(c), pixel + x, image, y, x, c);
                body.EndPixel(pixel + x, image, y, x);
            }
        }

        body.EndChunk();
    }
}

/// <summary>Visits every element of a domain whose operands are all dense: no pixels, no tails but the last.</summary>
public static class FlatLoop
{
    /// <summary>
    /// Runs a body over this chunk's elements, as channels of one pixel 0 that has N·H·W·C channels. Chunks begin at multiples
    /// of eight. <see cref="IKernelBody.EndPixel"/> is not called.
    /// </summary>
    /// <exception cref="OverflowException">The domain has 2³¹ elements or more.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        int count = Count(in a);
        var (start, end) = s.Range(((long)count + 7) / 8);
        int i = (int)(start * 8), last = (int)Math.Min(count, end * 8);
        for (; i <= last - 8; i += 8)
            body.Apply(default(Vector256<float>), 0, 0, 0, 0, i);
        for (; i < last; i++)
            body.Apply(0f, 0, 0, 0, 0, i);
        body.EndChunk();
    }

    private static int Count(in KernelArguments a)
    {
        long count = checked((long)a.Images * a.Height * a.Width * a.Channels);
        return count <= int.MaxValue - 8
            ? (int)count
            : throw new OverflowException($"A flat kernel over {a.Images}×{a.Height}×{a.Width}×{a.Channels} elements exceeds 2³¹; use fewer images a run or smaller tiles.");
    }
}
