using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Ir;

/// <summary>Makes nodes: numbers them, infers and checks their shapes. What the DSL, differentiation and passes share.</summary>
public sealed class IrBuilder
{
    private readonly List<Node> _nodes = [];

    /// <summary>All nodes so far, operands first.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>Given to new nodes.</summary>
    public Origin Origin { get; set; } = Origin.Unknown;

    /// <summary>Makes a node.</summary>
    /// <exception cref="GraphException">The operands do not fit the op.</exception>
    public Node Emit(Op op, params Node[] inputs)
    {
        Shape shape = op.Infer([.. inputs.Select(i => i.Shape)]);
        var node = new Node(_nodes.Count, op, inputs, shape, Origin);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A number.</summary>
    public Node Fill(double value) => Emit(new FillOp(value, Shape.Scalar));

    /// <summary>a + b.</summary>
    public Node Add(Node a, Node b) => Emit(new BinaryOp(BinaryKind.Add), a, b);

    /// <summary>a · b.</summary>
    public Node Multiply(Node a, Node b) => Emit(new BinaryOp(BinaryKind.Multiply), a, b);

    /// <summary>a / b.</summary>
    public Node Divide(Node a, Node b) => Emit(new BinaryOp(BinaryKind.Divide), a, b);

    /// <summary>−a.</summary>
    public Node Negate(Node a) => Emit(new UnaryOp(UnaryKind.Negate), a);

    /// <summary>Sums a gradient over the axes along which an operand of shape <paramref name="target"/> was broadcast.</summary>
    public Node SumTo(Node value, Shape target)
    {
        Axes axes = target.BroadcastAxes(value.Shape);
        return axes == Axes.None ? value : Emit(new ReduceOp(ReduceKind.Sum, axes), value);
    }

    /// <summary>Repeats a tensor to a shape, unless it has it.</summary>
    public Node BroadcastTo(Node value, Shape target) => value.Shape == target ? value : Emit(new BroadcastOp(target), value);
}
