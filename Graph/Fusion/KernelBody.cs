using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Fusion;

/// <summary>One value in a kernel's body, computed for every element of the domain.</summary>
public abstract record BodyValue;

/// <summary>The anchor's result at this element.</summary>
public sealed record AnchorValue : BodyValue;

/// <summary>A constant.</summary>
/// <param name="Value">The number.</param>
public sealed record ConstantValue(double Value) : BodyValue;

/// <summary>The number of elements of a shape.</summary>
/// <param name="Of">The shape.</param>
public sealed record SizeValue(Shape Of) : BodyValue;

/// <summary>An element of an operand in memory.</summary>
/// <param name="Operand">Index into <see cref="KernelBody.Operands"/>.</param>
/// <param name="Access">Which extents of the domain the operand has.</param>
public sealed record LoadValue(int Operand, Access Access) : BodyValue;

/// <summary>A function of a value.</summary>
/// <param name="Kind">The function.</param>
/// <param name="X">Index of the value.</param>
public sealed record UnaryValue(UnaryKind Kind, int X) : BodyValue;

/// <summary>A function of two values.</summary>
/// <param name="Kind">The function.</param>
/// <param name="A">Index of the first value.</param>
/// <param name="B">Index of the second value.</param>
public sealed record BinaryValue(BinaryKind Kind, int A, int B) : BodyValue;

/// <summary>How an operand is addressed from a position of the domain: along which axes it moves.</summary>
/// <param name="Axes">Axes on which the operand has the domain's extent; on the others it has 1.</param>
/// <param name="IsFull">Moves along every axis on which the domain is not 1: the address is pixel·pitch + channel.</param>
public readonly record struct Access(Axes Axes, bool IsFull)
{
    /// <summary>Is a single number.</summary>
    public bool IsScalar => Axes == Axes.None;

    /// <summary>The access of an operand shape from a domain.</summary>
    public static Access Of(Shape operand, Shape domain)
    {
        Axes axes = Axes.None;
        for (int axis = 0; axis < 4; axis++)
        {
            if (!operand[axis].IsOne)
                axes |= (Axes)(1 << axis);
        }
        return new Access(axes, operand == domain);
    }
}

/// <summary>How the partial results of a reduction come together.</summary>
public enum ReductionMode
{
    /// <summary>Over the channels alone: complete when a pixel is.</summary>
    PerPixel,

    /// <summary>Over height and width (or there are none): chunks leave small partial results.</summary>
    Chunked,

    /// <summary>Anything else, such as over pictures alone: one chunk adds into the output in order.</summary>
    Sequential,
}

/// <summary>A reduction of a value over the domain.</summary>
/// <param name="Kind">Sum or maximum.</param>
/// <param name="Mode">How partial results come together.</param>
/// <param name="Value">Index of the value.</param>
/// <param name="Operand">Index of the operand that receives the result.</param>
/// <param name="Access">Addresses the result from the domain.</param>
public sealed record BodyReduction(ReduceKind Kind, ReductionMode Mode, int Value, int Operand, Access Access);

/// <summary>A store of a value at every element of the domain.</summary>
/// <param name="Value">Index of the value.</param>
/// <param name="Operand">Index of the operand.</param>
public sealed record BodyStore(int Value, int Operand);

/// <summary>What a kernel does with each element: straight-line code over the anchor's value and loads.</summary>
/// <param name="Values">Values in order of computation.</param>
/// <param name="Stores">Values that go to memory.</param>
/// <param name="Reductions">Values that are reduced.</param>
/// <param name="Operands">
/// Nodes behind the operands: first those of the anchor, then loads, stores and reductions as they come up.
/// </param>
public sealed record KernelBody(
    IReadOnlyList<BodyValue> Values, IReadOnlyList<BodyStore> Stores, IReadOnlyList<BodyReduction> Reductions, IReadOnlyList<Node> Operands)
{
    /// <summary>The nodes that the kernel computes, operands first: its own as far as they are needed, and those computed again.</summary>
    public IReadOnlyList<Node> Computed { get; init; } = [];

    /// <summary>The value does not change over the domain: made of constants, sizes and scalar operands alone.</summary>
    public bool IsUniform(int value) => Values[value] switch
    {
        ConstantValue or SizeValue => true,
        LoadValue load => load.Access.IsScalar,
        UnaryValue unary => IsUniform(unary.X),
        BinaryValue binary => IsUniform(binary.A) && IsUniform(binary.B),
        _ => false,
    };
}
