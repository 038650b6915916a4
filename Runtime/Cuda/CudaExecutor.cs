using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <summary>Runs a plan on a CUDA device. See <see cref="IExecutor"/> for the thread rule.</summary>
/// <remarks>
/// The first run of a size is launched kernel by kernel, the second is captured, and from then on a run is one call. A run that can be
/// cancelled, or that somebody wants to hear of, is up to 16 calls, each made while the one before it runs: between
/// them it is cancelled and reported. <see cref="Run"/> returns when the device is done.
/// </remarks>
public sealed partial class CudaExecutor : IGradientExecutor
{
    private readonly Lock gate = new();
    private readonly CudaContext context;
    private readonly PlanBindings bindings;
    private readonly Dictionary<CudaKernel, LoadedKernel> kernels;
    private readonly CudaGraphs graphs;
    private readonly CudaStream stream;
    private readonly CudaMemory memory;
    private readonly CudaTransfer transfer;
    private CudaProgram? prepare, steps;
    private bool stale = true, running, disposed;

    internal CudaExecutor(CudaContext context, CudaPlan plan, KernelLibrary library, CudaOptions options)
    {
        (this.context, Plan) = (context, plan);
        bindings = new PlanBindings(context.Name, plan);
        graphs = new CudaGraphs(options.CapturedSizes);
        Poison = Environment.GetEnvironmentVariable("FOCALNET_POISON") == "1";
        Synchronous = Environment.GetEnvironmentVariable("FOCALNET_CUDA_SYNC") == "1";
        StepMilliseconds = new float[plan.Steps.Length];
        context.Enter();
        LoadedKernel[] loaded = library.Load(plan.Kernels, options.Compilation, options.Cancellation);
        kernels = plan.Kernels.Zip(loaded).ToDictionary(pair => pair.First, pair => pair.Second);
        stream = new CudaStream(context, plan.Steps.Any(s => s is CudaGemmStep));
        try
        {
            memory = new CudaMemory(context, plan, stream.Handle);
            transfer = new CudaTransfer(context, memory, plan, stream.Handle);
            foreach (StateSpec state in plan.States)
                transfer.WriteState(state, Filled(state));
        }
        catch
        {
            memory?.Free();
            stream.Free();
            throw;
        }
    }

    /// <inheritdoc cref="IExecutor.Plan"/>
    public CudaPlan Plan { get; }

    PlanLayout IExecutor.Plan => Plan;

    /// <inheritdoc/>
    public RunSize Size { get; private set; }

    /// <summary>
    /// Whether to fill all memory but states and inputs with NaN before each run, for tests. On from the start if the
    /// environment variable FOCALNET_POISON is 1.
    /// </summary>
    public bool Poison { get; set; }

    /// <summary>
    /// Whether to wait for each kernel, so that an error names the one that made it. On from the start if the environment variable
    /// FOCALNET_CUDA_SYNC is 1.
    /// </summary>
    public bool Synchronous { get; set; }

    /// <summary>Whether to measure each step, launched one by one, into <see cref="StepMilliseconds"/>.</summary>
    public bool Profile { get; set; }

    /// <summary>Time of each step of the last run with <see cref="Profile"/>, by the device's clock.</summary>
    public float[] StepMilliseconds { get; }

    /// <summary>Sizes whose run is captured.</summary>
    public int CapturedSizes
    {
        get
        {
            lock (gate)
                return graphs.Count;
        }
    }

    /// <inheritdoc/>
    public void Bind(RunSize size)
    {
        lock (gate)
        {
            if (Begin() && size == Size)
                return;
            CheckNotRunning();
            bindings.CheckSize(size);
            // If memory runs out, no size is bound and the states are as before.
            (Size, prepare, steps, atGradient) = (default, null, null, false);
            try
            {
                if (memory.Bind(size))
                    graphs.Clear();
            }
            catch
            {
                // Freed in part, so what was captured works in memory that is gone.
                graphs.Clear();
                throw;
            }
            prepare = new CudaProgram(Plan.Prepare, kernels, Plan, memory, size, context);
            steps = new CudaProgram(Plan.Steps, kernels, Plan, memory, size, context);
            Size = size;
        }
    }

    /// <inheritdoc/>
    public long RequiredBytes(RunSize size)
    {
        bindings.CheckSize(size);
        return CudaMemory.RequiredBytes(Plan, size);
    }

    /// <inheritdoc/>
    public void SetInput(string name, ReadOnlySpan<float> nchw)
    {
        lock (gate)
        {
            Begin();
            BindingSpec binding = bindings.Input(name);
            CheckSpan(binding, nchw.Length);
            transfer.Write(binding, Size, nchw);
        }
    }

    /// <inheritdoc/>
    public void GetOutput(string name, Span<float> nchw)
    {
        lock (gate)
        {
            Begin();
            BindingSpec binding = bindings.Output(name);
            CheckSpan(binding, nchw.Length);
            transfer.Read(binding, Size, nchw);
        }
    }

    /// <inheritdoc/>
    public void ReadState(string name, Span<float> values)
    {
        lock (gate)
            transfer.ReadState(CheckedState(name, values.Length), values);
    }

    /// <inheritdoc/>
    public void WriteState(string name, ReadOnlySpan<float> values)
    {
        lock (gate)
        {
            transfer.WriteState(CheckedState(name, values.Length), values);
            stale = true;
        }
    }

    /// <inheritdoc/>
    public void LoadParameters(ReadOnlySpan<float> checkpoint)
    {
        lock (gate)
        {
            (StateSpec state, float[] raw) = Parameters(checkpoint.Length);
            DeviceLayouts.FromCheckpoint(Plan.Parameters, checkpoint, raw);
            transfer.WriteState(state, raw);
            stale = true;
        }
    }

    /// <inheritdoc/>
    public void ReadParameters(Span<float> checkpoint)
    {
        lock (gate)
            DeviceLayouts.ToCheckpoint(Plan.Parameters, Parameters(checkpoint.Length).Raw, checkpoint);
    }

    /// <inheritdoc/>
    public void Invalidate()
    {
        lock (gate)
            stale = true;
    }

    /// <inheritdoc/>
    public void Prepare()
    {
        lock (gate)
        {
            Begin();
            bindings.CheckBound(Size, "prepare", Plan.Name);
            MakeReady(poison: false);
            transfer.Synchronise($"prepare {Plan.Name}", Size);
        }
    }

    /// <inheritdoc/>
    public void Run(CancellationToken cancellation = default, IProgress<double>? progress = null)
    {
        lock (gate)
        {
            Begin();
            RunGuarded(() => RunAll(cancellation, progress), cancellation);
        }
    }

    /// <summary>Runs several times without waiting in between, and measures each by the device's clock, in milliseconds.</summary>
    /// <exception cref="DeviceException">No size is bound, or a kernel failed.</exception>
    public float[] Time(int runs)
    {
        lock (gate)
        {
            Begin();
            bindings.CheckBound(Size, "time", Plan.Name);
            CheckNotRunning();
            // Whatever happens at the first runs of a size must not be measured.
            RunAll(default, null);
            RunAll(default, null);
            using var clock = new CudaClock(context, stream.Handle, runs + 1);
            clock.Record(0);
            for (int i = 0; i < runs; i++)
            {
                LaunchPart(0, Plan.Steps.Length, default);
                clock.Record(i + 1);
            }
            transfer.Synchronise($"run {Plan.Name}", Size);
            return [.. Enumerable.Range(0, runs).Select(i => clock.Milliseconds(i, i + 1))];
        }
    }

    /// <summary>Waits for a run in progress and frees the memory.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
                return;
            CheckNotRunning();
            disposed = true;
            if (!context.EnterToFree())
                return;
            // Failing or not, nothing is on its way after this.
            _ = DriverApi.StreamSynchronize(stream.Handle);
            graphs.Clear();
            transfer.Free();
            memory.Free();
            stream.Free();
        }
    }

    // The result is there for Bind, whose condition it begins.
    private bool Begin()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        context.Enter();
        return true;
    }

    // The lock lets its own thread in again, so that it alone would not stop a progress callback from freeing the memory in use.
    private void CheckNotRunning()
    {
        if (running)
            throw new InvalidOperationException("A progress callback must not bind, run or dispose the executor that it reports on.");
    }

    private StateSpec CheckedState(string name, int given)
    {
        Begin();
        StateSpec state = bindings.State(name);
        bindings.CheckLength(Size, "copy state", name, state.Shape.Elements(default), given);
        return state;
    }

    private (StateSpec State, float[] Raw) Parameters(int given)
    {
        Begin();
        bindings.CheckLength(Size, "copy", "parameters", DeviceLayouts.CheckpointLength(Plan.Parameters), given);
        StateSpec state = bindings.State("parameters");
        var raw = new float[state.Shape.Elements(default)];
        transfer.ReadState(state, raw);
        return (state, raw);
    }

    private void CheckSpan(BindingSpec binding, int given)
    {
        bindings.CheckBound(Size, "access", binding.Name);
        bindings.CheckLength(Size, "copy", binding.Name, binding.Shape.Elements(Size), given);
    }

    private static float[] Filled(StateSpec state)
    {
        var values = new float[state.Shape.Elements(default)];
        Array.Fill(values, state.Initial);
        return values;
    }
}
