using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>Arithmetic on constants happens at build time: <c>add(fill 1, fill 2)</c> becomes <c>fill 3</c>.</summary>
public sealed class FoldConstants : NodeRewritingPass
{
    /// <inheritdoc/>
    public override string Name => "fold-constants";

    /// <inheritdoc/>
    protected override Node? Rewrite(IrBuilder builder, Node node, Node[] inputs)
    {
        if (node.Op is not ElementwiseOp || !inputs.All(i => i.Op is FillOp))
            return null;
        double[] values = [.. inputs.Select(i => ((FillOp)i.Op).Value)];
        double folded = node.Op switch
        {
            UnaryOp unary => unary.Apply(values[0]),
            BinaryOp binary => binary.Apply(values[0], values[1]),
            BroadcastOp => values[0],
            _ => double.NaN,
        };
        return double.IsNaN(folded) ? null : builder.Emit(new FillOp(folded, node.Shape));
    }
}
