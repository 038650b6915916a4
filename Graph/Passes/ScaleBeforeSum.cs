using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>
/// A mean divides each term by the number of terms, which is known before the run, and not their sum: (Σx)·s becomes Σ(x·s). For
/// devices on which what follows a sum has to be a kernel of its own.
/// </summary>
/// <param name="declared">The graph that the pass is for: which of its nodes have one user alone.</param>
public sealed class ScaleBeforeSum(NetworkGraph declared) : NodeRewritingPass
{
    private readonly Dictionary<Node, int> _users = declared.Nodes.SelectMany(n => n.Inputs).Concat(declared.Roots)
        .GroupBy(n => n).ToDictionary(g => g.Key, g => g.Count());

    /// <inheritdoc/>
    public override string Name => "scale-before-sum";

    /// <inheritdoc/>
    protected override Node? Rewrite(IrBuilder builder, Node node, Node[] inputs)
    {
        if (node.Op is not BinaryOp { Kind: BinaryKind.Divide or BinaryKind.Multiply } op)
            return null;
        (int sum, int scale) = op.Kind == BinaryKind.Multiply && IsSum(node.Inputs[1]) ? (1, 0) : (0, 1);
        if (!IsSum(node.Inputs[sum]) || !IsKnown(node.Inputs[scale]) || node.Shape != node.Inputs[sum].Shape)
            return null;
        Node factor = op.Kind == BinaryKind.Divide ? builder.Emit(new UnaryOp(UnaryKind.Reciprocal), inputs[scale]) : inputs[scale];
        return builder.Emit(inputs[sum].Op, builder.Multiply(inputs[sum].Inputs[0], factor));
    }

    private bool IsSum(Node node) => node.Op is ReduceOp { Kind: ReduceKind.Sum } && _users[node] == 1;

    // A number made of constants and extents.
    private static bool IsKnown(Node node) => node.Shape.IsScalar &&
        (node.Op is FillOp or SizeOp || (node.Op is ElementwiseOp && node.Inputs.All(IsKnown)));
}
