using System.Diagnostics.CodeAnalysis;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Cuda.Plans;

namespace FocalNet.Runtime.Plans;

/// <summary>How partial results of a reduction are combined.</summary>
public enum ReductionKind
{
    /// <summary>Sum.</summary>
    Sum,

    /// <summary>Maximum.</summary>
    Max,
}

/// <summary>
/// A reduction whose chunks leave partial results; the executor sets them to the neutral element before the step and
/// combines them afterwards, in chunk order, into the output view (dense).
/// </summary>
/// <param name="Kind">Sum or maximum.</param>
/// <param name="Shape">Shape of the result, and so of each chunk's partial result.</param>
/// <param name="Output">The view that receives the result.</param>
public sealed record ReductionSpec(ReductionKind Kind, ShapeSpec Shape, ViewSpec Output);

/// <summary>How a step's work may be cut into chunks.</summary>
public enum Chunking
{
    /// <summary>One chunk per thread: the cut does not change the result, and each chunk begins with work of its own.</summary>
    PerThread,

    /// <summary>As many chunks as one likes: the cut does not change the result, and costs nothing.</summary>
    Fine,

    /// <summary>A fixed number of chunks, whatever the threads, so that partial sums are always the same.</summary>
    Fixed,

    /// <summary>One chunk: the kernel is too small to share, or must run in order.</summary>
    Single,
}

/// <summary>One kernel launch.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Views">Operands, in the order the kernel expects them.</param>
/// <param name="Domain">Shape over which the kernel's body runs.</param>
/// <param name="Input">Shape of the anchor's main operand (equal to the domain where there is none).</param>
/// <param name="Chunking">How the work may be cut.</param>
/// <param name="Reductions">Chunked reductions, usually none.</param>
/// <param name="Name">Where it comes from in the network, for people.</param>
public sealed record StepSpec(
    CpuKernel Kernel, ViewSpec[] Views, ShapeSpec Domain, ShapeSpec Input, Chunking Chunking, ReductionSpec[] Reductions, string Name);

/// <summary>
/// A compiled graph: what the generator emits and a device runs. Immutable, shared by all executors. What is here are the steps of the
/// processor; plans of other devices, which differ in steps and memory but not in inputs, outputs, states and parameters, go with it.
/// </summary>
public sealed class ExecutionPlan : PlanLayout
{
    /// <summary>A plan, to be filled by its initialisers.</summary>
    public ExecutionPlan()
    {
    }

    [SetsRequiredMembers]
    internal ExecutionPlan(PlanLayout layout, StepSpec[] prepare, StepSpec[] steps)
        : base(layout) => (Prepare, Steps) = (prepare, steps);

    /// <summary>Steps that depend on parameters alone; run once after the parameters changed from outside.</summary>
    public required StepSpec[] Prepare { get; init; }

    /// <summary>Steps of a run, in order.</summary>
    public required StepSpec[] Steps { get; init; }

    /// <summary>The same graph for CUDA devices; null if it was compiled for the processor alone.</summary>
    public CudaPlanSet? Cuda { get; init; }
}

/// <summary>A network with its plans, as the generator lists them.</summary>
/// <param name="Name">Name of the network.</param>
/// <param name="Inference">Its inference plan; made at the first call.</param>
/// <param name="Training">Its training plan; null for a network that declares none.</param>
/// <param name="Tiles">How it restores a picture tile by tile; gives null for a network that can't.</param>
public sealed record CompiledNetwork(string Name, Func<ExecutionPlan> Inference, Func<ExecutionPlan>? Training, Func<TiledPlan?> Tiles);
