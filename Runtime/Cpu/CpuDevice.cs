using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cpu;

/// <summary>The processor: one pool of threads, shared by its executors.</summary>
public sealed class CpuDevice : IDevice
{
    private readonly WorkerPool pool;
    private readonly bool strict;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Threads, the caller's included; by default one a processor.</param>
    /// <param name="strict">Convolutions are computed by their definition alone: slower, and a digit closer to it.</param>
    public CpuDevice(int threads = 0, bool strict = false)
    {
        pool = new WorkerPool(threads);
        this.strict = strict;
    }

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public string Description => $"{CpuFeatures.Description}, {pool.Threads} threads{(strict ? ", strict" : string.Empty)}";

    /// <inheritdoc/>
    public long AvailableBytes => CpuMemory.AvailableBytes;

    /// <summary>Threads that take part in a run.</summary>
    public int Threads => pool.Threads;

    internal WorkerPool Pool => pool;

    /// <inheritdoc cref="IDevice.CreateExecutor"/>
    public CpuExecutor CreateExecutor(ExecutionPlan plan) => new(plan, pool, strict);

    IExecutor IDevice.CreateExecutor(ExecutionPlan plan) => CreateExecutor(plan);

    /// <inheritdoc/>
    public long RequiredBytes(ExecutionPlan plan, RunSize size) => CpuExecutor.RequiredBytes(plan, size);

    /// <inheritdoc/>
    public void Dispose() => pool.Dispose();
}
