using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The matrix products of a block of Winograd tiles with one or two panels of transformed weights, in register tiles:
/// 12 × 32 and, for what is left, 8 × 32 where vectors of 512 bits are fast, 6 × 16 with AVX2 and on Arm, 6 × 8 elsewhere. All sum in the
/// same order.
/// </summary>
/// <remarks>Not generic, so that its register allocation does not depend on an epilogue.</remarks>
internal static unsafe partial class WinogradGemm
{
    /// <summary>What a block holds is a multiple of so many tiles, and has so many more to read, finite, if it holds fewer.</summary>
    public static int Rows => Vector512.IsHardwareAccelerated ? 12 : 6;

    /// <summary>Most channels that are multiplied with at a time.</summary>
    public const int MaximumColumns = 32;

    /// <summary>Channels to multiply with from a channel on: a panel of 16 or 8, or two of 16.</summary>
    public static int Columns(int channels, int first) =>
        Vector512.IsHardwareAccelerated && channels - first > 24 ? 32 : GemmTile.PanelWidth(channels, first);

    /// <summary>m[t, j] = Σ over k &lt; depth of v[t, k] · u[k, j], for one of the products.</summary>
    /// <param name="v">Transformed inputs.</param>
    /// <param name="pitch">Floats from one tile's inputs to the next.</param>
    /// <param name="u">The product's part of the panel, [depth][width].</param>
    /// <param name="secondPanel">Floats from the panel to the next, of which 32 columns also read.</param>
    /// <param name="depth">Channels that are summed over.</param>
    /// <param name="columns">Channels that are written, from <see cref="Columns"/>; 32 are those of two panels.</param>
    /// <param name="m">The product; tiles are <paramref name="columns"/> apart.</param>
    /// <param name="tiles">Tiles; results up to the next multiple of <see cref="Rows"/> may be written.</param>
    public static void Run(float* v, nint pitch, float* u, nint secondPanel, nint depth, int columns, float* m, int tiles)
    {
        if (NarrowVector.IsUsed)
        {
            RunNarrow(v, pitch, u, depth, columns, m, tiles);
            return;
        }

        if (columns == 8)
        {
            Run6x8(v, pitch, u, depth, m, tiles);
            return;
        }

        if (!Vector512.IsHardwareAccelerated)
        {
            Run6x16(v, pitch, u, depth, m, tiles);
            return;
        }

        // Twelves and eights make every multiple of four but four itself.
        int quarters = Math.Max(2, (tiles + 3) / 4), eights = 2 * quarters % 3, twelves = (quarters - (2 * eights)) / 3 * 12;
        float* rest = v + (twelves * pitch), restTo = m + (twelves * (nint)columns);
        if (columns == 32)
        {
            Run12x32(v, pitch, u, secondPanel, depth, m, twelves);
            Run8x32(rest, pitch, u, secondPanel, depth, restTo, 8 * eights);
        }
        else
        {
            Run12x16(v, pitch, u, depth, m, twelves);
            Run8x16(rest, pitch, u, depth, restTo, 8 * eights);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run6x16(float* v, nint pitch, float* u, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= 6, v += 6 * pitch, m += 6 * 16)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run6x8(float* v, nint pitch, float* u, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= 6, v += 6 * pitch, m += 6 * 8)
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run12x32(float* v, nint pitch, float* u, nint secondPanel, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= 12, v += 12 * pitch, m += 12 * 32)
        {
            Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default;
            Vector512<float> d0 = default, d1 = default, e0 = default, e1 = default, f0 = default, f1 = default;
            Vector512<float> g0 = default, g1 = default, h0 = default, h1 = default, i0 = default, i1 = default;
            Vector512<float> j0 = default, j1 = default, k0 = default, k1 = default, l0 = default, l1 = default;
            float* b = u, p0 = v, p3 = v + (3 * pitch), p6 = v + (6 * pitch), p9 = v + (9 * pitch);
            for (nint k = depth; k > 0; k--, b += 16, p0++, p3++, p6++, p9++)
            {
                var u0 = Vector512.Load(b);
                var u1 = Vector512.Load(b + secondPanel);
                Vector512<float> x;
                x = Vector512.Create(*p0);
                a0 = Vector512.MultiplyAddEstimate(x, u0, a0);
                a1 = Vector512.MultiplyAddEstimate(x, u1, a1);
                x = Vector512.Create(p0[pitch]);
                b0 = Vector512.MultiplyAddEstimate(x, u0, b0);
                b1 = Vector512.MultiplyAddEstimate(x, u1, b1);
                x = Vector512.Create(p0[2 * pitch]);
                c0 = Vector512.MultiplyAddEstimate(x, u0, c0);
                c1 = Vector512.MultiplyAddEstimate(x, u1, c1);
                x = Vector512.Create(*p3);
                d0 = Vector512.MultiplyAddEstimate(x, u0, d0);
                d1 = Vector512.MultiplyAddEstimate(x, u1, d1);
                x = Vector512.Create(p3[pitch]);
                e0 = Vector512.MultiplyAddEstimate(x, u0, e0);
                e1 = Vector512.MultiplyAddEstimate(x, u1, e1);
                x = Vector512.Create(p3[2 * pitch]);
                f0 = Vector512.MultiplyAddEstimate(x, u0, f0);
                f1 = Vector512.MultiplyAddEstimate(x, u1, f1);
                x = Vector512.Create(*p6);
                g0 = Vector512.MultiplyAddEstimate(x, u0, g0);
                g1 = Vector512.MultiplyAddEstimate(x, u1, g1);
                x = Vector512.Create(p6[pitch]);
                h0 = Vector512.MultiplyAddEstimate(x, u0, h0);
                h1 = Vector512.MultiplyAddEstimate(x, u1, h1);
                x = Vector512.Create(p6[2 * pitch]);
                i0 = Vector512.MultiplyAddEstimate(x, u0, i0);
                i1 = Vector512.MultiplyAddEstimate(x, u1, i1);
                x = Vector512.Create(*p9);
                j0 = Vector512.MultiplyAddEstimate(x, u0, j0);
                j1 = Vector512.MultiplyAddEstimate(x, u1, j1);
                x = Vector512.Create(p9[pitch]);
                k0 = Vector512.MultiplyAddEstimate(x, u0, k0);
                k1 = Vector512.MultiplyAddEstimate(x, u1, k1);
                x = Vector512.Create(p9[2 * pitch]);
                l0 = Vector512.MultiplyAddEstimate(x, u0, l0);
                l1 = Vector512.MultiplyAddEstimate(x, u1, l1);
            }

            a0.Store(m);
            a1.Store(m + 16);
            b0.Store(m + 32);
            b1.Store(m + 48);
            c0.Store(m + 64);
            c1.Store(m + 80);
            d0.Store(m + 96);
            d1.Store(m + 112);
            e0.Store(m + 128);
            e1.Store(m + 144);
            f0.Store(m + 160);
            f1.Store(m + 176);
            g0.Store(m + 192);
            g1.Store(m + 208);
            h0.Store(m + 224);
            h1.Store(m + 240);
            i0.Store(m + 256);
            i1.Store(m + 272);
            j0.Store(m + 288);
            j1.Store(m + 304);
            k0.Store(m + 320);
            k1.Store(m + 336);
            l0.Store(m + 352);
            l1.Store(m + 368);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run12x16(float* v, nint pitch, float* u, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= 12, v += 12 * pitch, m += 12 * 16)
        {
            Vector512<float> a0 = default, b0 = default, c0 = default;
            Vector512<float> d0 = default, e0 = default, f0 = default;
            Vector512<float> g0 = default, h0 = default, i0 = default;
            Vector512<float> j0 = default, k0 = default, l0 = default;
            float* b = u, p0 = v, p3 = v + (3 * pitch), p6 = v + (6 * pitch), p9 = v + (9 * pitch);
            for (nint k = depth; k > 0; k--, b += 16, p0++, p3++, p6++, p9++)
            {
                var u0 = Vector512.Load(b);
                Vector512<float> x;
                x = Vector512.Create(*p0);
                a0 = Vector512.MultiplyAddEstimate(x, u0, a0);
                x = Vector512.Create(p0[pitch]);
                b0 = Vector512.MultiplyAddEstimate(x, u0, b0);
                x = Vector512.Create(p0[2 * pitch]);
                c0 = Vector512.MultiplyAddEstimate(x, u0, c0);
                x = Vector512.Create(*p3);
                d0 = Vector512.MultiplyAddEstimate(x, u0, d0);
                x = Vector512.Create(p3[pitch]);
                e0 = Vector512.MultiplyAddEstimate(x, u0, e0);
                x = Vector512.Create(p3[2 * pitch]);
                f0 = Vector512.MultiplyAddEstimate(x, u0, f0);
                x = Vector512.Create(*p6);
                g0 = Vector512.MultiplyAddEstimate(x, u0, g0);
                x = Vector512.Create(p6[pitch]);
                h0 = Vector512.MultiplyAddEstimate(x, u0, h0);
                x = Vector512.Create(p6[2 * pitch]);
                i0 = Vector512.MultiplyAddEstimate(x, u0, i0);
                x = Vector512.Create(*p9);
                j0 = Vector512.MultiplyAddEstimate(x, u0, j0);
                x = Vector512.Create(p9[pitch]);
                k0 = Vector512.MultiplyAddEstimate(x, u0, k0);
                x = Vector512.Create(p9[2 * pitch]);
                l0 = Vector512.MultiplyAddEstimate(x, u0, l0);
            }

            a0.Store(m);
            b0.Store(m + 16);
            c0.Store(m + 32);
            d0.Store(m + 48);
            e0.Store(m + 64);
            f0.Store(m + 80);
            g0.Store(m + 96);
            h0.Store(m + 112);
            i0.Store(m + 128);
            j0.Store(m + 144);
            k0.Store(m + 160);
            l0.Store(m + 176);
        }
    }
}
