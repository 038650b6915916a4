using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Ops;

/// <summary>What a reduction does.</summary>
public enum ReduceKind
{
    /// <summary>Sum.</summary>
    Sum,

    /// <summary>Maximum.</summary>
    Max,
}

/// <summary>Sum or maximum over some axes, which become 1: <c>sum axes=H,W (%1)</c>.</summary>
/// <param name="Kind">Sum or maximum.</param>
/// <param name="Over">The axes.</param>
public sealed record ReduceOp(ReduceKind Kind, Axes Over) : Op
{
    /// <inheritdoc/>
    public override string Name => Kind.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override string Signature => $"{Name} axes={Over.ToString().Replace(" ", "")}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 1);
        if (Over == Axes.None)
            throw new GraphException($"{Name}: name at least one axis to reduce.");
        return inputs[0].Reduce(Over);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        Node x = g.Inputs[0];
        if (Kind == ReduceKind.Sum)
            return [g.BroadcastTo(g.Upstream, x.Shape)];
        // Elements that share the maximum share the gradient.
        Node mask = g.Emit(new BinaryOp(BinaryKind.Equal), x, g.Result);
        Node count = g.Emit(new ReduceOp(ReduceKind.Sum, Over), mask);
        return [g.Multiply(mask, g.Divide(g.Upstream, count))];
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], result = context.NewResult();
        if (Kind == ReduceKind.Max)
            result.Fill(double.NegativeInfinity);
        x.ForEach((i, n, c, h, w) =>
        {
            ref double target = ref result.Data[result.BroadcastIndex(n, c, h, w)];
            target = Kind == ReduceKind.Sum ? target + x.Data[i] : Math.Max(target, x.Data[i]);
        });
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.PerElement(inputs[0], run);
}
