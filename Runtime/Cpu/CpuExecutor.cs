using System.Diagnostics;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cpu;

/// <summary>Runs a plan on the processor. See <see cref="IExecutor"/> for the thread rule.</summary>
/// <remarks>
/// <see cref="Run"/> allocates nothing. Spans that point into the executor's memory (<see cref="State"/>,
/// <see cref="InputSpan"/>, <see cref="OutputSpan"/>) must not be used after <see cref="Dispose"/>, the latter two not after
/// a change of size either, and none of them during a run.
/// </remarks>
public sealed unsafe partial class CpuExecutor : IGradientExecutor
{
    private readonly Lock gate = new();
    private readonly WorkerPool pool;
    private readonly bool strict;
    private readonly CpuMemory memory;
    private readonly PlanBindings bindings;
    private CpuProgram? prepare, steps;
    private bool stale = true, running, disposed;

    /// <summary>Allocates the states and sets them to their initial values.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="pool">Its threads; stays the caller's, and must outlive the executor.</param>
    /// <param name="strict">Convolutions are computed by their definition alone.</param>
    public CpuExecutor(ExecutionPlan plan, WorkerPool pool, bool strict = false)
    {
        CpuFeatures.WarnIfSlow();
        Plan = plan;
        this.pool = pool;
        this.strict = strict;
        bindings = new PlanBindings("cpu", plan);
        Poison = Environment.GetEnvironmentVariable("FOCALNET_POISON") == "1";
        StepTicks = new long[plan.Steps.Length];
        memory = new CpuMemory(plan);
        foreach (StateSpec state in plan.States)
            StateMemory(state).Fill(state.Initial);
    }

    /// <inheritdoc cref="IExecutor.Plan"/>
    public ExecutionPlan Plan { get; }

    PlanLayout IExecutor.Plan => Plan;

    /// <inheritdoc/>
    public RunSize Size { get; private set; }

    /// <summary>
    /// Whether to fill all memory but states and inputs with NaN before each run, for tests. On from the start if the
    /// environment variable FOCALNET_POISON is 1.
    /// </summary>
    public bool Poison { get; set; }

    /// <summary>Whether to add the time of each step to <see cref="StepTicks"/>.</summary>
    public bool Profile { get; set; }

    /// <summary>Time of each step of the plan so far, in ticks of <see cref="Stopwatch"/>; zeros unless <see cref="Profile"/>.</summary>
    public long[] StepTicks { get; }

    /// <inheritdoc/>
    public void Bind(RunSize size)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (size == Size)
                return;
            CheckNotRunning();
            bindings.CheckSize(size);
            // If memory runs out, no size is bound and the states are as before.
            (Size, prepare, steps, atGradient) = (default, null, null, false);
            memory.Bind(size, PartialFloats(Plan, size));
            prepare = new CpuProgram(Plan.Prepare, Plan, memory, size, pool, strict);
            steps = new CpuProgram(Plan.Steps, Plan, memory, size, pool, strict);
            Size = size;
        }
    }

    /// <inheritdoc/>
    public long RequiredBytes(RunSize size) => RequiredBytes(Plan, size);

    /// <summary>Bytes that an executor of a plan would need at a run size.</summary>
    internal static long RequiredBytes(ExecutionPlan plan, RunSize size)
    {
        PlanBindings.CheckSize("cpu", plan, size);
        // A size that is far too large overflows the elements of a reduction before the bytes of an arena.
        long arenas = CpuMemory.RequiredBytes(plan, size, 0);
        return arenas > long.MaxValue / 2 ? long.MaxValue : CpuMemory.RequiredBytes(plan, size, PartialFloats(plan, size));
    }

    /// <summary>Memory of a state: parameters as laid out by the plan, NHWC. Call <see cref="Invalidate"/> after changing parameters.</summary>
    public Span<float> State(string name)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return StateMemory(bindings.State(name));
        }
    }

    /// <summary>Memory of an input at the bound size, to fill without a copy.</summary>
    public PixelSpan InputSpan(string name)
    {
        lock (gate)
            return Pixels(bindings.Input(name));
    }

    /// <summary>Memory of an output at the bound size, to read without a copy.</summary>
    public PixelSpan OutputSpan(string name)
    {
        lock (gate)
            return Pixels(bindings.Output(name));
    }

    /// <inheritdoc/>
    public void SetInput(string name, ReadOnlySpan<float> nchw)
    {
        lock (gate)
        {
            BindingSpec binding = bindings.Input(name);
            CheckLength(binding, nchw.Length);
            var (images, pixels) = Extents(binding);
            DeviceLayouts.ToChannelsLast(nchw, images, binding.Shape.C, pixels, memory.Address(binding.View, Size), Pitch(binding));
        }
    }

    /// <inheritdoc/>
    public void GetOutput(string name, Span<float> nchw)
    {
        lock (gate)
        {
            BindingSpec binding = bindings.Output(name);
            CheckLength(binding, nchw.Length);
            var (images, pixels) = Extents(binding);
            DeviceLayouts.ToChannelsFirst(memory.Address(binding.View, Size), Pitch(binding), images, binding.Shape.C, pixels, nchw);
        }
    }

    /// <inheritdoc/>
    public void ReadState(string name, Span<float> values)
    {
        lock (gate)
        {
            Span<float> state = State(name);
            CheckLength("copy state", name, state.Length, values.Length);
            state.CopyTo(values);
        }
    }

    /// <inheritdoc/>
    public void WriteState(string name, ReadOnlySpan<float> values)
    {
        lock (gate)
        {
            Span<float> state = State(name);
            CheckLength("copy state", name, state.Length, values.Length);
            values.CopyTo(state);
            stale = true;
        }
    }

    /// <inheritdoc/>
    public void LoadParameters(ReadOnlySpan<float> checkpoint)
    {
        lock (gate)
        {
            CheckLength("copy", "parameters", DeviceLayouts.CheckpointLength(Plan.Parameters), checkpoint.Length);
            DeviceLayouts.FromCheckpoint(Plan.Parameters, checkpoint, State("parameters"));
            stale = true;
        }
    }

    /// <inheritdoc/>
    public void ReadParameters(Span<float> checkpoint)
    {
        lock (gate)
        {
            CheckLength("copy", "parameters", DeviceLayouts.CheckpointLength(Plan.Parameters), checkpoint.Length);
            DeviceLayouts.ToCheckpoint(Plan.Parameters, State("parameters"), checkpoint);
        }
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
            CheckBound("prepare", Plan.Name);
            RunPrepare();
        }
    }

    /// <inheritdoc/>
    public void Run(CancellationToken cancellation = default, IProgress<double>? progress = null)
    {
        lock (gate)
        {
            BeginRun(cancellation);
            try
            {
                RunSteps(0, steps!.Count, cancellation, progress);
            }
            finally
            {
                running = false;
            }
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
            memory.Dispose();
        }
    }

    // The lock lets its own thread in again, so that it alone would not stop a progress callback from freeing the memory in use.
    private void CheckNotRunning()
    {
        if (running)
            throw new InvalidOperationException("A progress callback must not bind, run or dispose the executor that it reports on.");
    }

    private void BeginRun(CancellationToken cancellation)
    {
        CheckBound("run", Plan.Name);
        CheckNotRunning();
        cancellation.ThrowIfCancellationRequested();
        (running, atGradient) = (true, false);
    }

    private void RunSteps(int first, int end, CancellationToken cancellation, IProgress<double>? progress)
    {
        if (first == 0)
        {
            if (Poison)
                memory.Poison(Size);
            RunPrepare();
        }
        for (int i = first; i < end; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            long start = Profile ? Stopwatch.GetTimestamp() : 0;
            RunStep(steps!, Plan.Steps, i);
            if (Profile)
                StepTicks[i] += Stopwatch.GetTimestamp() - start;
            if (progress is not null && (i + 1) * 100 / steps!.Count != i * 100 / steps.Count)
                progress.Report((i + 1.0) / steps.Count);
        }
    }

    private void RunPrepare()
    {
        if (!stale)
            return;
        for (int i = 0; i < prepare!.Count; i++)
            RunStep(prepare, Plan.Prepare, i);
        stale = false;
    }

    private void RunStep(CpuProgram program, StepSpec[] specs, int step)
    {
        try
        {
            program.Run(step);
        }
        catch (Exception exception) when (exception is not ObjectDisposedException)
        {
            throw new DeviceException(
                "cpu", $"kernel {specs[step].Kernel.Name} ({specs[step].Name}) of {Plan.Name}", PlanBindings.Text(Size), exception.Message,
                "If the message does not say what to do, report it with the kernel's source.", exception);
        }
    }

    private static long PartialFloats(ExecutionPlan plan, RunSize size)
    {
        try
        {
            return Math.Max(CpuProgram.PartialFloats(plan.Prepare, size), CpuProgram.PartialFloats(plan.Steps, size));
        }
        catch (OverflowException exception)
        {
            throw new DeviceMemoryException("cpu", plan.Name, size, long.MaxValue, CpuMemory.AvailableBytes, exception);
        }
    }

    private Span<float> StateMemory(StateSpec state) => new(memory.Address(state.View, default), checked((int)state.Shape.Elements(default)));

    private PixelSpan Pixels(BindingSpec binding)
    {
        CheckBound("access", binding.Name);
        var (images, pixels) = Extents(binding);
        int pitch = Pitch(binding);
        long floats = images * pixels == 0 ? 0 : (((images * pixels) - 1) * pitch) + binding.Shape.C;
        if (floats > int.MaxValue)
            throw new DeviceException("cpu", $"access '{binding.Name}' of {Plan.Name}", PlanBindings.Text(Size), "The tensor exceeds 2³¹ floats.", "Use fewer images a run or smaller tiles.");
        return new PixelSpan(
            new Span<float>(memory.Address(binding.View, Size), (int)floats), images, binding.Shape.H.At(Size), binding.Shape.W.At(Size), binding.Shape.C, pitch);
    }

    private (int Images, long Pixels) Extents(BindingSpec binding) =>
        (binding.Shape.N.At(Size), (long)binding.Shape.H.At(Size) * binding.Shape.W.At(Size));

    private int Pitch(BindingSpec binding) => Plan.Buffers[binding.View.Buffer].Shape.C;

    private void CheckLength(BindingSpec binding, int given)
    {
        CheckBound("access", binding.Name);
        CheckLength("copy", binding.Name, binding.Shape.Elements(Size), given);
    }

    private void CheckLength(string operation, string tensor, long expected, long given)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        bindings.CheckLength(Size, operation, tensor, expected, given);
    }

    private void CheckBound(string operation, string subject)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        bindings.CheckBound(Size, operation, subject);
    }
}

/// <summary>A tensor in an executor's memory: pixel p, channel c of it is <c>Data[p * Pitch + c]</c>.</summary>
/// <param name="data">From the first channel of the first pixel to the last channel of the last.</param>
/// <param name="images">N.</param>
/// <param name="height">H.</param>
/// <param name="width">W.</param>
/// <param name="channels">C.</param>
/// <param name="pitch">Floats from one pixel to the next.</param>
public readonly ref struct PixelSpan(Span<float> data, int images, int height, int width, int channels, int pitch)
{
    /// <summary>From the first channel of the first pixel to the last channel of the last.</summary>
    public Span<float> Data { get; } = data;

    /// <summary>N.</summary>
    public int Images { get; } = images;

    /// <summary>H.</summary>
    public int Height { get; } = height;

    /// <summary>W.</summary>
    public int Width { get; } = width;

    /// <summary>C.</summary>
    public int Channels { get; } = channels;

    /// <summary>Floats from one pixel to the next; those beyond <see cref="Channels"/> belong to others.</summary>
    public int Pitch { get; } = pitch;
}
