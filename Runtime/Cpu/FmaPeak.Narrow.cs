using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>Vectors of four lanes.</content>
public static unsafe partial class FmaPeak
{
    // Three cycles of a multiplication and three of an addition in two units of each, where x64 has no fused multiply-add; four units of
    // four cycles and more on Arm.
    private static int NarrowChains => NarrowVector.Has32Registers ? 24 : 14;

    private static float MultiplyAdds4(int rounds) => NarrowVector.Has32Registers ? TwentyFourChains(rounds) : FourteenChains(rounds);

    private static void Chunk4(in KernelArguments arguments, in WorkSlice slice) => slice.Scratch[0] = MultiplyAdds4(arguments.Images);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float FourteenChains(int rounds)
    {
        Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(1e-3f);
        Vector128<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x, m = x, o = x;
        for (int n = 0; n < rounds; n++)
        {
            a = Vector128.MultiplyAddEstimate(a, x, y);
            b = Vector128.MultiplyAddEstimate(b, x, y);
            c = Vector128.MultiplyAddEstimate(c, x, y);
            d = Vector128.MultiplyAddEstimate(d, x, y);
            e = Vector128.MultiplyAddEstimate(e, x, y);
            f = Vector128.MultiplyAddEstimate(f, x, y);
            g = Vector128.MultiplyAddEstimate(g, x, y);
            h = Vector128.MultiplyAddEstimate(h, x, y);
            i = Vector128.MultiplyAddEstimate(i, x, y);
            j = Vector128.MultiplyAddEstimate(j, x, y);
            k = Vector128.MultiplyAddEstimate(k, x, y);
            l = Vector128.MultiplyAddEstimate(l, x, y);
            m = Vector128.MultiplyAddEstimate(m, x, y);
            o = Vector128.MultiplyAddEstimate(o, x, y);
        }

        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + o);
    }

    /// <summary>Arm's multiply-add overwrites what it adds to, so the chains run through that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float TwentyFourChains(int rounds)
    {
        Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(1e-3f);
        NarrowSums16 a = default, b = default, c = default, d = default, e = default, f = default;
        for (int n = 0; n < rounds; n++)
        {
            a.Add(y, x, x, x, x);
            b.Add(y, x, x, x, x);
            c.Add(y, x, x, x, x);
            d.Add(y, x, x, x, x);
            e.Add(y, x, x, x, x);
            f.Add(y, x, x, x, x);
        }

        return a.Sum + b.Sum + c.Sum + d.Sum + e.Sum + f.Sum;
    }
}
