using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Ops;

/// <summary>
/// A primitive. Each has four rules: the shape of its result, its gradient (made of the same primitives), its value
/// (the float64 reference) and its cost. Two ops are equal when all their attributes are, which is what makes common
/// subexpressions recognisable.
/// </summary>
public abstract record Op
{
    /// <summary>Name in IR text.</summary>
    public abstract string Name { get; }

    /// <summary>Name and attributes in IR text.</summary>
    public virtual string Signature => Name;

    /// <summary>Shape rule: the result's shape.</summary>
    /// <exception cref="GraphException">The operands do not fit.</exception>
    public abstract Shape Infer(IReadOnlyList<Shape> inputs);

    /// <summary>
    /// Gradient rule: for each operand the gradient of a scalar with respect to it, given the gradient with respect to
    /// the result (<see cref="GradientContext.Upstream"/>); null where it is zero.
    /// </summary>
    public abstract IReadOnlyList<Node?> Gradient(GradientContext context);

    /// <summary>Reference rule: the value in float64, small, slow and obvious.</summary>
    public abstract ReferenceTensor Evaluate(EvaluationContext context);

    /// <summary>Cost rule: arithmetic at a run's extents.</summary>
    public abstract OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run);

    /// <summary>For debuggers and IR text.</summary>
    public sealed override string ToString() => Signature;

    /// <summary>Throws unless there are that many operands.</summary>
    private protected void Expect(IReadOnlyList<Shape> inputs, int count)
    {
        if (inputs.Count != count)
            throw new GraphException($"{Name} takes {Text.Of(count)} operand(s), not {Text.Of(inputs.Count)}.");
    }
}

/// <summary>Arithmetic of one op at given extents.</summary>
/// <param name="Macs">Multiply-accumulates of convolutions and transforms.</param>
/// <param name="Flops">All floating-point operations; a multiply-accumulate counts as two.</param>
public readonly record struct OpCost(long Macs, long Flops)
{
    /// <summary>Nothing is computed: leaves, and movements of data.</summary>
    public static OpCost Free => default;

    /// <summary>Some operations for each element.</summary>
    public static OpCost PerElement(Shape shape, RunExtents run, int flops = 1) => new(0, shape.Elements(run) * flops);

    /// <summary>Multiply-accumulates.</summary>
    public static OpCost OfMacs(long macs) => new(macs, 2 * macs);
}
