using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>The tiles of eight pixels.</content>
internal static unsafe partial class GemmTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run8x32(float** rows, int* tapIndex, int taps, nint depth, float* panel, nint secondPanel, float* tile)
    {
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        Vector512<float> e0 = default, e1 = default, f0 = default, f1 = default, g0 = default, g1 = default, h0 = default, h1 = default;
        for (int t = 0; t < taps; t++, rows += 8)
        {
            float* u = panel + (tapIndex[t] * depth * 16);
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3], p4 = rows[4], p5 = rows[5], p6 = rows[6], p7 = rows[7];
            for (nint k = 0; k < depth; k++, u += 16)
            {
                var u0 = Vector512.Load(u);
                var u1 = Vector512.Load(u + secondPanel);
                Vector512<float> x;
                x = Vector512.Create(p0[k]);
                a0 = Vector512.MultiplyAddEstimate(x, u0, a0);
                a1 = Vector512.MultiplyAddEstimate(x, u1, a1);
                x = Vector512.Create(p1[k]);
                b0 = Vector512.MultiplyAddEstimate(x, u0, b0);
                b1 = Vector512.MultiplyAddEstimate(x, u1, b1);
                x = Vector512.Create(p2[k]);
                c0 = Vector512.MultiplyAddEstimate(x, u0, c0);
                c1 = Vector512.MultiplyAddEstimate(x, u1, c1);
                x = Vector512.Create(p3[k]);
                d0 = Vector512.MultiplyAddEstimate(x, u0, d0);
                d1 = Vector512.MultiplyAddEstimate(x, u1, d1);
                x = Vector512.Create(p4[k]);
                e0 = Vector512.MultiplyAddEstimate(x, u0, e0);
                e1 = Vector512.MultiplyAddEstimate(x, u1, e1);
                x = Vector512.Create(p5[k]);
                f0 = Vector512.MultiplyAddEstimate(x, u0, f0);
                f1 = Vector512.MultiplyAddEstimate(x, u1, f1);
                x = Vector512.Create(p6[k]);
                g0 = Vector512.MultiplyAddEstimate(x, u0, g0);
                g1 = Vector512.MultiplyAddEstimate(x, u1, g1);
                x = Vector512.Create(p7[k]);
                h0 = Vector512.MultiplyAddEstimate(x, u0, h0);
                h1 = Vector512.MultiplyAddEstimate(x, u1, h1);
            }
        }

        a0.Store(tile);
        a1.Store(tile + 16);
        b0.Store(tile + 32);
        b1.Store(tile + 48);
        c0.Store(tile + 64);
        c1.Store(tile + 80);
        d0.Store(tile + 96);
        d1.Store(tile + 112);
        e0.Store(tile + 128);
        e1.Store(tile + 144);
        f0.Store(tile + 160);
        f1.Store(tile + 176);
        g0.Store(tile + 192);
        g1.Store(tile + 208);
        h0.Store(tile + 224);
        h1.Store(tile + 240);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run8x16(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile)
    {
        Vector512<float> a0 = default, b0 = default, c0 = default, d0 = default;
        Vector512<float> e0 = default, f0 = default, g0 = default, h0 = default;
        for (int t = 0; t < taps; t++, rows += 8)
        {
            float* u = panel + (tapIndex[t] * depth * 16);
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3], p4 = rows[4], p5 = rows[5], p6 = rows[6], p7 = rows[7];
            for (nint k = 0; k < depth; k++, u += 16)
            {
                var u0 = Vector512.Load(u);
                a0 = Vector512.MultiplyAddEstimate(Vector512.Create(p0[k]), u0, a0);
                b0 = Vector512.MultiplyAddEstimate(Vector512.Create(p1[k]), u0, b0);
                c0 = Vector512.MultiplyAddEstimate(Vector512.Create(p2[k]), u0, c0);
                d0 = Vector512.MultiplyAddEstimate(Vector512.Create(p3[k]), u0, d0);
                e0 = Vector512.MultiplyAddEstimate(Vector512.Create(p4[k]), u0, e0);
                f0 = Vector512.MultiplyAddEstimate(Vector512.Create(p5[k]), u0, f0);
                g0 = Vector512.MultiplyAddEstimate(Vector512.Create(p6[k]), u0, g0);
                h0 = Vector512.MultiplyAddEstimate(Vector512.Create(p7[k]), u0, h0);
            }
        }

        a0.Store(tile);
        b0.Store(tile + 16);
        c0.Store(tile + 32);
        d0.Store(tile + 48);
        e0.Store(tile + 64);
        f0.Store(tile + 80);
        g0.Store(tile + 96);
        h0.Store(tile + 112);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run8x8(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile)
    {
        Vector256<float> a0 = default, b0 = default, c0 = default, d0 = default;
        Vector256<float> e0 = default, f0 = default, g0 = default, h0 = default;
        for (int t = 0; t < taps; t++, rows += 8)
        {
            float* u = panel + (tapIndex[t] * depth * 8);
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3], p4 = rows[4], p5 = rows[5], p6 = rows[6], p7 = rows[7];
            for (nint k = 0; k < depth; k++, u += 8)
            {
                var u0 = Vector256.Load(u);
                a0 = Vector256.MultiplyAddEstimate(Vector256.Create(p0[k]), u0, a0);
                b0 = Vector256.MultiplyAddEstimate(Vector256.Create(p1[k]), u0, b0);
                c0 = Vector256.MultiplyAddEstimate(Vector256.Create(p2[k]), u0, c0);
                d0 = Vector256.MultiplyAddEstimate(Vector256.Create(p3[k]), u0, d0);
                e0 = Vector256.MultiplyAddEstimate(Vector256.Create(p4[k]), u0, e0);
                f0 = Vector256.MultiplyAddEstimate(Vector256.Create(p5[k]), u0, f0);
                g0 = Vector256.MultiplyAddEstimate(Vector256.Create(p6[k]), u0, g0);
                h0 = Vector256.MultiplyAddEstimate(Vector256.Create(p7[k]), u0, h0);
            }
        }

        a0.Store(tile);
        b0.Store(tile + 8);
        c0.Store(tile + 16);
        d0.Store(tile + 24);
        e0.Store(tile + 32);
        f0.Store(tile + 40);
        g0.Store(tile + 48);
        h0.Store(tile + 56);
    }
}
