using System.Globalization;
using System.Runtime.ExceptionServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Threads that run the chunks of one kernel at a time, in a static partition: chunk c of n goes to worker c·threads/n. The
/// caller is worker 0. A run allocates nothing.
/// </summary>
/// <remarks>
/// <para>Where the pool takes a whole Linux machine, workers are bound to processors; the caller is not.</para>
/// <para>Kernels follow each other within microseconds, so a worker spins for a while before it parks.</para>
/// <para>Several threads may call <see cref="Run"/>: calls take turns. A kernel must not call it.</para>
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    /// <summary>Rounds of <see cref="Thread.SpinWait"/> before a thread parks: some tens of microseconds.</summary>
    private const int SpinRounds = 200, SpinIterations = 20;

    private readonly Lock turn = new();
    private readonly Worker[] workers;
    private readonly SemaphoreSlim done = new(0);
    private readonly bool spins;
    private readonly ProcessorPlacement? placement;
    private float* scratch;
    private bool disposed;

    private delegate*<in KernelArguments, in WorkSlice, void> entry;
    private KernelArguments* arguments;
    private int chunks;
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
        workers = new Worker[Threads - 1];
        for (int i = 0; i < workers.Length; i++)
        {
            var worker = workers[i] = new Worker(i + 1);
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
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    /// <remarks>If chunks throw, the others still run and the first exception that was caught is thrown here.</remarks>
    public void Run(delegate*<in KernelArguments, in WorkSlice, void> entry, KernelArguments* arguments, int chunks)
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
                    entry(in *arguments, new WorkSlice(chunk, chunks, scratch));
                return;
            }

            this.entry = entry;
            this.arguments = arguments;
            this.chunks = chunks;
            placement?.MakeRoom();
            Start();
            RunShare(0);
            WaitForWorkers();
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
            foreach (var worker in workers)
                Signal(worker);
            foreach (var worker in workers)
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
        int needed = 0;
        foreach (var worker in workers)
            needed += FirstChunk(worker.Index) < FirstChunk(worker.Index + 1) ? 1 : 0;
        Volatile.Write(ref pending, needed);
        foreach (var worker in workers)
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

    private void RunShare(int worker)
    {
        float* own = scratch + ((nint)worker * WorkSlice.ScratchFloats);
        int end = FirstChunk(worker + 1);
        for (int chunk = FirstChunk(worker); chunk < end; chunk++)
        {
            try
            {
                entry(in *arguments, new WorkSlice(chunk, chunks, own));
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }
    }

    private void WaitForWorkers()
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
            WaitForTicket(worker, seen);
            seen++;
            if (disposed)
                return;
            RunShare(worker.Index);
            if (Interlocked.Decrement(ref pending) == 0 && Interlocked.Exchange(ref callerParked, 0) == 1)
                done.Release();
        }
    }

    private void WaitForTicket(Worker worker, int seen)
    {
        for (int i = 0; spins && i < SpinRounds; i++)
        {
            if (Volatile.Read(ref worker.Ticket) != seen)
                return;
            Thread.SpinWait(SpinIterations);
        }

        // The loop is for a signaller that was taken off its processor between the ticket and the wake-up: the worker has then
        // done that work, is parked again, and is woken for nothing.
        while (Volatile.Read(ref worker.Ticket) == seen)
        {
            Interlocked.Exchange(ref worker.Parked, 1);
            if (Volatile.Read(ref worker.Ticket) != seen && Interlocked.Exchange(ref worker.Parked, 0) == 1)
                return;
            worker.Wake.Wait();
        }
    }

    /// <summary>One thread's mailbox.</summary>
    private sealed class Worker(int index)
    {
        public readonly int Index = index;
        public readonly SemaphoreSlim Wake = new(0);
        public Thread? Thread;
        public int Ticket;
        public int Parked;
    }
}
