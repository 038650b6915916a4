using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The 36 matrix products of a block of Winograd tiles with one panel of transformed weights, in register tiles.
/// </summary>
/// <remarks>Not generic, so that its register allocation does not depend on an epilogue.</remarks>
internal static unsafe class WinogradGemm
{
    /// <summary>Tiles are multiplied in groups of this many: what a block holds is a multiple.</summary>
    public const int Rows = 6;

    /// <summary>m[p, t, j] = Σ over k &lt; depth of v[p, t, k] · u[p, k, j] for the 36 products p.</summary>
    /// <param name="v">Transformed inputs.</param>
    /// <param name="vProduct">Floats from one product's inputs to the next.</param>
    /// <param name="pitch">Floats from one tile's inputs to the next.</param>
    /// <param name="u">The panel, [36][depth][width].</param>
    /// <param name="depth">Channels that are summed over.</param>
    /// <param name="width">Channels of the panel, 16 or 8.</param>
    /// <param name="m">The products.</param>
    /// <param name="mProduct">Floats from one product to the next; tiles are <paramref name="width"/> apart.</param>
    /// <param name="tiles">Tiles, rounded up to <see cref="Rows"/>.</param>
    public static void Run(float* v, nint vProduct, nint pitch, float* u, nint depth, int width, float* m, nint mProduct, int tiles)
    {
        for (int p = 0; p < WinogradTransform.Products; p++, v += vProduct, u += depth * width, m += mProduct)
        {
            if (width == 16)
                Run16(v, pitch, u, depth, m, tiles);
            else
                Run8(v, pitch, u, depth, m, tiles);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run16(float* v, nint pitch, float* u, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= Rows, v += Rows * pitch, m += Rows * 16)
        {
            Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
            Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
            float* b = u, low = v, high = v + (3 * pitch);
            for (nint k = depth; k > 0; k--, b += 16, low++, high++)
            {
                var b0 = Vector256.Load(b);
                var b1 = Vector256.Load(b + 8);
                var a = Vector256.Create(*low);
                c00 = Vector256.MultiplyAddEstimate(a, b0, c00);
                c01 = Vector256.MultiplyAddEstimate(a, b1, c01);
                a = Vector256.Create(low[pitch]);
                c10 = Vector256.MultiplyAddEstimate(a, b0, c10);
                c11 = Vector256.MultiplyAddEstimate(a, b1, c11);
                a = Vector256.Create(low[2 * pitch]);
                c20 = Vector256.MultiplyAddEstimate(a, b0, c20);
                c21 = Vector256.MultiplyAddEstimate(a, b1, c21);
                a = Vector256.Create(*high);
                c30 = Vector256.MultiplyAddEstimate(a, b0, c30);
                c31 = Vector256.MultiplyAddEstimate(a, b1, c31);
                a = Vector256.Create(high[pitch]);
                c40 = Vector256.MultiplyAddEstimate(a, b0, c40);
                c41 = Vector256.MultiplyAddEstimate(a, b1, c41);
                a = Vector256.Create(high[2 * pitch]);
                c50 = Vector256.MultiplyAddEstimate(a, b0, c50);
                c51 = Vector256.MultiplyAddEstimate(a, b1, c51);
            }

            c00.Store(m);
            c01.Store(m + 8);
            c10.Store(m + 16);
            c11.Store(m + 24);
            c20.Store(m + 32);
            c21.Store(m + 40);
            c30.Store(m + 48);
            c31.Store(m + 56);
            c40.Store(m + 64);
            c41.Store(m + 72);
            c50.Store(m + 80);
            c51.Store(m + 88);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run8(float* v, nint pitch, float* u, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= Rows, v += Rows * pitch, m += Rows * 8)
        {
            Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
            float* b = u, low = v, high = v + (3 * pitch);
            for (nint k = depth; k > 0; k--, b += 8, low++, high++)
            {
                var b0 = Vector256.Load(b);
                c0 = Vector256.MultiplyAddEstimate(Vector256.Create(*low), b0, c0);
                c1 = Vector256.MultiplyAddEstimate(Vector256.Create(low[pitch]), b0, c1);
                c2 = Vector256.MultiplyAddEstimate(Vector256.Create(low[2 * pitch]), b0, c2);
                c3 = Vector256.MultiplyAddEstimate(Vector256.Create(*high), b0, c3);
                c4 = Vector256.MultiplyAddEstimate(Vector256.Create(high[pitch]), b0, c4);
                c5 = Vector256.MultiplyAddEstimate(Vector256.Create(high[2 * pitch]), b0, c5);
            }

            c0.Store(m);
            c1.Store(m + 8);
            c2.Store(m + 16);
            c3.Store(m + 24);
            c4.Store(m + 32);
            c5.Store(m + 40);
        }
    }
}
