using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Gradient of a dense convolution with respect to its weights: for each tap a GEMM over pixels, in register tiles of
/// 6 output × 16 input channels.
/// </summary>
/// <remarks>
/// A chunk owns whole tiles of the result and walks all pixels for them in one fixed order, so that the result does not
/// depend on the number of chunks and nothing has to be combined.
/// </remarks>
public static unsafe class ConvolutionWeightGradient
{
    /// <summary>
    /// Pixels of gy that a tile is accumulated over at a time. A block of x (196 KiB for 3 rows of 64 channels) stays in L2; the
    /// ends of a tile, some 100 cycles, are small beside its 1,500.
    /// </summary>
    private const int BlockPixels = 256;

    /// <summary>
    /// dw[o, kh, kw, i] = Σ gy[n, oy, ox, o] · x[n, oy·s − p + kh·d, ox·s − p + kw·d, i]. Overwrites dw.
    /// </summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="x">Its input, NHWC, <see cref="KernelArguments.InputHeight"/> × <see cref="KernelArguments.InputWidth"/>.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="gy">Gradient of its output, NHWC.</param>
    /// <param name="gyPitch">Floats from one pixel of gy to the next.</param>
    /// <param name="dw">Gradient of the weights: O, KH, KW, I, dense.</param>
    /// <param name="images">N of x and gy.</param>
    /// <param name="gyHeight">H of gy.</param>
    /// <param name="gyWidth">W of gy.</param>
    /// <param name="a">The launch; only the input extents are read.</param>
    /// <param name="s">The chunk; tiles of dw are shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* gy, int gyPitch, float* dw,
        int images, int gyHeight, int gyWidth, in KernelArguments a, in WorkSlice s)
    {
        var tiles = new GradientTiles(in geometry, x, xPitch, gy, gyPitch, dw, gyHeight, gyWidth, in a, s.Scratch);
        var (start, end) = s.Range(tiles.Count);
        for (long item = start; item < end; item++)
            tiles.Clear(item);
        if (start == end || gyWidth == 0 || gyHeight == 0)
            return;

        int columns = Math.Min(gyWidth, BlockPixels), rows = Math.Clamp(BlockPixels / gyWidth, 1, gyHeight);
        tiles.LimitToScratch(ref rows, ref columns);
        for (int image = 0; image < images; image++)
        {
            for (int y = 0; y < gyHeight; y += rows)
            {
                for (int column = 0; column < gyWidth; column += columns)
                {
                    tiles.Select(image, y, Math.Min(rows, gyHeight - y), column, Math.Min(columns, gyWidth - column));
                    for (long item = start; item < end; item++)
                        tiles.Accumulate(item);
                }
            }
        }
    }
}

/// <summary>The tiles of a weight gradient, and the block of pixels that they are being accumulated over.</summary>
internal unsafe struct GradientTiles
{
    private const int TileRows = GradientTile.Rows, TileColumns = GradientTile.Columns;
    private readonly ConvolutionGeometry geometry;
    private readonly float* x, gy, dw, tile, tail;
    private readonly nint xPitch, gyPitch;
    private readonly int gyHeight, gyWidth, inputHeight, inputWidth, panels, tailFirst, tailWidth;
    private int image, firstRow, rows, firstColumn, columns, span;

    public GradientTiles(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* gy, int gyPitch, float* dw, int gyHeight, int gyWidth,
        in KernelArguments a, float* scratch)
    {
        this.geometry = geometry;
        this.x = x;
        this.xPitch = xPitch;
        this.gy = gy;
        this.gyPitch = gyPitch;
        this.dw = dw;
        this.gyHeight = gyHeight;
        this.gyWidth = gyWidth;
        inputHeight = a.InputHeight;
        inputWidth = a.InputWidth;
        panels = (geometry.InputChannels + TileColumns - 1) / TileColumns;
        tailFirst = geometry.InputChannels / TileColumns * TileColumns;
        int left = geometry.InputChannels - tailFirst;
        tailWidth = left == 0 ? 0 : left <= 8 ? 8 : TileColumns;
        tile = scratch;
        tail = scratch + (TileRows * TileColumns);
    }

    /// <summary>Number of tiles: groups of 6 output channels × taps × panels of 16 input channels.</summary>
    public readonly long Count => (long)((geometry.OutputChannels + TileRows - 1) / TileRows) * geometry.Taps * panels;

    /// <summary>Shrinks a block until the copy that <see cref="Select"/> makes of its last channels fits scratch.</summary>
    public readonly void LimitToScratch(ref int blockRows, ref int blockColumns)
    {
        long limit = WorkSlice.ScratchFloats - (TileRows * TileColumns);
        while ((long)geometry.KernelHeight * blockRows * Span(blockColumns) * tailWidth > limit)
        {
            if (blockRows > 1)
                blockRows = (blockRows + 1) / 2;
            else if (blockColumns > 1)
                blockColumns = (blockColumns + 1) / 2;
            else
                throw new NotSupportedException($"The weight gradient of a {geometry.KernelHeight}×{geometry.KernelWidth} kernel with dilation {geometry.Dilation} does not fit a worker's scratch memory; use a smaller kernel.");
        }
    }

    /// <summary>Sets a tile of dw to zero.</summary>
    public readonly void Clear(long item)
    {
        var (output, tap, first) = Decode(item);
        int height = Math.Min(TileRows, geometry.OutputChannels - output), width = Math.Min(TileColumns, geometry.InputChannels - first);
        for (int r = 0; r < height; r++)
            new Span<float>(Weights(output + r, tap, first), width).Clear();
    }

    /// <summary>
    /// Goes to a block of gy. Input channels that fill no tile are copied to lines of 8 or 16, so that the tile never reads
    /// beyond a pixel's channels.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Select(int image, int firstRow, int rows, int firstColumn, int columns)
    {
        (this.image, this.firstRow, this.rows, this.firstColumn, this.columns) = (image, firstRow, rows, firstColumn, columns);
        span = Span(columns);
        if (tailWidth == 0)
            return;
        int left = geometry.InputChannels - tailFirst, base0 = (firstColumn * geometry.Stride) - geometry.Padding;
        for (int kh = 0; kh < geometry.KernelHeight; kh++)
        {
            for (int r = 0; r < rows; r++)
            {
                int y = ((firstRow + r) * geometry.Stride) - geometry.Padding + (kh * geometry.Dilation);
                if ((uint)y >= (uint)inputHeight)
                    continue;
                float* to = tail + ((nint)((kh * rows) + r) * span * tailWidth);
                int j0 = Math.Max(0, -base0), j1 = Math.Min(span, inputWidth - base0);
                for (int j = j0; j < j1; j++)
                {
                    float* from = Input(y, base0 + j) + tailFirst;
                    float* line = to + ((nint)j * tailWidth);
                    for (int c = 0; c < tailWidth; c++)
                        line[c] = c < left ? from[c] : 0f;
                }
            }
        }
    }

    /// <summary>Adds the selected block's share to a tile of dw.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Accumulate(long item)
    {
        var (output, tap, first) = Decode(item);
        int kh = tap / geometry.KernelWidth, kw = tap % geometry.KernelWidth, stride = geometry.Stride;
        var (y0, y1) = Valid(kh, firstRow, rows, inputHeight);
        var (x0, x1) = Valid(kw, firstColumn, columns, inputWidth);
        if (y0 >= y1 || x0 >= x1)
            return;

        bool copied = first == tailFirst;
        float* source = copied
            ? tail + (((((nint)kh * rows) + y0 - firstRow) * span) + ((nint)(x0 - firstColumn) * stride) + (kw * geometry.Dilation)) * tailWidth
            : Input((y0 * stride) - geometry.Padding + (kh * geometry.Dilation), (x0 * stride) - geometry.Padding + (kw * geometry.Dilation)) + first;
        nint step = stride * (copied ? tailWidth : xPitch);
        nint rowStep = copied ? (nint)span * tailWidth : (nint)stride * inputWidth * xPitch;
        float* gradient = gy + (((((((nint)image * gyHeight) + y0) * gyWidth) + x0) * gyPitch) + output);
        int height = Math.Min(TileRows, geometry.OutputChannels - output), width = copied ? tailWidth : TileColumns;
        GradientTile.Run(source, step, rowStep, gradient, gyPitch, gyWidth * gyPitch, height - 1, y1 - y0, x1 - x0, width, tile);

        int used = Math.Min(width, geometry.InputChannels - first);
        for (int r = 0; r < height; r++)
        {
            float* to = Weights(output + r, tap, first);
            int c = 0;
            for (; c + 8 <= used; c += 8)
                (Vector256.Load(to + c) + Vector256.Load(tile + (r * width) + c)).Store(to + c);
            for (; c < used; c++)
                to[c] += tile[(r * width) + c];
        }
    }

    private readonly (int Output, int Tap, int First) Decode(long item)
    {
        int perGroup = geometry.Taps * panels, within = (int)(item % perGroup);
        return ((int)(item / perGroup) * TileRows, within / panels, within % panels * TileColumns);
    }

    /// <summary>The part of [first, first + count) whose input position lies inside [0, extent) for a tap.</summary>
    private readonly (int First, int End) Valid(int tap, int first, int count, int extent)
    {
        int shift = geometry.Padding - (tap * geometry.Dilation);
        int low = shift <= 0 ? 0 : (shift + geometry.Stride - 1) / geometry.Stride;
        int high = extent - 1 + shift < 0 ? 0 : ((extent - 1 + shift) / geometry.Stride) + 1;
        return (Math.Max(first, low), Math.Min(first + count, high));
    }

    private readonly int Span(int columns) => ((columns - 1) * geometry.Stride) + ((geometry.KernelWidth - 1) * geometry.Dilation) + 1;

    private readonly float* Input(int y, int column) => x + ((((((nint)image * inputHeight) + y) * inputWidth) + column) * xPitch);

    private readonly float* Weights(int output, int tap, int first) => dw + ((((nint)output * geometry.Taps) + tap) * geometry.InputChannels) + first;
}
