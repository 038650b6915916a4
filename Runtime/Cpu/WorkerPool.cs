using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Threads that run the chunks of one kernel at a time. Chunk c of n belongs to worker c·threads/n, which takes its chunks in order, so that
/// it reads in the next kernel what it has just written; whoever has none left takes the last one of another. The caller is worker 0.
/// A run allocates nothing.
/// </summary>
/// <remarks>
/// <para>Where the pool takes a whole Linux machine, workers are bound to processors; the caller is not.</para>
/// <para>Kernels follow each other within microseconds, so a worker spins for a while before it parks. A run ends with its last chunk and waits
/// for no worker that has not woken up or that lost its processor between chunks.</para>
/// <para>Several threads may call <see cref="Run"/>: calls take turns. A kernel must not call it.</para>
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    /// <summary>Rounds of <see cref="Thread.SpinWait"/> before a thread parks: some tens of microseconds.</summary>
    private const int SpinRounds = 200, SpinIterations = 20;

    private readonly Lock turn = new();
    // Entry 0 is the caller, which has a share and no thread.
    private readonly Worker[] workers;
    private readonly SemaphoreSlim done = new(0);
    private readonly bool spins;
    private readonly ProcessorPlacement? placement;
    private float* scratch;
    private bool disposed;

    private delegate*<in KernelArguments, in WorkSlice, void> entry;
    private KernelArguments* arguments;
    private int chunks, chunksOfShare;

    // Chunks of the run that have not ended.
    private int pending;
    private int callerParked;
    private Exception? failure;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Threads, the caller's included; by default one a processor.</param>
    public WorkerPool(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        // With more threads than processors a spinning thread keeps a working one from its processor.
        spins = Threads <= Environment.ProcessorCount;
        placement = ProcessorPlacement.Create(Threads);
        scratch = NativePages.Allocate((nuint)Threads * WorkSlice.ScratchFloats);
        workers = new Worker[Threads];
        for (int i = 0; i < workers.Length; i++)
            workers[i] = new Worker(i);
        foreach (var worker in workers.AsSpan(1))
        {
            worker.Thread = new Thread(() => Work(worker))
            {
                IsBackground = true,
                Name = string.Create(CultureInfo.InvariantCulture, $"FocalNet worker {worker.Index}"),
            };
            worker.Thread.Start();
        }
    }

    /// <summary>Threads that take part in a run, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Runs all chunks of a kernel and returns when the last has ended.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="arguments">Its arguments, at an address that does not move.</param>
    /// <param name="chunks">How many chunks to cut it into.</param>
    /// <param name="chunksOfShare">How many of them are a worker's share (<see cref="WorkSlice.ChunksOfShare"/>); divides <paramref name="chunks"/>.</param>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    /// <remarks>If chunks throw, the others still run and the first exception that was caught is thrown here.</remarks>
    public void Run(delegate*<in KernelArguments, in WorkSlice, void> entry, KernelArguments* arguments, int chunks, int chunksOfShare = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunks);
        if (turn.IsHeldByCurrentThread)
            throw new InvalidOperationException("A kernel must not start another run on the pool that runs it.");
        lock (turn)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (Threads == 1 || chunks == 1)
            {
                for (int chunk = 0; chunk < chunks; chunk++)
                    entry(in *arguments, new WorkSlice(chunk, chunks, scratch, chunksOfShare));
                return;
            }

            this.entry = entry;
            this.arguments = arguments;
            this.chunks = chunks;
            this.chunksOfShare = chunksOfShare;
            placement?.MakeRoom();
            Start();
            RunChunks(0);
            WaitForOthers();
            if (failure is { } exception)
            {
                failure = null;
                ExceptionDispatchInfo.Throw(exception);
            }
        }
    }

    /// <summary>Waits for a run in progress, ends and joins the threads, frees their scratch.</summary>
    public void Dispose()
    {
        lock (turn)
        {
            if (disposed)
                return;
            disposed = true;
            entry = null;
            foreach (var worker in workers.AsSpan(1))
                Signal(worker);
            foreach (var worker in workers.AsSpan(1))
            {
                worker.Thread!.Join();
                worker.Wake.Dispose();
            }

            done.Dispose();
            NativePages.Free(scratch);
            scratch = null;
        }
    }

    private void Start()
    {
        Volatile.Write(ref pending, chunks);
        // A worker that is still looking for chunks of the run before may take one of these as soon as a share is written: all else is.
        foreach (var worker in workers)
            Volatile.Write(ref worker.Share.Value, new Share(FirstChunk(worker.Index), FirstChunk(worker.Index + 1)).Bits);
        foreach (var worker in workers.AsSpan(1))
        {
            if (FirstChunk(worker.Index) < FirstChunk(worker.Index + 1))
                Signal(worker);
        }
    }

    private static void Signal(Worker worker)
    {
        Interlocked.Increment(ref worker.Ticket);
        if (Interlocked.Exchange(ref worker.Parked, 0) == 1)
            worker.Wake.Release();
    }

    /// <summary>First chunk c with c·threads/chunks ≥ worker.</summary>
    private int FirstChunk(int worker) => (int)((((long)worker * chunks) + Threads - 1) / Threads);

    /// <summary>Runs chunks, its own first, until there is none that nobody has taken; wakes the caller after the last of the run.</summary>
    private void RunChunks(int worker)
    {
        float* own = scratch + ((nint)worker * WorkSlice.ScratchFloats);
        for (int offset = 0; offset < Threads; offset++)
        {
            var owner = workers[(worker + offset) % Threads];
            while (TryTake(ref owner.Share.Value, first: offset == 0, out int chunk))
            {
                try
                {
                    entry(in *arguments, new WorkSlice(chunk, chunks, own, chunksOfShare));
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, exception, null);
                }

                if (Interlocked.Decrement(ref pending) == 0 && Interlocked.Exchange(ref callerParked, 0) == 1)
                    done.Release();
            }
        }
    }

    /// <summary>
    /// Takes a chunk of a share. What was taken is of the run in progress, whatever run the taker came for: that run ends only after the chunk
    /// has, so its kernel and arguments can be read from then on.
    /// </summary>
    private static bool TryTake(ref long share, bool first, out int chunk)
    {
        long seen = Volatile.Read(ref share);
        while (true)
        {
            var (next, end) = new Share(seen);
            if (next >= end)
            {
                chunk = 0;
                return false;
            }

            chunk = first ? next : end - 1;
            long left = (first ? new Share(next + 1, end) : new Share(next, end - 1)).Bits;
            long found = Interlocked.CompareExchange(ref share, left, seen);
            if (found == seen)
                return true;
            seen = found;
        }
    }

    private void WaitForOthers()
    {
        for (int i = 0; spins && i < SpinRounds; i++)
        {
            if (Volatile.Read(ref pending) == 0)
                return;
            Thread.SpinWait(SpinIterations);
        }

        // Whoever takes the flag back decides whether there is a release to wait for. The loop is for a worker that was last in an
        // earlier run and takes the flag only now.
        while (Volatile.Read(ref pending) != 0)
        {
            Interlocked.Exchange(ref callerParked, 1);
            if (Volatile.Read(ref pending) == 0 && Interlocked.Exchange(ref callerParked, 0) == 1)
                return;
            done.Wait();
        }
    }

    private void Work(Worker worker)
    {
        placement?.Enter(worker.Index);
        int seen = 0;
        while (true)
        {
            seen = WaitForTicket(worker, seen);
            if (disposed)
                return;
            RunChunks(worker.Index);
        }
    }

    /// <summary>Waits for a ticket after <paramref name="seen"/> and returns the newest: those between are of runs that ended without this worker.</summary>
    private int WaitForTicket(Worker worker, int seen)
    {
        for (int i = 0; spins && i < SpinRounds; i++)
        {
            if (Volatile.Read(ref worker.Ticket) != seen)
                return Volatile.Read(ref worker.Ticket);
            Thread.SpinWait(SpinIterations);
        }

        // The loop is for a signaller that was taken off its processor between the ticket and the wake-up: the worker has then
        // done that work, is parked again, and is woken for nothing.
        while (Volatile.Read(ref worker.Ticket) == seen)
        {
            Interlocked.Exchange(ref worker.Parked, 1);
            if (Volatile.Read(ref worker.Ticket) != seen && Interlocked.Exchange(ref worker.Parked, 0) == 1)
                break;
            worker.Wake.Wait();
        }

        return Volatile.Read(ref worker.Ticket);
    }

    /// <summary>Chunks that nobody has taken, [next, end), in one word.</summary>
    private readonly record struct Share(long Bits)
    {
        public Share(int next, int end)
            : this(((long)next << 32) | (uint)end)
        {
        }

        public void Deconstruct(out int next, out int end) => (next, end) = ((int)(Bits >> 32), (int)Bits);
    }

    /// <summary>One thread's mailbox and chunks. The share, which its worker writes for each chunk, has a cache line of its own.</summary>
    private sealed class Worker(int index)
    {
        public readonly int Index = index;
        public readonly SemaphoreSlim Wake = new(0);
        public Thread? Thread;
        public int Ticket;
        public int Parked;
        public Padded Share;
    }

    [StructLayout(LayoutKind.Explicit, Size = 2 * 128)]
    private struct Padded
    {
        [FieldOffset(128)]
        public long Value;
    }
}
