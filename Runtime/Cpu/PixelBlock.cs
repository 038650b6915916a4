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
/// Up to 96 output pixels that share one list of taps, as indirect GEMM rows: a pointer to the input pixel of each
/// (tap, pixel). Taps outside of the picture point to a line of zeros, so that padding, stride, dilation and row ends
/// all go through the same tile.
/// </summary>
/// <remarks>
/// A block is multiplied panel by panel: a panel of weights (37 KiB for 3×3×64×16) is read from L2 for 16 tiles, and
/// the pointers are made once for all panels.
/// </remarks>
internal unsafe struct PixelBlock
{
    private const int MaximumTiles = 16;

    private readonly float* input, zeros, tile;
    private readonly nint pitch;
    private readonly int inputHeight, inputWidth, depth, capacity;
    private readonly int* tapIndex, tapY, tapX;
    private readonly nint* tapOffset;
    private readonly PixelPosition* positions;
    private readonly float** rows;
    private int taps, count, minimumY, maximumY, minimumX, maximumX;

    /// <summary>A block that reads an NHWC tensor.</summary>
    /// <param name="maximumTaps">Most taps that a pixel may have.</param>
    /// <param name="depth">Channels of the tensor that is read.</param>
    /// <param name="input">The tensor.</param>
    /// <param name="pitch">Floats from one of its pixels to the next.</param>
    /// <param name="inputHeight">Its height.</param>
    /// <param name="inputWidth">Its width.</param>
    /// <param name="scratch">The worker's scratch, <see cref="WorkSlice.ScratchFloats"/> floats.</param>
    public PixelBlock(int maximumTaps, int depth, float* input, int pitch, int inputHeight, int inputWidth, float* scratch)
    {
        this.input = input;
        this.pitch = pitch;
        this.inputHeight = inputHeight;
        this.inputWidth = inputWidth;
        this.depth = depth;
        int zeroFloats = (depth + 15) / 16 * 16, tapSlots = (maximumTaps + 15) / 16 * 16;
        byte* next = (byte*)(scratch + zeroFloats);
        zeros = scratch;
        tile = (float*)Take(ref next, GemmTile.Rows * GemmTile.Columns * sizeof(float));
        positions = (PixelPosition*)Take(ref next, MaximumTiles * GemmTile.Rows * sizeof(PixelPosition));
        tapIndex = (int*)Take(ref next, tapSlots * sizeof(int));
        tapY = (int*)Take(ref next, tapSlots * sizeof(int));
        tapX = (int*)Take(ref next, tapSlots * sizeof(int));
        tapOffset = (nint*)Take(ref next, tapSlots * sizeof(nint));
        rows = (float**)next;
        long left = ((long)WorkSlice.ScratchFloats * sizeof(float)) - (next - (byte*)scratch);
        long tiles = Math.Min(MaximumTiles, left / (GemmTile.Rows * (long)maximumTaps * sizeof(float*)));
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
        taps = 0;
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

    /// <summary>Adds an output pixel whose taps are relative to input pixel (baseY, baseX).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(nint pixel, int image, int y, int x, int baseY, int baseX)
    {
        int slot = count++;
        positions[slot] = new PixelPosition { Pixel = pixel, Image = image, Y = y, X = x };
        float** row = rows + ((nint)(slot / GemmTile.Rows) * taps * GemmTile.Rows) + (slot % GemmTile.Rows);
        float* center = input + ((((((nint)image * inputHeight) + baseY) * inputWidth) + baseX) * pitch);
        bool interior = baseY + minimumY >= 0 && baseY + maximumY < inputHeight && baseX + minimumX >= 0 && baseX + maximumX < inputWidth;
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
        for (int first = 0; first < channels; first += GemmTile.Columns)
        {
            int width = GemmTile.PanelWidth(channels, first);
            float* panel = packed + ((nint)first * panelTaps * depth);
            for (int slot = 0; slot < count; slot += GemmTile.Rows)
            {
                GemmTile.Run(rows + ((nint)slot * taps), tapIndex, taps, depth, panel, width, tile);
                Emit(positions + slot, Math.Min(GemmTile.Rows, count - slot), tile, width, first, Math.Min(width, channels - first), ref body);
            }
        }

        count = 0;
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
        for (int slot = count; slot % GemmTile.Rows != 0; slot++)
        {
            float** row = rows + ((nint)(slot / GemmTile.Rows) * taps * GemmTile.Rows) + (slot % GemmTile.Rows);
            for (int t = 0; t < taps; t++)
                row[t * GemmTile.Rows] = zeros;
        }
    }
}
