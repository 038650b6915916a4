using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The rate that kernels are measured against: floating-point operations a second of independent fused multiply-adds, in
/// registers of 8 lanes, of 16 where the processor has them and they are faster, or of 4 where it has no others. Short, so that it can be measured between
/// the runs of what is compared with it: a shared machine then disturbs both alike.
/// </summary>
public static unsafe partial class FmaPeak
{
    // Enough chains to cover two units of four to five cycles' latency, and few enough to stay in 16 registers with their factors.
    private const int Chains = 12;
    private const int Rounds = 20_000;
    private const int Repeats = 5;

    private static volatile float sink;

    /// <summary>The best of a few measurements of the calling thread, less than a millisecond in all.</summary>
    public static double Measure()
    {
        double best = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            sink = NarrowVector.IsUsed ? MultiplyAdds4(Rounds) : MultiplyAdds8(Rounds);
            best = Math.Max(best, BasicOperations(Rounds) / Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (!Vector512.IsHardwareAccelerated)
                continue;
            start = Stopwatch.GetTimestamp();
            sink = MultiplyAdds16(Rounds);
            best = Math.Max(best, Operations(Rounds, Chains, 16) / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    /// <summary>The best of a few measurements of all threads of a device at once, a few milliseconds in all.</summary>
    /// <param name="device">Its threads; none of its executors may be running.</param>
    public static double Measure(CpuDevice device)
    {
        // Longer than one thread's, so that waking the others counts little.
        const int rounds = 8 * Rounds;
        double best = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            var arguments = new KernelArguments { Images = rounds };
            long start = Stopwatch.GetTimestamp();
            device.Pool.Run(NarrowVector.IsUsed ? &Chunk4 : &Chunk8, &arguments, device.Threads);
            best = Math.Max(best, BasicOperations(rounds) / Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (!Vector512.IsHardwareAccelerated)
                continue;
            start = Stopwatch.GetTimestamp();
            device.Pool.Run(&Chunk16, &arguments, device.Threads);
            best = Math.Max(best, Operations(rounds, Chains, 16) / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return device.Threads * best;
    }

    private static double BasicOperations(int rounds) => NarrowVector.IsUsed ? Operations(rounds, NarrowChains, 4) : Operations(rounds, Chains, 8);

    private static double Operations(int rounds, int chains, int lanes) => 2.0 * rounds * chains * lanes;

    private static void Chunk8(in KernelArguments arguments, in WorkSlice slice) => slice.Scratch[0] = MultiplyAdds8(arguments.Images);

    private static void Chunk16(in KernelArguments arguments, in WorkSlice slice) => slice.Scratch[0] = MultiplyAdds16(arguments.Images);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float MultiplyAdds8(int rounds)
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(1e-3f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < rounds; n++)
        {
            a = Vector256.MultiplyAddEstimate(a, x, y);
            b = Vector256.MultiplyAddEstimate(b, x, y);
            c = Vector256.MultiplyAddEstimate(c, x, y);
            d = Vector256.MultiplyAddEstimate(d, x, y);
            e = Vector256.MultiplyAddEstimate(e, x, y);
            f = Vector256.MultiplyAddEstimate(f, x, y);
            g = Vector256.MultiplyAddEstimate(g, x, y);
            h = Vector256.MultiplyAddEstimate(h, x, y);
            i = Vector256.MultiplyAddEstimate(i, x, y);
            j = Vector256.MultiplyAddEstimate(j, x, y);
            k = Vector256.MultiplyAddEstimate(k, x, y);
            l = Vector256.MultiplyAddEstimate(l, x, y);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float MultiplyAdds16(int rounds)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(1e-3f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < rounds; n++)
        {
            a = Vector512.MultiplyAddEstimate(a, x, y);
            b = Vector512.MultiplyAddEstimate(b, x, y);
            c = Vector512.MultiplyAddEstimate(c, x, y);
            d = Vector512.MultiplyAddEstimate(d, x, y);
            e = Vector512.MultiplyAddEstimate(e, x, y);
            f = Vector512.MultiplyAddEstimate(f, x, y);
            g = Vector512.MultiplyAddEstimate(g, x, y);
            h = Vector512.MultiplyAddEstimate(h, x, y);
            i = Vector512.MultiplyAddEstimate(i, x, y);
            j = Vector512.MultiplyAddEstimate(j, x, y);
            k = Vector512.MultiplyAddEstimate(k, x, y);
            l = Vector512.MultiplyAddEstimate(l, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
