using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>The register tiles for processors whose vectors have four lanes.</content>
internal unsafe partial struct WinogradSums
{
    /// <summary>6 outputs × 16 inputs.</summary>
    private static void AddNarrow(float* v, nint step, float* g, nint gStep, nint tiles, float* to, nint row)
    {
        if (NarrowVector.Has32Registers)
        {
            Add16Narrow(v, step, g, gStep, tiles, to, row);
            return;
        }

        Add8Narrow(v, step, g, gStep, tiles, to, row);
        Add8Narrow(v + 8, step, g, gStep, tiles, to + 8, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add8Narrow(float* v, nint step, float* g, nint gStep, nint tiles, float* to, nint row)
    {
        float* far = to + (3 * row);
        NarrowSums8 c0 = NarrowSums8.Load(to), c1 = NarrowSums8.Load(to + row), c2 = NarrowSums8.Load(to + (2 * row));
        NarrowSums8 c3 = NarrowSums8.Load(far), c4 = NarrowSums8.Load(far + row), c5 = NarrowSums8.Load(far + (2 * row));
        for (nint k = tiles; k > 0; k--, v += step, g += gStep)
        {
            Vector128<float> b0 = Vector128.Load(v), b1 = Vector128.Load(v + 4);
            c0.Add(g, b0, b1);
            c1.Add(g + 1, b0, b1);
            c2.Add(g + 2, b0, b1);
            c3.Add(g + 3, b0, b1);
            c4.Add(g + 4, b0, b1);
            c5.Add(g + 5, b0, b1);
        }

        c0.Store(to);
        c1.Store(to + row);
        c2.Store(to + (2 * row));
        c3.Store(far);
        c4.Store(far + row);
        c5.Store(far + (2 * row));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add16Narrow(float* v, nint step, float* g, nint gStep, nint tiles, float* to, nint row)
    {
        float* far = to + (3 * row);
        NarrowSums16 c0 = NarrowSums16.Load(to), c1 = NarrowSums16.Load(to + row), c2 = NarrowSums16.Load(to + (2 * row));
        NarrowSums16 c3 = NarrowSums16.Load(far), c4 = NarrowSums16.Load(far + row), c5 = NarrowSums16.Load(far + (2 * row));
        for (nint k = tiles; k > 0; k--, v += step, g += gStep)
        {
            Vector128<float> b0 = Vector128.Load(v), b1 = Vector128.Load(v + 4), b2 = Vector128.Load(v + 8), b3 = Vector128.Load(v + 12);
            c0.Add(g, b0, b1, b2, b3);
            c1.Add(g + 1, b0, b1, b2, b3);
            c2.Add(g + 2, b0, b1, b2, b3);
            c3.Add(g + 3, b0, b1, b2, b3);
            c4.Add(g + 4, b0, b1, b2, b3);
            c5.Add(g + 5, b0, b1, b2, b3);
        }

        c0.Store(to);
        c1.Store(to + row);
        c2.Store(to + (2 * row));
        c3.Store(far);
        c4.Store(far + row);
        c5.Store(far + (2 * row));
    }
}
