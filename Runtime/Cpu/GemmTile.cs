using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The register tile of the implicit GEMM: 6 pixels × 16 (or 8) channels. Twelve accumulators, two weight vectors and
/// one broadcast fit the 16 vector registers of AVX2 without a spill.
/// </summary>
/// <remarks>
/// Not generic and not inlined, so that it is compiled once and its register allocation does not depend on an epilogue;
/// the tile travels to the epilogue through 384 bytes of L1.
/// </remarks>
internal static unsafe class GemmTile
{
    /// <summary>Pixels of a tile.</summary>
    public const int Rows = 6;

    /// <summary>Channels of a full tile.</summary>
    public const int Columns = 16;

    /// <summary>Width of the panel that begins at a channel: 16, or 8 where no more than 8 channels are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PanelWidth(int channels, int first) => channels - first <= 8 ? 8 : 16;

    /// <summary>
    /// tile[r, j] = Σ over taps t and k &lt; depth of rows[t, r][k] · panel[tapIndex[t], k, j].
    /// </summary>
    public static void Run(float** rows, int* tapIndex, int taps, nint depth, float* panel, int width, float* tile)
    {
        if (width == 16)
            Run16(rows, tapIndex, taps, depth, panel, tile);
        else
            Run8(rows, tapIndex, taps, depth, panel, tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run16(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile)
    {
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        for (int t = 0; t < taps; t++, rows += Rows)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run8(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile)
    {
        Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (int t = 0; t < taps; t++, rows += Rows)
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
