using System.Numerics;
using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Keeps the workers of a pool that takes the whole machine on processors of their own, beside the caller's.
/// </summary>
/// <remarks>
/// Linux alone: left to itself it runs a woken worker on its waker's processor for milliseconds, and two threads are then
/// four times slower than one (docs/benchmarks/cpu-kernels.md). The caller's thread belongs to someone else and is never
/// bound: a worker that is in its way changes places.
/// </remarks>
internal sealed unsafe partial class ProcessorPlacement
{
    private const int MaskWords = 16;

    private readonly Lock gate = new();

    // Of each worker: its processor, and its thread's number once it runs. Entry 0 is the processor left to the caller.
    private readonly int[] processors, threads;

    private ProcessorPlacement(int[] processors)
    {
        this.processors = processors;
        threads = new int[processors.Length];
    }

    /// <summary>A placement, or null where workers are better left alone: fewer or more threads than processors, or no Linux.</summary>
    /// <param name="threads">Threads of the pool, the caller's included.</param>
    public static ProcessorPlacement? Create(int threads)
    {
        if (!OperatingSystem.IsLinux() || threads < 2 || threads != Environment.ProcessorCount)
            return null;
        try
        {
            ulong* mask = stackalloc ulong[MaskWords];
            new Span<ulong>(mask, MaskWords).Clear();
            if (GetAffinity(0, MaskWords * sizeof(ulong), mask) < 0)
                return null;
            var processors = new List<int>();
            for (int word = 0; word < MaskWords; word++)
            {
                for (ulong left = mask[word]; left != 0; left &= left - 1)
                    processors.Add((word * 64) + BitOperations.TrailingZeroCount(left));
            }

            // More processors than threads: a quota, and the scheduler must choose.
            return processors.Count == threads && Processor() >= 0 && ThreadNumber() > 0 ? new ProcessorPlacement([.. processors]) : null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Binds the calling worker.</summary>
    public void Enter(int worker)
    {
        lock (gate)
        {
            threads[worker] = ThreadNumber();
            Bind(worker);
        }
    }

    /// <summary>Moves the worker that is bound to the caller's processor, if there is one, to the processor that was left free.</summary>
    public void MakeRoom()
    {
        int own = Processor();
        if (own == Volatile.Read(ref processors[0]))
            return;
        lock (gate)
        {
            int worker = Array.IndexOf(processors, own);
            if (worker <= 0)
                return;
            (processors[0], processors[worker]) = (own, processors[0]);
            if (threads[worker] != 0)
                Bind(worker);
        }
    }

    // A refusal (a container may forbid it) costs speed alone.
    private void Bind(int worker)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        mask[processors[worker] / 64] = 1UL << (processors[worker] % 64);
        _ = SetAffinity(threads[worker], MaskWords * sizeof(ulong), mask);
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    [SuppressGCTransition]
    private static partial int Processor();

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int ThreadNumber();
}
