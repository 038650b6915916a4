using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>
/// Arithmetic that does nothing goes: x·1, x+0, −(−x), a+(−b), and repetitions that broadcasting does anyway. What is
/// left after differentiation is mostly of this kind.
/// </summary>
public sealed class SimplifyArithmetic : NodeRewritingPass
{
    /// <inheritdoc/>
    public override string Name => "simplify-arithmetic";

    /// <inheritdoc/>
    protected override Node? Rewrite(IrBuilder builder, Node node, Node[] inputs) => node.Op switch
    {
        BroadcastOp => Broadcast(builder, node, inputs[0]),
        UnaryOp { Kind: UnaryKind.Negate } => Negation(inputs[0]),
        BinaryOp binary => Identity(builder, binary.Kind, node.Shape, inputs[0], inputs[1]) ?? Implied(builder, node, inputs[0], inputs[1]),
        _ => null,
    };

    private static Node? Broadcast(IrBuilder builder, Node node, Node x)
    {
        if (x.Shape == node.Shape)
            return x;
        // A repeated repetition repeats once.
        return x.Op is BroadcastOp ? builder.Emit(node.Op, x.Inputs[0]) : null;
    }

    private static Node? Negation(Node x) => x.Op is UnaryOp { Kind: UnaryKind.Negate } ? x.Inputs[0] : null;

    private static Node? Identity(IrBuilder builder, BinaryKind kind, Shape shape, Node a, Node b) => kind switch
    {
        BinaryKind.Add when Is(b, 0) && a.Shape == shape => a,
        BinaryKind.Add when Is(a, 0) && b.Shape == shape => b,
        BinaryKind.Add when b.Op is UnaryOp { Kind: UnaryKind.Negate } => builder.Emit(new BinaryOp(BinaryKind.Subtract), a, b.Inputs[0]),
        BinaryKind.Add when a.Op is UnaryOp { Kind: UnaryKind.Negate } => builder.Emit(new BinaryOp(BinaryKind.Subtract), b, a.Inputs[0]),
        BinaryKind.Subtract when Is(b, 0) && a.Shape == shape => a,
        BinaryKind.Subtract when Is(a, 0) && b.Shape == shape => builder.Negate(b),
        BinaryKind.Subtract when b.Op is UnaryOp { Kind: UnaryKind.Negate } => builder.Add(a, b.Inputs[0]),
        BinaryKind.Multiply when Is(b, 1) && a.Shape == shape => a,
        BinaryKind.Multiply when Is(a, 1) && b.Shape == shape => b,
        BinaryKind.Multiply when Is(a, 0) || Is(b, 0) => builder.Emit(new FillOp(0, shape)),
        BinaryKind.Multiply when Is(b, -1) && a.Shape == shape => builder.Negate(a),
        BinaryKind.Divide when Is(b, 1) && a.Shape == shape => a,
        _ => null,
    };

    // A repeated operand need not be repeated if the op repeats it anyway; if both are, the result is repeated instead.
    private static Node? Implied(IrBuilder builder, Node node, Node a, Node b)
    {
        Node plainA = a.Op is BroadcastOp ? a.Inputs[0] : a, plainB = b.Op is BroadcastOp ? b.Inputs[0] : b;
        if (plainA == a && plainB == b)
            return null;
        return builder.BroadcastTo(builder.Emit(node.Op, plainA, plainB), node.Shape);
    }

    private static bool Is(Node node, double value) => node.Op is FillOp fill && fill.Value == value;
}
