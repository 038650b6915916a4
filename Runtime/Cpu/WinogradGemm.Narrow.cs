using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>Register tiles for processors whose vectors have four lanes.</content>
internal static unsafe partial class WinogradGemm
{
    private static void RunNarrow(float* v, nint pitch, float* u, nint depth, int columns, float* m, int tiles)
    {
        if (NarrowVector.Has32Registers && columns == 16)
        {
            Run6x16Narrow(v, pitch, u, depth, m, tiles);
            return;
        }

        for (int first = 0; first < columns; first += 8)
            Run6x8Narrow(v, pitch, u + first, depth, m + first, columns, tiles);
    }

    /// <summary>Eight columns of a panel, and of results, that are <paramref name="width"/> wide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run6x8Narrow(float* v, nint pitch, float* u, nint depth, float* m, nint width, int tiles)
    {
        for (; tiles > 0; tiles -= 6, v += 6 * pitch, m += 6 * width)
        {
            NarrowSums8 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
            float* b = u, low = v, high = v + (3 * pitch);
            for (nint k = depth; k > 0; k--, b += width, low++, high++)
            {
                Vector128<float> b0 = Vector128.Load(b), b1 = Vector128.Load(b + 4);
                c0.Add(low, b0, b1);
                c1.Add(low + pitch, b0, b1);
                c2.Add(low + (2 * pitch), b0, b1);
                c3.Add(high, b0, b1);
                c4.Add(high + pitch, b0, b1);
                c5.Add(high + (2 * pitch), b0, b1);
            }

            float* far = m + (3 * width);
            c0.Store(m);
            c1.Store(m + width);
            c2.Store(m + (2 * width));
            c3.Store(far);
            c4.Store(far + width);
            c5.Store(far + (2 * width));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run6x16Narrow(float* v, nint pitch, float* u, nint depth, float* m, int tiles)
    {
        for (; tiles > 0; tiles -= 6, v += 6 * pitch, m += 6 * 16)
        {
            NarrowSums16 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
            float* b = u, low = v, high = v + (3 * pitch);
            for (nint k = depth; k > 0; k--, b += 16, low++, high++)
            {
                Vector128<float> b0 = Vector128.Load(b), b1 = Vector128.Load(b + 4), b2 = Vector128.Load(b + 8), b3 = Vector128.Load(b + 12);
                c0.Add(low, b0, b1, b2, b3);
                c1.Add(low + pitch, b0, b1, b2, b3);
                c2.Add(low + (2 * pitch), b0, b1, b2, b3);
                c3.Add(high, b0, b1, b2, b3);
                c4.Add(high + pitch, b0, b1, b2, b3);
                c5.Add(high + (2 * pitch), b0, b1, b2, b3);
            }

            c0.Store(m);
            c1.Store(m + 16);
            c2.Store(m + 32);
            c3.Store(m + 48);
            c4.Store(m + 64);
            c5.Store(m + 80);
        }
    }
}
