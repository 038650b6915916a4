using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime;

/// <summary>
/// Something that runs plans. The whole contract of a device is this file; a new device touches its own folder only.
/// </summary>
public interface IDevice : IDisposable
{
    /// <summary>Short name, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    string Name { get; }

    /// <summary>One line for people: model, memory, versions.</summary>
    string Description { get; }

    /// <summary>Bytes that a new executor could use now.</summary>
    long AvailableBytes { get; }

    /// <summary>Creates an executor. It must be disposed before the device.</summary>
    IExecutor CreateExecutor(ExecutionPlan plan);

    /// <summary>
    /// An executor that computes in float32, for a device that was asked for less: to do again what overflowed. Null where
    /// <see cref="CreateExecutor"/> gives one already.
    /// </summary>
    IExecutor? CreateExactExecutor(ExecutionPlan plan) => null;

    /// <summary>Bytes that an executor of a plan would need at a run size (<see cref="IExecutor.RequiredBytes"/>).</summary>
    /// <exception cref="DeviceException">The size is not positive, or not divisible by the plan's divisor.</exception>
    long RequiredBytes(ExecutionPlan plan, RunSize size)
    {
        using IExecutor executor = CreateExecutor(plan);
        return executor.RequiredBytes(size);
    }
}

/// <summary>A plan with memory: states that persist, and the activations of one run size at a time.</summary>
/// <remarks>
/// Thread rule: calls of one executor take turns, whatever threads they come from, and <see cref="IDisposable.Dispose"/> waits
/// for a run in progress. What belongs together (inputs, run, outputs) must therefore come from one thread, or be locked by the
/// caller. Different executors are independent. Spans in the signatures are NCHW, dense, and belong to the caller.
/// </remarks>
public interface IExecutor : IDisposable
{
    /// <summary>Memory and names of the plan that runs.</summary>
    PlanLayout Plan { get; }

    /// <summary>The run size that is bound; all zero before the first.</summary>
    RunSize Size { get; }

    /// <summary>
    /// Makes ready for a run size. Keeps states and packed weights; inputs and outputs become undefined. Does nothing if the size
    /// is bound already.
    /// </summary>
    /// <exception cref="DeviceException">The size is not positive, or not divisible by the plan's divisor.</exception>
    /// <exception cref="DeviceMemoryException">The size needs more memory than there is.</exception>
    void Bind(RunSize size);

    /// <summary>Bytes that a run size needs, states included; <see cref="long.MaxValue"/> if they do not fit a number.</summary>
    long RequiredBytes(RunSize size);

    /// <summary>Sets an input of the next run. Its memory is reused during a run: set every input before each run.</summary>
    void SetInput(string name, ReadOnlySpan<float> nchw);

    /// <summary>Copies an output of the last run.</summary>
    void GetOutput(string name, Span<float> nchw);

    /// <summary>Copies a state (parameters, moments) out, as it lies in memory: NHWC.</summary>
    void ReadState(string name, Span<float> values);

    /// <summary>Replaces a state. Parameters written so are prepared again before the next run.</summary>
    void WriteState(string name, ReadOnlySpan<float> values);

    /// <summary>Sets all parameters, one after the other in the plan's order, each in its checkpoint layout (OIHW).</summary>
    void LoadParameters(ReadOnlySpan<float> checkpoint);

    /// <summary>Copies all parameters, one after the other in the plan's order, each in its checkpoint layout (OIHW).</summary>
    void ReadParameters(Span<float> checkpoint);

    /// <summary>Says that parameters were changed from outside: the plan's Prepare steps run before the next run.</summary>
    void Invalidate();

    /// <summary>Runs the Prepare steps now if they are due, so that the first run is not slower than the others.</summary>
    void Prepare();

    /// <summary>
    /// Runs the plan. Cancels between kernels; states are then as the kernels that ran left them.
    /// </summary>
    /// <param name="cancellation">Cancels between kernels.</param>
    /// <param name="progress">Receives the share of kernels done, 0 … 1, at most a hundred times.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="DeviceException">No size is bound, or a kernel failed.</exception>
    void Run(CancellationToken cancellation = default, IProgress<double>? progress = null);
}

/// <summary>
/// An executor that can stop a training step at its gradient, so that gradients of several batches or processes are averaged before
/// the optimizer sees them. Only for plans that have <see cref="PlanLayout.Gradient"/>.
/// </summary>
/// <remarks>Between the two halves nothing else may run, except the first half again. Both together are <see cref="IExecutor.Run"/>, to the bit.</remarks>
public interface IGradientExecutor : IExecutor
{
    /// <summary>Runs the steps up to the gradient: outputs that do not depend on it can be read, and every state is as before.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="DeviceException">The plan has no gradient, no size is bound, or a kernel failed.</exception>
    void RunToGradient(CancellationToken cancellation = default);

    /// <summary>Copies the gradient out, in the order of the state "parameters".</summary>
    void ReadGradient(Span<float> values);

    /// <summary>Replaces the gradient.</summary>
    void WriteGradient(ReadOnlySpan<float> values);

    /// <summary>
    /// Runs the steps from the gradient on: the optimizer. Inputs that only it reads may be set before this. It is not cancelled: half a
    /// step of an optimizer is of no use.
    /// </summary>
    /// <exception cref="DeviceException"><see cref="RunToGradient"/> has not run, or a kernel failed.</exception>
    void RunFromGradient();
}
