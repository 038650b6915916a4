using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The cosine or sine part of a discrete Fourier transform along one axis, of any length, as a product with a table:
/// at the lengths of a training crop (64 to 256) it is cheaper than it looks, since it runs at the speed of the GEMM tile.
/// </summary>
public static unsafe class TrigTransform
{
    /// <summary>
    /// y[k] = Σ x[n]·cos(2πkn/L), or sin, along H or W, for every channel; L is the axis' extent, the domain is x's shape.
    /// </summary>
    /// <remarks>
    /// The angle is reduced exactly as k·n mod L and the table computed in double. The body is called once for each element,
    /// one channel at a time; <see cref="IKernelBody.EndPixel"/> is not called, <see cref="IKernelBody.EndChunk"/> is.
    /// </remarks>
    /// <param name="alongHeight">Transform along H, else along W.</param>
    /// <param name="sine">Sine, else cosine.</param>
    /// <param name="x">Input, NHWC.</param>
    /// <param name="pitch">Floats from one pixel of x to the next.</param>
    /// <param name="body">The epilogue.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk; the columns N·W are shared along H, the rows N·H along W.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(bool alongHeight, bool sine, float* x, int pitch, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        int length = alongHeight ? a.Height : a.Width;
        var (start, end) = s.Range((long)a.Images * (alongHeight ? a.Width : a.Height));
        if (start < end && length > 0)
        {
            // cos/sin values, a tile's lines, the tile, and at least one panel of the table.
            long fixedFloats = ((1L + GemmTile.MaximumRows) * length) + (GemmTile.MaximumRows * GemmTile.Columns) + 16, needed = fixedFloats + (GemmTile.Columns * (long)length);
            float* memory = needed <= WorkSlice.ScratchFloats ? s.Scratch : (float*)NativeMemory.AlignedAlloc((nuint)needed * sizeof(float), 64);
            int panels = (int)Math.Max(1, (WorkSlice.ScratchFloats - fixedFloats) / (GemmTile.Columns * (long)length));
            var lines = new TransformLines(alongHeight, x, pitch, length, memory, in a);
            lines.FillValues(sine);
            for (int first = 0; first < length; first += panels * GemmTile.Columns)
            {
                int last = Math.Min(length, first + (panels * GemmTile.Columns));
                lines.FillPanels(first, last);
                for (long line = start * a.Channels; line < end * a.Channels; line += GemmTile.Rows)
                    lines.Transform(line, (int)Math.Min(GemmTile.Rows, (end * a.Channels) - line), first, last, ref body);
            }

            if (memory != s.Scratch)
                NativeMemory.AlignedFree(memory);
        }

        body.EndChunk();
    }
}

/// <summary>The lines of a transform: one for each channel of each row, or of each column.</summary>
internal readonly unsafe struct TransformLines
{
    private readonly bool alongHeight;
    private readonly float* x, values, lines, tile, panels;
    private readonly nint pitch;
    private readonly int length, height, width, channels;

    public TransformLines(bool alongHeight, float* x, int pitch, int length, float* memory, in KernelArguments a)
    {
        this.alongHeight = alongHeight;
        this.x = x;
        this.pitch = pitch;
        this.length = length;
        height = a.Height;
        width = a.Width;
        channels = a.Channels;
        tile = memory;
        values = tile + (GemmTile.MaximumRows * GemmTile.Columns);
        lines = values + length;
        panels = lines + ((nint)GemmTile.MaximumRows * length);
    }

    /// <summary>values[j] = cos or sin(2πj/L).</summary>
    public void FillValues(bool sine)
    {
        for (int j = 0; j < length; j++)
            values[j] = (float)(sine ? double.SinPi(2.0 * j / length) : double.CosPi(2.0 * j / length));
    }

    /// <summary>Panels [n][16] of the table for the frequencies from first to last; columns beyond the last are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void FillPanels(int first, int last)
    {
        float* panel = panels;
        for (int k0 = first; k0 < last; k0 += GemmTile.Columns, panel += (nint)GemmTile.Columns * length)
        {
            for (int j = 0; j < GemmTile.Columns; j++)
            {
                int k = k0 + j, index = 0;
                for (nint n = 0; n < length; n++)
                {
                    panel[(n * GemmTile.Columns) + j] = k < last ? values[index] : 0f;
                    index += k;
                    index = index >= length ? index - length : index;
                }
            }
        }
    }

    /// <summary>Transforms the lines of a tile, or fewer, to the frequencies from first to last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Transform<TBody>(long line, int count, int first, int last, ref TBody body)
        where TBody : struct, IKernelBody
    {
        float** rows = stackalloc float*[GemmTile.MaximumRows];
        int tap = 0;
        nint step = alongHeight ? width * pitch : pitch;
        for (int r = 0; r < GemmTile.Rows; r++)
        {
            rows[r] = lines + ((nint)Math.Min(r, count - 1) * length);
            if (r >= count)
                continue;
            float* from = x + (FirstPixel((line + r) / channels) * pitch) + (nint)((line + r) % channels);
            for (nint n = 0; n < length; n++)
                rows[r][n] = from[n * step];
        }

        float* panel = panels;
        for (int k0 = first; k0 < last; k0 += GemmTile.Columns, panel += (nint)GemmTile.Columns * length)
        {
            GemmTile.Run(rows, &tap, 1, length, panel, 0, GemmTile.Columns, tile);
            for (int r = 0; r < count; r++)
                Emit(line + r, tile + (r * GemmTile.Columns), k0, Math.Min(GemmTile.Columns, last - k0), ref body);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Emit<TBody>(long line, float* results, int first, int count, ref TBody body)
        where TBody : struct, IKernelBody
    {
        long position = line / channels;
        int channel = (int)(line % channels);
        nint pixel = FirstPixel(position);
        if (alongHeight)
        {
            int image = (int)(position / width), column = (int)(position % width);
            for (int k = 0; k < count; k++)
                body.Apply(results[k], pixel + ((nint)(first + k) * width), image, first + k, column, channel);
        }
        else
        {
            int image = (int)(position / height), y = (int)(position % height);
            for (int k = 0; k < count; k++)
                body.Apply(results[k], pixel + first + k, image, y, first + k, channel);
        }
    }

    private nint FirstPixel(long position) => alongHeight
        ? (nint)((position / width * height * width) + (position % width))
        : (nint)(position * width);
}
