using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>Register tiles of eight, for what twelves leave: a picture of 64×64 has 16 tiles at its quarter size.</content>
internal static unsafe partial class WinogradGemm
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run8x32(float* v, nint pitch, float* u, nint secondPanel, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= 8, v += 8 * pitch, m += 8 * 32)
        {
            Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            Vector512<float> e0 = default, e1 = default, f0 = default, f1 = default, g0 = default, g1 = default, h0 = default, h1 = default;
            float* b = u, p0 = v, p3 = v + (3 * pitch), p6 = v + (6 * pitch);
            for (nint k = depth; k > 0; k--, b += 16, p0++, p3++, p6++)
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
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run8x16(float* v, nint pitch, float* u, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= 8, v += 8 * pitch, m += 8 * 16)
        {
            Vector512<float> a0 = default, b0 = default, c0 = default, d0 = default;
            Vector512<float> e0 = default, f0 = default, g0 = default, h0 = default;
            float* b = u, p0 = v, p3 = v + (3 * pitch), p6 = v + (6 * pitch);
            for (nint k = depth; k > 0; k--, b += 16, p0++, p3++, p6++)
            {
                var u0 = Vector512.Load(b);
                a0 = Vector512.MultiplyAddEstimate(Vector512.Create(*p0), u0, a0);
                b0 = Vector512.MultiplyAddEstimate(Vector512.Create(p0[pitch]), u0, b0);
                c0 = Vector512.MultiplyAddEstimate(Vector512.Create(p0[2 * pitch]), u0, c0);
                d0 = Vector512.MultiplyAddEstimate(Vector512.Create(*p3), u0, d0);
                e0 = Vector512.MultiplyAddEstimate(Vector512.Create(p3[pitch]), u0, e0);
                f0 = Vector512.MultiplyAddEstimate(Vector512.Create(p3[2 * pitch]), u0, f0);
                g0 = Vector512.MultiplyAddEstimate(Vector512.Create(*p6), u0, g0);
                h0 = Vector512.MultiplyAddEstimate(Vector512.Create(p6[pitch]), u0, h0);
            }

            a0.Store(m);
            b0.Store(m + 16);
            c0.Store(m + 32);
            d0.Store(m + 48);
            e0.Store(m + 64);
            f0.Store(m + 80);
            g0.Store(m + 96);
            h0.Store(m + 112);
        }
    }
}
