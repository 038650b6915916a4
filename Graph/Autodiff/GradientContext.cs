using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Autodiff;

/// <summary>What a gradient rule is given, and the means to build its answer.</summary>
/// <param name="Builder">Makes the nodes of the answer.</param>
/// <param name="Result">The node that is differentiated.</param>
/// <param name="Upstream">The gradient with respect to its result, of the same shape.</param>
public sealed record GradientContext(IrBuilder Builder, Node Result, Node Upstream)
{
    /// <summary>Operands of the node that is differentiated.</summary>
    public IReadOnlyList<Node> Inputs => Result.Inputs;

    /// <summary>Makes a node.</summary>
    public Node Emit(Op op, params Node[] inputs) => Builder.Emit(op, inputs);

    /// <summary>A number.</summary>
    public Node Fill(double value) => Builder.Fill(value);

    /// <summary>a + b.</summary>
    public Node Add(Node a, Node b) => Builder.Add(a, b);

    /// <summary>a · b.</summary>
    public Node Multiply(Node a, Node b) => Builder.Multiply(a, b);

    /// <summary>a / b.</summary>
    public Node Divide(Node a, Node b) => Builder.Divide(a, b);

    /// <summary>−a.</summary>
    public Node Negate(Node a) => Builder.Negate(a);

    /// <summary>Sums over broadcast axes.</summary>
    public Node SumTo(Node value, Shape target) => Builder.SumTo(value, target);

    /// <summary>Repeats to a shape.</summary>
    public Node BroadcastTo(Node value, Shape target) => Builder.BroadcastTo(value, target);
}
