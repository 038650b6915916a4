using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Plans;

/// <summary>
/// A memory region whose blocks are all multiples of one unit, so that offsets planned at build time hold at every
/// run size. The unit is the product of the bottleneck extents that its blocks have: N, H/divisor, W/divisor.
/// </summary>
/// <param name="HasImages">The blocks scale with N.</param>
/// <param name="HasHeight">The blocks scale with H/divisor.</param>
/// <param name="HasWidth">The blocks scale with W/divisor.</param>
/// <param name="Units">Planned size in units.</param>
public sealed record ArenaSpec(bool HasImages, bool HasHeight, bool HasWidth, long Units)
{
    /// <summary>Floats in one unit at a run size, rounded up to whole cache lines where it varies.</summary>
    public long UnitFloats(RunSize size, int divisor)
    {
        if (!HasImages && !HasHeight && !HasWidth)
            return 1;
        long unit = (HasImages ? size.Images : 1L) * (HasHeight ? size.Height / divisor : 1) * (HasWidth ? size.Width / divisor : 1);
        return (unit + 15) / 16 * 16;
    }
}

/// <summary>A physical buffer of an arena: NHWC with <c>Shape.C</c> floats a pixel.</summary>
/// <param name="Arena">Index into <see cref="ExecutionPlan.Arenas"/>.</param>
/// <param name="OffsetUnits">Where it begins, in the arena's units.</param>
/// <param name="Shape">Its whole shape; views are channel ranges of it.</param>
public sealed record BufferSpec(int Arena, long OffsetUnits, ShapeSpec Shape);

/// <summary>What a kernel is handed for one operand: a buffer from a channel on. Its pitch is the buffer's channels.</summary>
/// <param name="Buffer">Index into <see cref="ExecutionPlan.Buffers"/>.</param>
/// <param name="Offset">
/// First channel; for buffers of shape (1, C, 1, 1), which flat parameter arenas are, the first element.
/// </param>
public readonly record struct ViewSpec(int Buffer, int Offset);

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
    /// <summary>One chunk per thread: the cut does not change the result.</summary>
    PerThread,

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

/// <summary>A named tensor that the caller reads or writes.</summary>
/// <param name="Name">Name in the DSL.</param>
/// <param name="Shape">Logical shape.</param>
/// <param name="View">Where it lives.</param>
public sealed record BindingSpec(string Name, ShapeSpec Shape, ViewSpec View);

/// <summary>A parameter's place in the flat parameter state.</summary>
/// <param name="Name">Name as in the official checkpoints.</param>
/// <param name="CheckpointShape">Shape in weight files (OIHW, or one extent for biases).</param>
/// <param name="Shape">Four-dimensional logical shape; in memory it is NHWC, that is OHWI for convolutions.</param>
/// <param name="Offset">First float in the flat parameters.</param>
/// <param name="Initial">Distribution of its initial values.</param>
public sealed record ParameterSpec(string Name, int[] CheckpointShape, int[] Shape, int Offset, InitialValues Initial);

/// <summary>Initial values of a parameter: uniform in [Base − Scale, Base + Scale].</summary>
/// <param name="Base">Centre.</param>
/// <param name="Scale">Half width; zero for constants.</param>
public readonly record struct InitialValues(double Base, double Scale);

/// <summary>A persistent tensor kept between runs: parameters, optimizer moments.</summary>
/// <param name="Name">Name in the DSL; the flat parameters are called "parameters".</param>
/// <param name="View">Where it lives.</param>
/// <param name="Shape">Shape.</param>
/// <param name="Initial">Value that every element starts with.</param>
public sealed record StateSpec(string Name, ViewSpec View, ShapeSpec Shape, float Initial);

/// <summary>
/// The gradient of all parameters, and the cut of a training step there: the steps before it compute the gradient and leave every
/// state as it is, those from it on are the optimizer.
/// </summary>
/// <param name="Shape">[1, P, 1, 1], in the order of the state "parameters".</param>
/// <param name="View">Where it lives.</param>
/// <param name="Step">Index of the first step of the optimizer.</param>
public sealed record GradientSpec(ShapeSpec Shape, ViewSpec View, int Step);

/// <summary>
/// A compiled graph: what the generator emits and a device runs. Immutable, shared by all executors.
/// </summary>
public sealed class ExecutionPlan
{
    /// <summary>Name of the network and mode, such as <c>Tiny.Training</c>.</summary>
    public required string Name { get; init; }

    /// <summary>H and W of every run must be multiples of this.</summary>
    public required int Divisor { get; init; }

    /// <summary>Memory regions. All but those of <see cref="PersistentArena"/> may be reused between buffers over time.</summary>
    public required ArenaSpec[] Arenas { get; init; }

    /// <summary>Index of the arena whose contents outlive a run and a change of size: states and packed weights.</summary>
    public required int PersistentArena { get; init; }

    /// <summary>Buffers.</summary>
    public required BufferSpec[] Buffers { get; init; }

    /// <summary>Tensors that the caller fills before a run.</summary>
    public required BindingSpec[] Inputs { get; init; }

    /// <summary>Tensors that the caller may read after a run.</summary>
    public required BindingSpec[] Outputs { get; init; }

    /// <summary>Tensors kept between runs.</summary>
    public required StateSpec[] States { get; init; }

    /// <summary>Parameters, in order of their offsets in the state "parameters".</summary>
    public required ParameterSpec[] Parameters { get; init; }

    /// <summary>Steps that depend on parameters alone; run once after the parameters changed from outside.</summary>
    public required StepSpec[] Prepare { get; init; }

    /// <summary>Steps of a run, in order.</summary>
    public required StepSpec[] Steps { get; init; }

    /// <summary>Where a training step can be cut in two; null where it can't, and for inference.</summary>
    public GradientSpec? Gradient { get; init; }
}

/// <summary>A network with its plans, as the generator lists them.</summary>
/// <param name="Name">Name of the network.</param>
/// <param name="Inference">Its inference plan; made at the first call.</param>
/// <param name="Training">Its training plan; null for a network that declares none.</param>
public sealed record CompiledNetwork(string Name, Func<ExecutionPlan> Inference, Func<ExecutionPlan>? Training);
