using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>Where an output pixel lies.</summary>
internal struct PixelPosition
{
    public nint Pixel;
    public int Image, Y, X;
}

/// <summary>
/// Some 96 output pixels that share one list of taps, as indirect GEMM rows: a pointer to the input pixel of each
/// (tap, pixel). Taps outside of the picture point to a line of zeros, so that padding, stride, dilation and row ends
/// all go through the same tile.
/// </summary>
/// <remarks>
/// A block is multiplied panel by panel: a panel of weights (37 KiB for 3×3×64×16) is read from L2 for all its tiles, and
/// the pointers are made once for all panels. Where a pixel has but a few channels, such as three colours, its taps are copied to one
/// line instead, so that the tile's inner loop is long.
/// </remarks>
internal unsafe struct PixelBlock
{
    private const int MaximumPixels = 96;

    /// <summary>Most channels whose taps are copied together.</summary>
    private const int ThinDepth = 4;

    private readonly float* input, zeros, tile, copies;
    private readonly nint pitch;
    private readonly int inputHeight, inputWidth, depth, step, capacity;
    private readonly int* tapIndex, tapY, tapX, runFloats;
    private readonly nint* tapOffset;
    private readonly PixelPosition* positions;
    private readonly float** rows;
    private readonly nint* freshOffset;
    private int taps, fresh, count, minimumY, maximumY, minimumX, maximumX;

    /// <summary>A block that reads an NHWC tensor.</summary>
    /// <param name="maximumTaps">Most taps that a pixel may have.</param>
    /// <param name="depth">Channels of the tensor that is read.</param>
    /// <param name="input">The tensor.</param>
    /// <param name="pitch">Floats from one of its pixels to the next.</param>
    /// <param name="inputHeight">Its height.</param>
    /// <param name="inputWidth">Its width.</param>
    /// <param name="step">Input pixels from one output pixel's base to the next.</param>
    /// <param name="scratch">The worker's scratch, <see cref="WorkSlice.ScratchFloats"/> floats.</param>
    public PixelBlock(int maximumTaps, int depth, float* input, int pitch, int inputHeight, int inputWidth, int step, float* scratch)
    {
        this.input = input;
        this.pitch = pitch;
        this.inputHeight = inputHeight;
        this.inputWidth = inputWidth;
        this.depth = depth;
        this.step = step;
        int zeroFloats = (depth + 15) / 16 * 16, tapSlots = (maximumTaps + 15) / 16 * 16;
        byte* next = (byte*)(scratch + zeroFloats);
        zeros = scratch;
        tile = (float*)Take(ref next, GemmTile.Rows * GemmTile.MaximumColumns * sizeof(float));
        positions = (PixelPosition*)Take(ref next, MaximumPixels * sizeof(PixelPosition));
        tapIndex = (int*)Take(ref next, tapSlots * sizeof(int));
        tapY = (int*)Take(ref next, tapSlots * sizeof(int));
        tapX = (int*)Take(ref next, tapSlots * sizeof(int));
        runFloats = (int*)Take(ref next, tapSlots * sizeof(int));
        tapOffset = (nint*)Take(ref next, tapSlots * sizeof(nint));
        freshOffset = (nint*)Take(ref next, tapSlots * sizeof(nint));
        long copied = (long)MaximumPixels * maximumTaps * depth;
        copies = depth <= ThinDepth && copied <= WorkSlice.ScratchFloats / 4 ? (float*)Take(ref next, (int)copied * sizeof(float)) : null;
        rows = (float**)next;
        long left = ((long)WorkSlice.ScratchFloats * sizeof(float)) - (next - (byte*)scratch);
        long tiles = Math.Min(MaximumPixels / GemmTile.Rows, left / (GemmTile.Rows * (long)maximumTaps * sizeof(float*)));
        if (tiles < 1)
            throw new NotSupportedException($"A convolution with {maximumTaps} taps and {depth} channels does not fit a worker's scratch memory; split it into smaller kernels or channel groups.");
        capacity = (int)tiles * GemmTile.Rows;
        new Span<float>(zeros, zeroFloats).Clear();
        ClearTaps();
    }

    /// <summary>Whether the block must be multiplied before it takes another pixel.</summary>
    public readonly bool IsFull => count == capacity;

    /// <summary>Begins a new list of taps. The block must be empty.</summary>
    public void ClearTaps()
    {
        taps = fresh = 0;
        minimumY = minimumX = int.MaxValue;
        maximumY = maximumX = int.MinValue;
    }

    /// <summary>Adds a tap that reads the input pixel (base y + dy, base x + dx).</summary>
    /// <param name="index">Its place in the packed weights, kh·KW + kw.</param>
    /// <param name="dy">Distance in input rows from a pixel's base.</param>
    /// <param name="dx">Distance in input columns from a pixel's base.</param>
    public void AddTap(int index, int dy, int dx)
    {
        tapIndex[taps] = index;
        tapY[taps] = dy;
        tapX[taps] = dx;
        tapOffset[taps] = (((nint)dy * inputWidth) + dx) * pitch;
        taps++;
        minimumY = Math.Min(minimumY, dy);
        maximumY = Math.Max(maximumY, dy);
        minimumX = Math.Min(minimumX, dx);
        maximumX = Math.Max(maximumX, dx);
    }

    /// <summary>
    /// Ends the list: finds the taps that the pixel before did not have, in its row or the row above, and those that lie in memory one
    /// after the other.
    /// </summary>
    public void EndTaps()
    {
        for (int t = taps - 1; t >= 0; t--)
            runFloats[t] = depth + (t + 1 < taps && tapOffset[t + 1] == tapOffset[t] + depth ? runFloats[t + 1] : 0);
        for (int t = 0; t < taps; t++)
        {
            if (tapY[t] > maximumY - step && tapX[t] > maximumX - step)
                freshOffset[fresh++] = tapOffset[t];
        }
    }

    /// <summary>Adds an output pixel whose taps are relative to input pixel (baseY, baseX).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(nint pixel, int image, int y, int x, int baseY, int baseX)
    {
        int slot = count++;
        positions[slot] = new PixelPosition { Pixel = pixel, Image = image, Y = y, X = x };
        float* center = input + ((((((nint)image * inputHeight) + baseY) * inputWidth) + baseX) * pitch);
        bool interior = baseY + minimumY >= 0 && baseY + maximumY < inputHeight && baseX + minimumX >= 0 && baseX + maximumX < inputWidth;
        if (copies != null)
        {
            Copy(copies + ((nint)slot * taps * depth), center, interior, baseY, baseX);
            return;
        }

        // The rest of the block is added before any of it is multiplied: time for what is new to arrive.
        for (int t = 0; t < fresh; t++)
        {
            for (int c = 0; c < depth; c += Cache.LineFloats)
                Cache.Prefetch(center + freshOffset[t] + c);
        }

        float** row = rows + ((nint)(slot / GemmTile.Rows) * taps * GemmTile.Rows) + (slot % GemmTile.Rows);
        for (int t = 0; t < taps; t++, row += GemmTile.Rows)
        {
            bool inside = interior || ((uint)(baseY + tapY[t]) < (uint)inputHeight && (uint)(baseX + tapX[t]) < (uint)inputWidth);
            *row = inside ? center + tapOffset[t] : zeros;
        }
    }

    /// <summary>Multiplies the block with all panels of packed weights, hands the results to the body, empties the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply<TBody>(float* packed, int panelTaps, int channels, ref TBody body)
        where TBody : struct, IKernelBody
    {
        if (count == 0)
            return;
        FillLastTile();
        nint panelFloats = (nint)panelTaps * depth;
        for (int first = 0; first < channels; first += GemmTile.MaximumColumns)
        {
            for (int slot = 0; slot < count; slot++)
                PrefetchOperands(positions[slot].Pixel, first, Math.Min(first + GemmTile.MaximumColumns, channels), ref body);
            for (int slot = 0; slot < count; slot += GemmTile.Rows)
            {
                for (int channel = first, width; channel < Math.Min(first + GemmTile.MaximumColumns, channels); channel += width)
                {
                    width = GemmTile.TileWidth(channels, channel);
                    float* panel = packed + (channel * panelFloats);
                    if (copies == null)
                        GemmTile.Run(rows + ((nint)slot * taps), tapIndex, taps, depth, panel, GemmTile.Columns * panelFloats, width, tile);
                    else
                        MultiplyCopies(slot, panel, panelFloats, width);
                    Emit(positions + slot, Math.Min(GemmTile.Rows, count - slot), tile, width, channel, Math.Min(width, channels - channel), ref body);
                }
            }
        }

        count = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchOperands<TBody>(nint pixel, int first, int end, ref TBody body)
        where TBody : struct, IKernelBody
    {
        for (int c = first; c < end; c += Cache.LineFloats)
            body.Prefetch(pixel, c);
    }

    /// <summary>A pixel's taps in the order of their list, zeros for those outside of the picture.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Copy(float* to, float* center, bool interior, int baseY, int baseX)
    {
        if (interior)
        {
            for (int t = 0, floats; t < taps; t += floats / depth, to += floats)
            {
                floats = runFloats[t];
                float* from = center + tapOffset[t];
                int i = 0;
                for (; i + 8 <= floats; i += 8)
                    Vector256.Load(from + i).Store(to + i);
                for (; i < floats; i++)
                    to[i] = from[i];
            }

            return;
        }

        for (int t = 0; t < taps; t++, to += depth)
        {
            bool inside = (uint)(baseY + tapY[t]) < (uint)inputHeight && (uint)(baseX + tapX[t]) < (uint)inputWidth;
            float* from = inside ? center + tapOffset[t] : zeros;
            for (int c = 0; c < depth; c++)
                to[c] = from[c];
        }
    }

    /// <summary>
    /// A tile of copied pixels. The panel has their taps one after the other only if all of its taps are in the list; else each is a
    /// part of its own.
    /// </summary>
    private readonly void MultiplyCopies(int slot, float* panel, nint panelFloats, int width)
    {
        nint length = (nint)taps * depth;
        for (int r = 0; r < GemmTile.Rows; r++)
            rows[r] = copies + (Math.Min(slot + r, count - 1) * length);
        int whole = 0;
        if (length == panelFloats)
        {
            GemmTile.Run(rows, &whole, 1, length, panel, GemmTile.Columns * panelFloats, width, tile);
            return;
        }

        for (int t = taps - 1; t >= 0; t--)
        {
            for (int r = 0; r < GemmTile.Rows; r++)
                rows[(t * GemmTile.Rows) + r] = rows[r] + (t * depth);
        }

        GemmTile.Run(rows, tapIndex, taps, depth, panel, GemmTile.Columns * panelFloats, width, tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Emit<TBody>(PixelPosition* position, int pixels, float* tile, int width, int first, int channels, ref TBody body)
        where TBody : struct, IKernelBody
    {
        for (int i = 0; i < pixels; i++, position++, tile += width)
        {
            int c = 0;
            for (; c + 8 <= channels; c += 8)
                body.Apply(Vector256.Load(tile + c), position->Pixel, position->Image, position->Y, position->X, first + c);
            for (; c < channels; c++)
                body.Apply(tile[c], position->Pixel, position->Image, position->Y, position->X, first + c);
        }
    }

    private static byte* Take(ref byte* next, int bytes)
    {
        byte* taken = next;
        next += (bytes + 63) / 64 * 64;
        return taken;
    }

    private readonly void FillLastTile()
    {
        if (copies != null)
            return;
        for (int slot = count; slot % GemmTile.Rows != 0; slot++)
        {
            float** row = rows + ((nint)(slot / GemmTile.Rows) * taps * GemmTile.Rows) + (slot % GemmTile.Rows);
            for (int t = 0; t < taps; t++)
                row[t * GemmTile.Rows] = zeros;
        }
    }
}
