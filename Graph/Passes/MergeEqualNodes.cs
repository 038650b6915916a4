using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>
/// Common subexpression elimination: nodes of equal op and equal operands become one. Commutative operands are compared
/// in either order.
/// </summary>
public sealed class MergeEqualNodes : NodeRewritingPass
{
    private readonly Dictionary<(Op, string), Node> _known = [];

    /// <inheritdoc/>
    public override string Name => "merge-equal-nodes";

    /// <inheritdoc/>
    protected override void Begin() => _known.Clear();

    /// <inheritdoc/>
    protected override Node? Rewrite(IrBuilder builder, Node node, Node[] inputs) =>
        _known.TryGetValue(Key(node.Op, inputs), out Node? same) ? same : null;

    /// <inheritdoc/>
    protected override Node Kept(Node node, Node copy)
    {
        _known.Add(Key(copy.Op, copy.Inputs), copy);
        return copy;
    }

    private static (Op, string) Key(Op op, IReadOnlyList<Node> inputs)
    {
        IEnumerable<int> ids = inputs.Select(i => i.Id);
        if (op is BinaryOp { Kind: BinaryKind.Add or BinaryKind.Multiply or BinaryKind.Maximum or BinaryKind.Minimum or BinaryKind.Equal })
            ids = ids.OrderBy(id => id);
        return (op, string.Join(",", ids));
    }
}
