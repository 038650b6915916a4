using System.Diagnostics.CodeAnalysis;

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

/// <summary>Type of a buffer's elements.</summary>
public enum ElementType
{
    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>The upper half of a single: 8 bits of exponent, 7 of fraction.</summary>
    BFloat16,
}

/// <summary>A physical buffer of an arena: NHWC with <c>Shape.C</c> elements a pixel.</summary>
/// <param name="Arena">Index into <see cref="PlanLayout.Arenas"/>.</param>
/// <param name="OffsetUnits">Where it begins, in the arena's units of 4 bytes.</param>
/// <param name="Shape">Its whole shape; views are channel ranges of it.</param>
/// <param name="Element">Type of its elements; a buffer of the narrower type takes half the units.</param>
public sealed record BufferSpec(int Arena, long OffsetUnits, ShapeSpec Shape, ElementType Element = ElementType.Float32)
{
    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => Element == ElementType.BFloat16 ? 2 : 4;
}

/// <summary>What a kernel is handed for one operand: a buffer from a channel on. Its pitch is the buffer's channels.</summary>
/// <param name="Buffer">Index into <see cref="PlanLayout.Buffers"/>.</param>
/// <param name="Offset">
/// First channel; for buffers of shape (1, C, 1, 1), which flat parameter arenas are, the first element.
/// </param>
public readonly record struct ViewSpec(int Buffer, int Offset);

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
/// Memory and names of a plan: what a caller of an executor sees, and what is the same for the plans of every device.
/// </summary>
public class PlanLayout
{
    /// <summary>A layout, to be filled by its initialisers.</summary>
    public PlanLayout()
    {
    }

    /// <summary>A copy.</summary>
    [SetsRequiredMembers]
    protected PlanLayout(PlanLayout other) =>
        (Name, Divisor, Arenas, PersistentArena, Buffers, Inputs, Outputs, States, Parameters, Gradient) = (
            other.Name, other.Divisor, other.Arenas, other.PersistentArena, other.Buffers, other.Inputs, other.Outputs, other.States, other.Parameters, other.Gradient);

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

    /// <summary>Where a training step can be cut in two; null where it can't, and for inference.</summary>
    public GradientSpec? Gradient { get; init; }
}
