using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Dense 3×3 convolutions of stride and dilation 1, and their adjoints with respect to the input, by Winograd's F(4×4, 3×3): a quarter of the
/// multiplications of <see cref="DenseConvolution"/>, to about 1e-6 of the largest result.
/// </summary>
/// <remarks>If <see cref="KernelArguments.Strict"/> is set, <see cref="WinogradPacking"/> packs for direct convolution and these methods run it.</remarks>
public static unsafe class WinogradConvolution
{
    /// <summary>Whether a convolution has this form.</summary>
    public static bool Supports(in ConvolutionGeometry geometry) =>
        geometry is { KernelHeight: 3, KernelWidth: 3, Stride: 1, Dilation: 1, Padding: >= 0 and <= 2 };

    /// <summary>What <see cref="DenseConvolution.Run"/> computes; the same operands but for the weights, the same calls of the body in another order.</summary>
    /// <param name="geometry">The convolution, one that is supported.</param>
    /// <param name="x">Input, NHWC.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="packed">Weights from <see cref="WinogradPacking.PackForward"/>.</param>
    /// <param name="body">The epilogue.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk; tiles of 4×4 pixels of the domain are shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* packed, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        if (a.Strict)
            DenseConvolution.Run(in geometry, x, xPitch, packed, ref body, in a, in s);
        else
            RunTiles(geometry.InputChannels, geometry.OutputChannels, geometry.Padding, x, xPitch, packed, ref body, in a, in s);
    }

    /// <summary>
    /// What <see cref="DenseConvolutionTransposed.Run"/> computes: with stride 1 a convolution too, with the mirrored kernel
    /// and a padding of 2 − p.
    /// </summary>
    /// <param name="geometry">The convolution that this is the adjoint of, one that is supported.</param>
    /// <param name="x">What is read, NHWC.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="packed">Weights from <see cref="WinogradPacking.PackTransposed"/>.</param>
    /// <param name="body">The epilogue.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk; tiles of 4×4 pixels of the domain are shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunTransposed<TBody>(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* packed, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        if (a.Strict)
            DenseConvolutionTransposed.Run(in geometry, x, xPitch, packed, ref body, in a, in s);
        else
            RunTiles(geometry.OutputChannels, geometry.InputChannels, 2 - geometry.Padding, x, xPitch, packed, ref body, in a, in s);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunTiles<TBody>(
        int depth, int channels, int padding, float* x, int xPitch, float* packed, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        var block = new WinogradBlock(depth, padding, x, xPitch, in a, s.Scratch);
        var (start, end) = s.Range(block.Tiles, block.Capacity);
        for (long first = start; first < end; first += block.Capacity)
        {
            int count = (int)Math.Min(block.Capacity, end - first);
            block.Load(first, count);
            for (int channel = 0, width; channel < channels; channel += width)
            {
                width = WinogradGemm.Columns(channels, channel);
                block.Begin(width, (nint)WinogradTransform.Products * depth * GemmTile.Columns);
                for (int product = 0; product < WinogradTransform.Products; product++)
                {
                    block.Multiply(packed + ((nint)channel * WinogradTransform.Products * depth), product);
                    // What comes next travels to L2 while the products are computed: a share of the following block's inputs, and
                    // what the body will read and write.
                    block.Prefetch(first + block.Capacity, (channel * WinogradTransform.Products) + (product * width), channels * WinogradTransform.Products, width);
                    int from = count * product / WinogradTransform.Products, to = count * (product + 1) / WinogradTransform.Products;
                    for (int tile = from; tile < to; tile++)
                        PrefetchOperands(block.Position(first + tile), channel, Math.Min(width, channels - channel), ref body, in a);
                }

                for (int tile = 0; tile < count; tile++)
                {
                    float* results = block.Results(tile);
                    Emit(block.Position(first + tile), results, width, channel, Math.Min(width, channels - channel), ref body, in a);
                }
            }
        }

        body.EndChunk();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchOperands<TBody>(PixelPosition position, int first, int channels, ref TBody body, in KernelArguments a)
        where TBody : struct, IKernelBody
    {
        int endX = Math.Min(WinogradTransform.Outputs, a.Width - position.X);
        for (int y = 0; y < Math.Min(WinogradTransform.Outputs, a.Height - position.Y); y++)
        {
            for (int x = 0; x < endX; x++)
            {
                for (int c = 0; c < channels; c += Cache.LineFloats)
                    body.Prefetch(position.Pixel + ((nint)y * a.Width) + x, first + c);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Emit<TBody>(
        PixelPosition position, float* results, int width, int first, int channels, ref TBody body, in KernelArguments a)
        where TBody : struct, IKernelBody
    {
        int endY = Math.Min(WinogradTransform.Outputs, a.Height - position.Y), endX = Math.Min(WinogradTransform.Outputs, a.Width - position.X);
        for (int y = 0; y < endY; y++)
        {
            float* line = results + (y * WinogradTransform.Outputs * width);
            nint pixel = position.Pixel + ((nint)y * a.Width);
            for (int x = 0; x < endX; x++, line += width)
            {
                int c = 0;
                for (; c + 8 <= channels; c += 8)
                    body.Apply(Vector256.Load(line + c), pixel + x, position.Image, position.Y + y, position.X + x, first + c);
                for (; c < channels; c++)
                    body.Apply(line[c], pixel + x, position.Image, position.Y + y, position.X + x, first + c);
            }
        }
    }
}

/// <summary>Some tens of tiles on their way from inputs to outputs, in the worker's scratch memory.</summary>
internal unsafe struct WinogradBlock
{
    /// <summary>Bytes of transformed inputs that a block aims at: they are read once a panel, and share L2 with the panel.</summary>
    private const int TargetBytes = 448 << 10;

    /// <summary>Most tiles of a block: more save nothing, and with few channels a block then stays near L1.</summary>
    private const int MaximumTiles = 24;

    // Keeps the 36 products of a tile out of each other's cache sets.
    private const int Skew = 16;

    private readonly float* x, m, results, temporary, edge;
    private readonly nint pitch;
    private readonly int depth, inputs, paddedDepth, inputHeight, inputWidth, height, width, tilesX, tilesY;
    private nint mProduct, secondPanel;
    private int paddingY, paddingX, count, rounded, columns;

    /// <summary>
    /// A block of tiles with so many inputs along an axis, those of <see cref="WinogradTransform"/> or <see cref="WinogradPairTransform"/>; its
    /// capacity follows from the channels unless it is given.
    /// </summary>
    public WinogradBlock(
        int depth, int padding, float* x, int xPitch, in KernelArguments a, float* scratch, int capacity = 0, int inputs = WinogradTransform.Inputs)
    {
        this.depth = depth;
        this.inputs = inputs;
        int products = inputs * inputs;
        paddingY = paddingX = padding;
        this.x = x;
        pitch = xPitch;
        inputHeight = a.InputHeight;
        inputWidth = a.InputWidth;
        height = a.Height;
        width = a.Width;
        tilesY = (a.Height + WinogradTransform.Outputs - 1) / WinogradTransform.Outputs;
        tilesX = (a.Width + WinogradTransform.Outputs - 1) / WinogradTransform.Outputs;
        Tiles = (long)a.Images * tilesY * tilesX;
        paddedDepth = (depth + 15) / 16 * 16;
        temporary = scratch;
        results = temporary + (WinogradTransform.Products * 16);
        edge = results + (WinogradTransform.Outputs * WinogradTransform.Outputs * WinogradGemm.MaximumColumns);
        Inputs = edge + ((nint)products * paddedDepth);
        long left = WorkSlice.ScratchFloats - (Inputs - scratch) - (2 * products * Skew);
        long perTile = products * ((long)paddedDepth + WinogradGemm.MaximumColumns);
        long groups = Math.Min(left / perTile, Math.Min(MaximumTiles, TargetBytes / sizeof(float) / (products * paddedDepth))) / WinogradGemm.Rows;
        if (left < perTile * WinogradGemm.Rows)
            throw new NotSupportedException($"A Winograd convolution of {depth} channels does not fit a worker's scratch memory; use direct convolution.");
        Capacity = capacity > 0 ? capacity : (int)Math.Max(1, groups) * WinogradGemm.Rows;
        InputProduct = ((nint)Capacity * paddedDepth) + Skew;
        m = Inputs + (products * InputProduct);
    }

    /// <summary>Transformed inputs: [36 or 25 products][tile][channel].</summary>
    public float* Inputs { get; }

    /// <summary>Floats from one product's inputs to the next.</summary>
    public nint InputProduct { get; }

    /// <summary>Floats from one tile's inputs to the next.</summary>
    public readonly nint InputPitch => paddedDepth;

    /// <summary>Scratch memory that a block without products leaves free.</summary>
    public readonly float* Free => m;

    /// <summary>Tiles that a block takes.</summary>
    public int Capacity { get; }

    /// <summary>Tiles of all pictures.</summary>
    public long Tiles { get; }

    /// <summary>First output pixel of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PixelPosition Position(long tile)
    {
        int tileX = (int)(tile % tilesX), row = (int)(tile / tilesX), image = row / tilesY;
        int y = (row % tilesY) * WinogradTransform.Outputs, column = tileX * WinogradTransform.Outputs;
        return new PixelPosition { Pixel = (((((nint)image * height) + y) * width) + column), Image = image, Y = y, X = column };
    }

    /// <summary>Sets how far above and left of its outputs a tile's inputs begin.</summary>
    public void Pad(int y, int x) => (paddingY, paddingX) = (y, x);

    /// <summary>Transforms the inputs of tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Load(long first, int count)
    {
        this.count = count;
        rounded = (count + WinogradGemm.Rows - 1) / WinogradGemm.Rows * WinogradGemm.Rows;
        for (int tile = 0; tile < count; tile++)
        {
            PixelPosition position = Position(first + tile);
            int y = position.Y - paddingY, column = position.X - paddingX;
            float* from = x + ((((((nint)position.Image * inputHeight) + y) * inputWidth) + column) * pitch);
            nint row = inputWidth * pitch, step = pitch;
            bool inside = y >= 0 && column >= 0 && y + inputs <= inputHeight && column + inputs <= inputWidth;
            if (!inside || depth % 8 != 0)
            {
                CopyEdge(from, y, column);
                from = edge;
                step = paddedDepth;
                row = inputs * paddedDepth;
            }

            Transform(from, row, step, Inputs + ((nint)tile * paddedDepth));
        }

        // Tiles that only fill a register tile: finite, since subnormals and NaN left by others could be slow.
        for (int tile = count; tile < rounded; tile++)
        {
            for (int p = 0; p < inputs * inputs; p++)
                new Span<float>(Inputs + (p * InputProduct) + ((nint)tile * paddedDepth), depth).Clear();
        }
    }

    /// <summary>Goes to a panel of so many channels, from <see cref="WinogradGemm.Columns"/>; a second panel is so many floats from it.</summary>
    public void Begin(int columns, nint secondPanel)
    {
        this.columns = columns;
        this.secondPanel = secondPanel;
        mProduct = ((nint)rounded * columns) + Skew;
    }

    /// <summary>One of the products of the block with the panel.</summary>
    public readonly void Multiply(float* panel, int product)
    {
        float* u = panel + (product * (nint)depth * Math.Min(columns, GemmTile.Columns));
        WinogradGemm.Run(Inputs + (product * InputProduct), InputPitch, u, secondPanel, depth, columns, m + (product * mProduct), count);
    }

    /// <summary>The outputs of a tile for the panel that was multiplied with: 16 pixels of the panel's channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly float* Results(int tile)
    {
        float* from = m + ((nint)tile * columns);
        int c = 0;
        if (inputs == WinogradTransform.Inputs)
        {
            for (; Vector512.IsHardwareAccelerated && c + 16 <= columns; c += 16)
                WinogradTransform.OutputWide(from + c, mProduct, results + c, columns);
            for (; c < columns; c += 8)
                WinogradTransform.Output(from + c, mProduct, results + c, columns, temporary);
        }
        else
        {
            for (; Vector512.IsHardwareAccelerated && c + 16 <= columns; c += 16)
                WinogradPairTransform.OutputWide(from + c, mProduct, results + c, columns, temporary);
            for (; c < columns; c += 8)
                WinogradPairTransform.Output(from + c, mProduct, results + c, columns, temporary);
        }

        return results;
    }

    /// <summary>
    /// Asks for a share of the inputs of a block that begins at a tile: those between two moments of so many that a block has. What a
    /// tile has in common with the one before it is not asked for again. The block may be the next chunk's, which the same worker is
    /// likely to take.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Prefetch(long first, int moment, int moments, int length)
    {
        // In units of a row of four pixels.
        int units = (int)Math.Clamp(Tiles - first, 0, Capacity) * inputs;
        int unit = (int)((long)units * moment / moments), last = (int)((long)units * (moment + length) / moments);
        for (; unit < last; unit++)
        {
            PixelPosition position = Position(first + (unit / inputs));
            int y = Math.Clamp(position.Y - paddingY + (unit % inputs), 0, inputHeight - 1);
            int column = Math.Min(position.X - paddingX + inputs - WinogradTransform.Outputs, inputWidth - 1);
            int pixels = Math.Min(WinogradTransform.Outputs, inputWidth - column);
            float* line = x + ((((((nint)position.Image * inputHeight) + y) * inputWidth) + column) * pitch);
            for (int i = 0; i < pixels; i++, line += pitch)
            {
                for (int c = 0; c < depth; c += Cache.LineFloats)
                    Cache.Prefetch(line + c);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Transform(float* from, nint row, nint step, float* to)
    {
        nint c = 0;
        if (inputs == WinogradTransform.Inputs)
        {
            for (; Vector512.IsHardwareAccelerated && c + 16 <= depth; c += 16)
                WinogradTransform.InputWide(from + c, row, step, to + c, InputProduct);
            for (; c < depth; c += 8)
                WinogradTransform.Input(from + c, row, step, to + c, InputProduct, temporary);
            return;
        }

        for (; Vector512.IsHardwareAccelerated && c + 16 <= depth; c += 16)
            WinogradPairTransform.InputWide(from + c, row, step, to + c, InputProduct, temporary);
        for (; c < depth; c += 8)
            WinogradPairTransform.Input(from + c, row, step, to + c, InputProduct, temporary);
    }

    /// <summary>Copies a tile that reaches beyond the picture, or has channels that fill no vector, with zeros for what is missing.</summary>
    private readonly void CopyEdge(float* from, int y, int column)
    {
        float* to = edge;
        for (int i = 0; i < inputs; i++)
        {
            for (int j = 0; j < inputs; j++, to += paddedDepth)
            {
                var line = new Span<float>(to, paddedDepth);
                if ((uint)(y + i) >= (uint)inputHeight || (uint)(column + j) >= (uint)inputWidth)
                {
                    line.Clear();
                    continue;
                }

                new ReadOnlySpan<float>(from + ((((nint)i * inputWidth) + j) * pitch), depth).CopyTo(line);
                line[depth..].Clear();
            }
        }
    }
}
