using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>
/// Slices and concatenations that cancel: a slice of a concatenation reads its operand, and the sum of the padded
/// gradients of two slices is one concatenation (the gradient of a channel split). A concatenation within another is left:
/// it is placed within the other's memory, and may be read long before the other is complete.
/// </summary>
public sealed class SimplifyConcatenation : NodeRewritingPass
{
    /// <inheritdoc/>
    public override string Name => "simplify-concatenation";

    /// <inheritdoc/>
    protected override Node? Rewrite(IrBuilder builder, Node node, Node[] inputs) => node.Op switch
    {
        SliceOp slice => Cut(builder, slice, inputs[0]),
        BinaryOp { Kind: BinaryKind.Add } when inputs.All(i => i.Op is ConcatOp) => SumOfPadded(builder, inputs[0], inputs[1]),
        _ => null,
    };

    /// <summary>What a slice of a node is without it: the node itself, or a slice of what that is made of; null where there is nothing simpler.</summary>
    internal static Node? Cut(IrBuilder builder, SliceOp slice, Node x)
    {
        if (slice.Start == 0 && slice.Count == x.Shape.C)
            return x;
        if (x.Op is SliceOp outer)
            return builder.Emit(new SliceOp(outer.Start + slice.Start, slice.Count), x.Inputs[0]);
        if (x.Op is not ConcatOp)
            return null;
        int start = 0;
        foreach (Node part in x.Inputs)
        {
            int offset = slice.Start - start;
            if (offset >= 0 && offset + slice.Count <= part.Shape.C)
                return offset == 0 && slice.Count == part.Shape.C ? part : builder.Emit(new SliceOp(offset, slice.Count), part);
            start += part.Shape.C;
        }
        return null;
    }

    // concat(a, 0) + concat(0, b) = concat(a, b), where the parts have the same widths.
    private static Node? SumOfPadded(IrBuilder builder, Node left, Node right)
    {
        if (!left.Inputs.Select(i => i.Shape.C).SequenceEqual(right.Inputs.Select(i => i.Shape.C)))
            return null;
        var parts = new Node[left.Inputs.Count];
        for (int i = 0; i < parts.Length; i++)
        {
            if (IsZero(left.Inputs[i]))
                parts[i] = right.Inputs[i];
            else if (IsZero(right.Inputs[i]))
                parts[i] = left.Inputs[i];
            else
                return null;
        }
        return builder.Emit(new ConcatOp(), parts);
    }

    private static bool IsZero(Node node) => node.Op is FillOp { Value: 0 };
}
