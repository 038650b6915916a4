using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Gradient of a 3×3 convolution of stride and dilation 1 with respect to its weights, as the adjoint of
/// <see cref="WinogradConvolution"/>: dw = Gᵀ (Σ over tiles (A gy Aᵀ) ⊙ (Bᵀ x B)) G, again a quarter of the multiplications.
/// </summary>
/// <remarks>
/// A chunk owns blocks of output × input channels and walks all tiles for them in one fixed order, so that the result does
/// not depend on the number of chunks. The sums of a block stay in scratch memory, and so in L2.
/// </remarks>
public static unsafe class WinogradWeightGradient
{
    /// <summary>Tiles that are transformed before they are multiplied: the depth of the products.</summary>
    internal const int BlockTiles = 24;

    /// <summary>Most channels of a block: 36 · 48 · 64 sums are 432 KiB, its transformed tiles another 390.</summary>
    private const int MaximumOutputs = 48, MaximumInputs = 64;

    /// <summary>What <see cref="ConvolutionWeightGradient.Run"/> computes; with the same operands.</summary>
    /// <param name="geometry">The convolution, one that <see cref="WinogradConvolution"/> supports.</param>
    /// <param name="x">Its input, NHWC, <see cref="KernelArguments.InputHeight"/> × <see cref="KernelArguments.InputWidth"/>.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="gy">Gradient of its output, NHWC.</param>
    /// <param name="gyPitch">Floats from one pixel of gy to the next.</param>
    /// <param name="dw">Gradient of the weights: O, 3, 3, I, dense.</param>
    /// <param name="images">N of x and gy.</param>
    /// <param name="gyHeight">H of gy.</param>
    /// <param name="gyWidth">W of gy.</param>
    /// <param name="a">The launch; only the input extents and <see cref="KernelArguments.Strict"/> are read.</param>
    /// <param name="s">The chunk; blocks of channels are shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* gy, int gyPitch, float* dw,
        int images, int gyHeight, int gyWidth, in KernelArguments a, in WorkSlice s)
    {
        if (a.Strict)
        {
            ConvolutionWeightGradient.Run(in geometry, x, xPitch, gy, gyPitch, dw, images, gyHeight, gyWidth, in a, in s);
            return;
        }

        KernelArguments launch = a;
        (launch.Images, launch.Height, launch.Width) = (images, gyHeight, gyWidth);
        int inputBlocks = (geometry.InputChannels + MaximumInputs - 1) / MaximumInputs;
        int inputs = ((geometry.InputChannels + inputBlocks - 1) / inputBlocks + 15) / 16 * 16;
        inputBlocks = (geometry.InputChannels + inputs - 1) / inputs;
        // In groups of the register tile's rows, and as many blocks as there are chunks to feed.
        int groups = (geometry.OutputChannels + GradientTile.Rows - 1) / GradientTile.Rows;
        int wanted = Math.Max((geometry.OutputChannels + MaximumOutputs - 1) / MaximumOutputs, (s.Chunks + inputBlocks - 1) / inputBlocks);
        int outputBlocks = Math.Min(groups, wanted);
        var (start, end) = s.Range((long)inputBlocks * outputBlocks);
        for (int item = (int)start; item < end; item++)
        {
            int firstInput = item / outputBlocks * inputs, part = item % outputBlocks;
            int firstOutput = groups * part / outputBlocks * GradientTile.Rows;
            int endOutput = Math.Min(geometry.OutputChannels, groups * (part + 1) / outputBlocks * GradientTile.Rows);
            int inputCount = Math.Min(inputs, geometry.InputChannels - firstInput), outputCount = endOutput - firstOutput;
            var block = new WinogradBlock(inputCount, geometry.Padding, x + firstInput, xPitch, in launch, s.Scratch, BlockTiles);
            var sums = new WinogradSums(inputCount, outputCount, gy + firstOutput, gyPitch, in launch, block.Free);
            for (long tile = 0; tile < block.Tiles; tile += BlockTiles)
            {
                int count = (int)Math.Min(BlockTiles, block.Tiles - tile);
                block.Load(tile, count);
                for (int i = 0; i < count; i++)
                    sums.Load(block.Position(tile + i), i);
                sums.Accumulate(in block, count);
            }

            sums.Store(in geometry, dw, firstOutput, firstInput);
        }
    }
}

/// <summary>The 36 sums for a block of output × input channels, and the transformed gradients that are being added to them.</summary>
internal unsafe partial struct WinogradSums
{
    private const int BlockTiles = WinogradWeightGradient.BlockTiles, Rows = GradientTile.Rows, Columns = GradientTile.Columns, Outputs = WinogradTransform.Outputs;

    private readonly float* gy, temporary, edge, z, sums;
    private readonly nint pitch, zProduct, zPitch, width, sumProduct;
    private readonly int inputs, outputs, height, rowPixels;

    public WinogradSums(int inputs, int outputs, float* gy, int gyPitch, in KernelArguments a, float* scratch)
    {
        this.inputs = inputs;
        this.outputs = outputs;
        this.gy = gy;
        pitch = gyPitch;
        height = a.Height;
        rowPixels = a.Width;
        // Rows of whole register tiles; those beyond the outputs are computed from zeros and not stored.
        zPitch = (((outputs + Rows - 1) / Rows * Rows) + 7) / 8 * 8;
        width = (inputs + Columns - 1) / Columns * Columns;
        zProduct = (BlockTiles * zPitch) + 16;
        sumProduct = (nint)((outputs + Rows - 1) / Rows * Rows) * width;
        temporary = scratch;
        edge = temporary + (WinogradTransform.Products * 8);
        z = edge + (Outputs * Outputs * zPitch);
        sums = z + (WinogradTransform.Products * zProduct);
        new Span<float>(z, (int)(sums - z)).Clear();
        new Span<float>(sums, (int)(WinogradTransform.Products * sumProduct)).Clear();
    }

    /// <summary>Transforms the gradients of a tile's 4×4 outputs; those beyond the picture are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Load(PixelPosition position, int tile)
    {
        float* from = gy + (position.Pixel * pitch);
        nint row = rowPixels * pitch, step = pitch;
        int endY = Math.Min(Outputs, height - position.Y), endX = Math.Min(Outputs, rowPixels - position.X);
        if (endY < Outputs || endX < Outputs || outputs % 8 != 0)
        {
            new Span<float>(edge, (int)(Outputs * Outputs * zPitch)).Clear();
            for (int y = 0; y < endY; y++)
            {
                for (int x = 0; x < endX; x++)
                    new ReadOnlySpan<float>(from + (y * row) + (x * step), outputs).CopyTo(new Span<float>(edge + (((y * Outputs) + x) * zPitch), outputs));
            }

            from = edge;
            step = zPitch;
            row = Outputs * zPitch;
        }

        float* to = z + (tile * zPitch);
        nint c = 0;
        for (; Vector512.IsHardwareAccelerated && c + 16 <= outputs; c += 16)
            WinogradTransform.OutputAdjointWide(from + c, row, step, to + c, zProduct);
        for (; c < outputs; c += 8)
            WinogradTransform.OutputAdjoint(from + c, row, step, to + c, zProduct, temporary);
    }

    /// <summary>sums[p, o, i] += Σ over tiles of z[p, tile, o] · v[p, tile, i].</summary>
    public readonly void Accumulate(in WinogradBlock block, int tiles)
    {
        for (int p = 0; p < WinogradTransform.Products; p++)
        {
            float* v = block.Inputs + (p * block.InputProduct);
            for (nint o = 0; o < outputs; o += Rows)
            {
                float* to = sums + (p * sumProduct) + (o * width);
                for (nint i = 0; i < inputs; i += Columns)
                {
                    if (NarrowVector.IsUsed)
                        AddNarrow(v + i, block.InputPitch, z + (p * zProduct) + o, zPitch, tiles, to + i, width);
                    else
                        Add(v + i, block.InputPitch, z + (p * zProduct) + o, zPitch, tiles, to + i, width);
                }
            }
        }
    }

    /// <summary>Transforms the sums back to 3×3 weights.</summary>
    public readonly void Store(in ConvolutionGeometry geometry, float* dw, int firstOutput, int firstInput)
    {
        float* weights = edge;
        for (int o = 0; o < outputs; o++)
        {
            float* to = dw + ((nint)(firstOutput + o) * 9 * geometry.InputChannels) + firstInput;
            for (int i = 0; i < inputs; i += 8)
            {
                WinogradTransform.WeightsAdjoint(sums + (o * width) + i, sumProduct, weights, 8, temporary);
                for (int tap = 0; tap < 9; tap++)
                    new ReadOnlySpan<float>(weights + (tap * 8), Math.Min(8, inputs - i)).CopyTo(new Span<float>(to + (tap * (nint)geometry.InputChannels) + i, 8));
            }
        }
    }

    /// <summary>A register tile of 6 outputs × 16 inputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* v, nint step, float* g, nint gStep, nint tiles, float* to, nint row)
    {
        float* far = to + (3 * row);
        Vector256<float> c00 = Vector256.Load(to), c01 = Vector256.Load(to + 8), c10 = Vector256.Load(to + row), c11 = Vector256.Load(to + row + 8);
        Vector256<float> c20 = Vector256.Load(to + (2 * row)), c21 = Vector256.Load(to + (2 * row) + 8), c30 = Vector256.Load(far), c31 = Vector256.Load(far + 8);
        Vector256<float> c40 = Vector256.Load(far + row), c41 = Vector256.Load(far + row + 8), c50 = Vector256.Load(far + (2 * row)), c51 = Vector256.Load(far + (2 * row) + 8);
        for (nint k = tiles; k > 0; k--, v += step, g += gStep)
        {
            var b0 = Vector256.Load(v);
            var b1 = Vector256.Load(v + 8);
            var a = Vector256.Create(g[0]);
            c00 = Vector256.MultiplyAddEstimate(a, b0, c00);
            c01 = Vector256.MultiplyAddEstimate(a, b1, c01);
            a = Vector256.Create(g[1]);
            c10 = Vector256.MultiplyAddEstimate(a, b0, c10);
            c11 = Vector256.MultiplyAddEstimate(a, b1, c11);
            a = Vector256.Create(g[2]);
            c20 = Vector256.MultiplyAddEstimate(a, b0, c20);
            c21 = Vector256.MultiplyAddEstimate(a, b1, c21);
            a = Vector256.Create(g[3]);
            c30 = Vector256.MultiplyAddEstimate(a, b0, c30);
            c31 = Vector256.MultiplyAddEstimate(a, b1, c31);
            a = Vector256.Create(g[4]);
            c40 = Vector256.MultiplyAddEstimate(a, b0, c40);
            c41 = Vector256.MultiplyAddEstimate(a, b1, c41);
            a = Vector256.Create(g[5]);
            c50 = Vector256.MultiplyAddEstimate(a, b0, c50);
            c51 = Vector256.MultiplyAddEstimate(a, b1, c51);
        }

        c00.Store(to);
        c01.Store(to + 8);
        c10.Store(to + row);
        c11.Store(to + row + 8);
        c20.Store(to + (2 * row));
        c21.Store(to + (2 * row) + 8);
        c30.Store(far);
        c31.Store(far + 8);
        c40.Store(far + row);
        c41.Store(far + row + 8);
        c50.Store(far + (2 * row));
        c51.Store(far + (2 * row) + 8);
    }
}
