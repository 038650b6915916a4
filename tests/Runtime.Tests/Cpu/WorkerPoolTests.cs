using System.Runtime.InteropServices;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Partition, exceptions, allocation and a stress of the worker pool.</summary>
public sealed unsafe class WorkerPoolTests
{
    [Fact]
    public void Every_chunk_runs_once_in_scratch_memory_of_its_own_thread()
    {
        long* counts = stackalloc long[2 * 64];
        foreach (int threads in new[] { 1, 2, 3, 5 })
        {
            using var pool = new WorkerPool(threads);
            foreach (int chunks in new[] { 1, 2, 3, 7, 64 })
            {
                new Span<long>(counts, 2 * 64).Clear();
                float* buffer = (float*)counts;
                var arguments = new KernelArguments { Buffers = &buffer };
                pool.Run(&Count, &arguments, chunks);
                for (int c = 0; c < chunks; c++)
                {
                    Assert.Equal(1, counts[2 * c]);
                    Assert.Equal(0, counts[(2 * c) + 1] % 64);
                }

                Assert.InRange(Enumerable.Range(0, chunks).Select(c => counts[(2 * c) + 1]).Distinct().Count(), 1, threads);
            }
        }
    }

    /// <summary>
    /// Whoever runs chunk 0 is held up until all the others have ended, which somebody else must have run then, the rest of this worker's share
    /// too. It waits in vain if chunks belong to their workers.
    /// </summary>
    [Theory]
    [InlineData(2, 16)]
    [InlineData(3, 64)]
    public void Others_take_the_chunks_of_a_thread_that_is_held_up(int threads, int chunks)
    {
        using var pool = new WorkerPool(threads);
        long* state = stackalloc long[2];
        float* buffer = (float*)state;
        var arguments = new KernelArguments { Buffers = &buffer };
        for (int run = 0; run < 50; run++)
        {
            new Span<long>(state, 2).Clear();
            pool.Run(&WaitForTheOthers, &arguments, chunks, chunks / threads);
            Assert.Equal(chunks - 1, state[0]);
            Assert.Equal(0, state[1]);
        }
    }

    private static void WaitForTheOthers(in KernelArguments a, in WorkSlice s)
    {
        long* state = (long*)a.Buffers[0];
        if (s.Chunk > 0)
        {
            Interlocked.Increment(ref state[0]);
            return;
        }

        int others = s.Chunks - 1;
        if (!SpinWait.SpinUntil(() => Interlocked.Read(ref state[0]) == others, 10_000))
            state[1] = 1;
    }

    /// <summary>Each item is in one chunk; shares are equal, and each is cut at whole blocks from its start.</summary>
    [Fact]
    public void Chunks_of_a_share_are_whole_blocks()
    {
        foreach (int shares in new[] { 1, 2, 3, 7 })
        {
            foreach (int chunksOfShare in new[] { 1, 2, 5, 8 })
            {
                foreach (int count in new[] { 0, 1, 23, 24, 256, 1000, 4096 })
                {
                    foreach (int block in new[] { 1, 6, 24 })
                    {
                        long next = 0, blocks = 0;
                        for (int c = 0; c < shares * chunksOfShare; c++)
                        {
                            var slice = new WorkSlice(c, shares * chunksOfShare, null, chunksOfShare);
                            var (start, end) = slice.Range(count, block);
                            long share = c / chunksOfShare, first = count * share / shares, last = count * (share + 1) / shares;
                            Assert.Equal(next, start);
                            Assert.InRange(end, start, last);
                            Assert.True(start == last || (start - first) % block == 0);
                            if (block == 1 && chunksOfShare == 1)
                                Assert.Equal(slice.Range(count), (start, end));
                            (next, blocks) = (end, blocks + ((end - start + block - 1) / block));
                        }

                        Assert.Equal(count, next);
                        Assert.Equal(Enumerable.Range(0, shares).Sum(s => (((long)count * (s + 1) / shares) - ((long)count * s / shares) + block - 1) / block), blocks);
                    }
                }
            }
        }
    }

    /// <summary>A pool of the whole machine on Linux: no worker shares a processor with another or with the caller, wherever the caller was moved.</summary>
    [Fact]
    public void Workers_keep_out_of_the_callers_way()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.ProcessorCount > 1, "Needs Linux and two processors.");
        int threads = Environment.ProcessorCount, together = 0;
        using var pool = new WorkerPool(threads);
        long* processors = stackalloc long[threads + 1];
        float* buffer = (float*)processors;
        var arguments = new KernelArguments { Buffers = &buffer };
        for (int run = 0; run < 200; run++)
        {
            processors[threads] = 0;
            pool.Run(&RecordProcessor, &arguments, threads);
            for (int worker = 1; worker < threads; worker++)
                together += new Span<long>(processors, worker).Contains(processors[worker]) ? 1 : 0;
        }

        // The scheduler may move the caller during a run.
        Assert.True(together <= 20 * (threads - 1), $"{together} of {200 * (threads - 1)} on a processor that has another already");
    }

    // Each waits until all have begun, so that no thread runs two.
    private static void RecordProcessor(in KernelArguments a, in WorkSlice s)
    {
        long* processors = (long*)a.Buffers[0];
        int all = s.Chunks;
        processors[s.Chunk] = sched_getcpu();
        Interlocked.Increment(ref processors[all]);
        SpinWait.SpinUntil(() => Interlocked.Read(ref processors[all]) == all, 10_000);
    }

    [DllImport("libc")]
    private static extern int sched_getcpu();

    [Fact]
    public void Many_short_runs_of_changing_width_lose_nothing()
    {
        foreach (int threads in new[] { 2, 3, 4 })
        {
            using var pool = new WorkerPool(threads);
            long* counts = (long*)NativeMemory.AllocZeroed(2 * 64 * sizeof(long));
            float* buffer = (float*)counts;
            var arguments = new KernelArguments { Buffers = &buffer };
            long expected = 0;
            for (int i = 0; i < 1500; i++)
            {
                int chunks = (i * 7 % 11) + 1;
                pool.Run(&Count, &arguments, chunks);
                expected += chunks;
                if (i % 300 == 0)
                    Thread.Sleep(2);
                long sum = 0;
                for (int c = 0; c < 64; c++)
                    sum += counts[2 * c];
                Assert.Equal(expected, sum);
            }

            NativeMemory.Free(counts);
        }
    }

    /// <summary>
    /// With far more threads than processors, threads are taken off their processors at every point of the protocol: also
    /// between a worker's ticket and its wake-up, when the worker may have done the work and parked again.
    /// </summary>
    [Fact]
    public void Pools_that_compete_for_processors_run_each_chunk_once()
    {
        const int Pools = 6, Seconds = 4;
        var failures = new System.Collections.Concurrent.ConcurrentBag<string>();
        Thread[] callers = [.. Enumerable.Range(0, Pools).Select(index => new Thread(() =>
        {
            using var pool = new WorkerPool(Math.Max(2, Environment.ProcessorCount));
            long* counts = stackalloc long[2 * 8];
            float* buffer = (float*)counts;
            var arguments = new KernelArguments { Buffers = &buffer };
            var clock = System.Diagnostics.Stopwatch.StartNew();
            for (long run = 1; failures.IsEmpty && clock.Elapsed.TotalSeconds < Seconds; run++)
            {
                pool.Run(&Count, &arguments, 8);
                for (int c = 0; c < 8; c++)
                {
                    if (counts[2 * c] != run)
                        failures.Add($"pool {index}, run {run}: chunk {c} ran {counts[2 * c]} times");
                }
            }
        }))];
        foreach (Thread caller in callers)
            caller.Start();
        foreach (Thread caller in callers)
            caller.Join();
        Assert.Empty(failures);
    }

    [Fact]
    public void Callers_take_turns()
    {
        using var pool = new WorkerPool(3);
        long* counts = (long*)NativeMemory.AllocZeroed(2 * 64 * sizeof(long));
        nint address = (nint)counts;
        var callers = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            float* buffer = (float*)address;
            var arguments = new KernelArguments { Buffers = &buffer };
            for (int i = 0; i < 500; i++)
                pool.Run(&Count, &arguments, 5);
        })).ToList();
        callers.ForEach(t => t.Start());
        callers.ForEach(t => t.Join());
        for (int c = 0; c < 5; c++)
            Assert.Equal(1500, counts[2 * c]);
        NativeMemory.Free(counts);
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        long* counts = stackalloc long[2 * 64];
        float* buffer = (float*)counts;
        var arguments = new KernelArguments { Buffers = &buffer };
        for (int i = 0; i < 100; i++)
            pool.Run(&Count, &arguments, 4);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            pool.Run(&Count, &arguments, 4);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(3, 4)]
    public void An_exception_of_a_kernel_surfaces_and_the_pool_lives_on(int threads, int chunks)
    {
        using var pool = new WorkerPool(threads);
        long* counts = stackalloc long[2 * 64];
        float* buffer = (float*)counts;
        var arguments = new KernelArguments { Buffers = &buffer };
        for (int i = 0; i < 20; i++)
        {
            bool thrown = false;
            try
            {
                pool.Run(&Throw, &arguments, chunks);
            }
            catch (InvalidDataException e)
            {
                thrown = e.Message == "last chunk";
            }

            Assert.True(thrown);
            pool.Run(&Count, &arguments, chunks);
        }
    }

    [Fact]
    public void A_disposed_pool_and_a_nested_run_are_refused()
    {
        var pool = new WorkerPool(2);
        var handle = GCHandle.Alloc(pool);
        float* buffer = (float*)GCHandle.ToIntPtr(handle);
        var arguments = new KernelArguments { Buffers = &buffer };
        string? message = null;
        try
        {
            pool.Run(&Nest, &arguments, 1);
        }
        catch (InvalidOperationException e)
        {
            message = e.Message;
        }

        Assert.Contains("must not start another run", message, StringComparison.Ordinal);
        handle.Free();
        pool.Dispose();
        pool.Dispose();
        bool refused = false;
        try
        {
            pool.Run(&Count, &arguments, 2);
        }
        catch (ObjectDisposedException)
        {
            refused = true;
        }

        Assert.True(refused);
    }

    private static void Count(in KernelArguments a, in WorkSlice s)
    {
        long* counts = (long*)a.Buffers[0];
        Interlocked.Increment(ref counts[2 * s.Chunk]);
        counts[(2 * s.Chunk) + 1] = (long)s.Scratch;
        s.Scratch[0] = s.Scratch[WorkSlice.ScratchFloats - 1] = s.Chunk;
    }

    private static void Throw(in KernelArguments a, in WorkSlice s)
    {
        if (s.Chunk == s.Chunks - 1)
            throw new InvalidDataException("last chunk");
    }

    private static void Nest(in KernelArguments a, in WorkSlice s)
    {
        var pool = (WorkerPool)GCHandle.FromIntPtr((nint)a.Buffers[0]).Target!;
        var arguments = a;
        pool.Run(&Count, &arguments, 1);
    }
}
