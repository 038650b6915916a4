using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The register tile of the implicit GEMM. 6 pixels × 16 (or 8) channels: twelve accumulators, two weight vectors and one broadcast
/// fit the 16 vector registers of AVX2 without a spill. Where vectors of 512 bits are fast, 8 pixels × 32 (16, 8) channels: half the
/// loads for a multiply-add, and pointers to 8 pixels still fit the general registers. With vectors of 128 bits, 6 pixels × 8 channels in 16
/// registers, which a panel of 16 takes twice, or 6 × 16 in Arm's 32.
/// </summary>
/// <remarks>
/// Not generic and not inlined, so that it is compiled once and its register allocation does not depend on an epilogue;
/// the tile travels to the epilogue through L1. All tiles sum in the same order.
/// </remarks>
internal static unsafe partial class GemmTile
{
    /// <summary>Pixels of a tile.</summary>
    public static int Rows => Vector512.IsHardwareAccelerated ? 8 : 6;

    /// <summary>Most pixels of a tile on any processor.</summary>
    public const int MaximumRows = 8;

    /// <summary>Channels of a panel of weights.</summary>
    public const int Columns = 16;

    /// <summary>Most channels of a tile: two panels.</summary>
    public const int MaximumColumns = 2 * Columns;

    /// <summary>Width of the panel that begins at a channel: 16, or 8 where no more than 8 channels are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PanelWidth(int channels, int first) => channels - first <= 8 ? 8 : Columns;

    /// <summary>Channels to multiply with from a channel on: a panel of 16 or 8, or two of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TileWidth(int channels, int first) =>
        Vector512.IsHardwareAccelerated && channels - first > 24 ? MaximumColumns : PanelWidth(channels, first);

    /// <summary>
    /// tile[r, j] = Σ over taps t and k &lt; depth of rows[t, r][k] · panel[tapIndex[t], k, j].
    /// </summary>
    /// <param name="rows">Pointers to the pixels, <see cref="Rows"/> for each tap.</param>
    /// <param name="tapIndex">Places of the taps in the panel.</param>
    /// <param name="taps">How many.</param>
    /// <param name="depth">Channels that are summed over.</param>
    /// <param name="panel">[tap][depth][16 or 8].</param>
    /// <param name="secondPanel">Floats from this panel to the next, which a tile of 32 channels also reads.</param>
    /// <param name="width">Channels of the tile, from <see cref="TileWidth"/>.</param>
    /// <param name="tile">The result, rows of <paramref name="width"/>.</param>
    public static void Run(float** rows, int* tapIndex, int taps, nint depth, float* panel, nint secondPanel, int width, float* tile)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            if (width == MaximumColumns)
                Run8x32(rows, tapIndex, taps, depth, panel, secondPanel, tile);
            else if (width == Columns)
                Run8x16(rows, tapIndex, taps, depth, panel, tile);
            else
                Run8x8(rows, tapIndex, taps, depth, panel, tile);
        }
        else if (NarrowVector.IsUsed)
        {
            RunNarrow(rows, tapIndex, taps, depth, panel, width, tile);
        }
        else if (width == Columns)
        {
            Run6x16(rows, tapIndex, taps, depth, panel, tile);
        }
        else
        {
            Run6x8(rows, tapIndex, taps, depth, panel, tile);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run6x16(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile)
    {
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        for (int t = 0; t < taps; t++, rows += 6)
        {
            float* b = panel + (tapIndex[t] * depth * Columns);
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3], p4 = rows[4], p5 = rows[5];
            for (nint k = 0; k < depth; k++, b += Columns)
            {
                var b0 = Vector256.Load(b);
                var b1 = Vector256.Load(b + 8);
                var a = Vector256.Create(p0[k]);
                c00 = Vector256.MultiplyAddEstimate(a, b0, c00);
                c01 = Vector256.MultiplyAddEstimate(a, b1, c01);
                a = Vector256.Create(p1[k]);
                c10 = Vector256.MultiplyAddEstimate(a, b0, c10);
                c11 = Vector256.MultiplyAddEstimate(a, b1, c11);
                a = Vector256.Create(p2[k]);
                c20 = Vector256.MultiplyAddEstimate(a, b0, c20);
                c21 = Vector256.MultiplyAddEstimate(a, b1, c21);
                a = Vector256.Create(p3[k]);
                c30 = Vector256.MultiplyAddEstimate(a, b0, c30);
                c31 = Vector256.MultiplyAddEstimate(a, b1, c31);
                a = Vector256.Create(p4[k]);
                c40 = Vector256.MultiplyAddEstimate(a, b0, c40);
                c41 = Vector256.MultiplyAddEstimate(a, b1, c41);
                a = Vector256.Create(p5[k]);
                c50 = Vector256.MultiplyAddEstimate(a, b0, c50);
                c51 = Vector256.MultiplyAddEstimate(a, b1, c51);
            }
        }

        c00.Store(tile);
        c01.Store(tile + 8);
        c10.Store(tile + 16);
        c11.Store(tile + 24);
        c20.Store(tile + 32);
        c21.Store(tile + 40);
        c30.Store(tile + 48);
        c31.Store(tile + 56);
        c40.Store(tile + 64);
        c41.Store(tile + 72);
        c50.Store(tile + 80);
        c51.Store(tile + 88);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run6x8(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile)
    {
        Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (int t = 0; t < taps; t++, rows += 6)
        {
            float* b = panel + (tapIndex[t] * depth * 8);
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3], p4 = rows[4], p5 = rows[5];
            for (nint k = 0; k < depth; k++, b += 8)
            {
                var b0 = Vector256.Load(b);
                c0 = Vector256.MultiplyAddEstimate(Vector256.Create(p0[k]), b0, c0);
                c1 = Vector256.MultiplyAddEstimate(Vector256.Create(p1[k]), b0, c1);
                c2 = Vector256.MultiplyAddEstimate(Vector256.Create(p2[k]), b0, c2);
                c3 = Vector256.MultiplyAddEstimate(Vector256.Create(p3[k]), b0, c3);
                c4 = Vector256.MultiplyAddEstimate(Vector256.Create(p4[k]), b0, c4);
                c5 = Vector256.MultiplyAddEstimate(Vector256.Create(p5[k]), b0, c5);
            }
        }

        c0.Store(tile);
        c1.Store(tile + 8);
        c2.Store(tile + 16);
        c3.Store(tile + 24);
        c4.Store(tile + 32);
        c5.Store(tile + 40);
    }
}
