using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>
/// Makes every value that must lie at a given place a value that a kernel writes there. Operands of concatenations and
/// packs are written in place by their kernels; where that can't be (the operand is a view, a leaf, or has its place in
/// another concatenation) a copy is inserted, an element-wise identity that may still fuse with the operand's kernel.
/// Runs once, last, because earlier passes remove identities.
/// </summary>
public sealed class InsertCopies : Pass
{
    /// <inheritdoc/>
    public override string Name => "insert-copies";

    /// <inheritdoc/>
    public override NetworkGraph Run(NetworkGraph graph)
    {
        var builder = new IrBuilder();
        var copied = new Dictionary<Node, Node>();
        var placed = new HashSet<Node>();
        var weights = new HashSet<Node>(graph.Nodes.Where(n => n.Op is ConvolutionOp or TransposedConvolutionOp).Select(n => n.Inputs[1]));
        var dense = new HashSet<Node>();
        bool changed = false;
        foreach (Node node in graph.Nodes)
        {
            builder.Origin = node.Origin;
            Node[] inputs = [.. node.Inputs.Select(i => copied[i])];
            for (int i = 0; i < inputs.Length; i++)
            {
                if (NeedsCopy(node, i, inputs[i], placed, dense))
                    inputs[i] = Copy(inputs[i]);
                if (node.Op is ConcatOp or PackOp)
                    placed.Add(inputs[i]);
            }
            Node copy = builder.Emit(node.Op, inputs);
            copied.Add(node, copy);
            if (weights.Contains(node))
                dense.Add(copy);
        }
        GraphOutput[] outputs = [.. graph.Outputs.Select(o => o with { Value = Root(copied[o.Value]) })];
        Assignment[] assignments = [.. graph.Assignments.Select(a => new Assignment(copied[a.State], AssignedRoot(copied[a.Value])))];
        return changed ? graph with { Nodes = builder.Nodes, Outputs = outputs, Assignments = assignments } : graph;

        Node Copy(Node value)
        {
            changed = true;
            return builder.Emit(new BroadcastOp(value.Shape), value);
        }

        // An output is a place in memory that the caller reads after the run: states may have changed by then.
        Node Root(Node value) => LiesInLeaf(value) ? Copy(value) : value;

        Node AssignedRoot(Node value)
        {
            Node root = KernelGroup.KindOf(value) is null || value.Op is ReduceOp || placed.Contains(value) || outputs.Any(o => o.Value == value) ? Copy(value) : value;
            return placed.Add(root) ? root : Copy(value);
        }
    }

    private static bool NeedsCopy(Node user, int operand, Node value, HashSet<Node> placed, HashSet<Node> dense) => user.Op switch
    {
        ElementwiseOp or ReduceOp => false,
        ConcatOp => (KernelGroup.KindOf(value) is null && value.Op is not ConcatOp) || placed.Contains(value) || WritesDenselyOnly(value) || dense.Contains(value),
        PackOp => KernelGroup.KindOf(value) is null || placed.Contains(value),
        // Kernels take weights without gaps between their pixels.
        ConvolutionOp or TransposedConvolutionOp when operand == 1 && value.Op is SliceOp => true,
        _ => value.Op is FillOp or SizeOp,
    };

    private static bool LiesInLeaf(Node value) => value.Op is LeafOp || (value.Op is UnpackOp or SliceOp && LiesInLeaf(value.Inputs[0]));

    // Weight gradients, and reductions other than those of each pixel's channels, can't write into a wider buffer.
    private static bool WritesDenselyOnly(Node value) =>
        value.Op is ConvolutionWeightGradientOp or ReduceOp { Over: not Axes.C } || (value.Op is ReduceOp && value.Shape.H.IsOne && value.Shape.W.IsOne);
}
