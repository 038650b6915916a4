using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Model;

/// <summary>
/// Counts arithmetic as the paper's tables do. Their figures are those of the ptflops tool: one multiply-accumulate is
/// one operation; each convolution adds one for the bias of each output, each activation one an element, each instance
/// norm two an element (it is affine); transposed convolutions are counted as if every output had all taps, which is
/// stride² times too many; products, sums, pooling and resizing outside of such layers count nothing.
/// </summary>
public static class PaperCount
{
    /// <summary>Multiply-accumulates that convolutions really need at a run's extents.</summary>
    /// <param name="graph">A forward pass; what no output needs is not counted.</param>
    /// <param name="run">The run's extents.</param>
    public static long ConvolutionMacs(NetworkGraph graph, RunExtents run) => Needed(graph).Sum(node => Macs(node, run));

    /// <summary>Operations by the convention of the paper.</summary>
    /// <param name="graph">A forward pass; what no output needs is not counted.</param>
    /// <param name="run">The run's extents.</param>
    public static long Operations(NetworkGraph graph, RunExtents run) => Needed(graph).Sum(node => Operations(node, run));

    private static long Macs(Node node, RunExtents run) => node.Op is ConvolutionOp or TransposedConvolutionOp
        ? node.Op.Cost([.. node.Inputs.Select(i => i.Shape)], node.Shape, run).Macs
        : 0;

    private static long Operations(Node node, RunExtents run) => node.Op switch
    {
        ConvolutionOp => Macs(node, run),
        TransposedConvolutionOp transposed => Macs(node, run) * transposed.Settings.Stride * transposed.Settings.Stride,
        BinaryOp { Kind: BinaryKind.Add } when IsBias(node) => node.Shape.Elements(run),
        UnaryOp { Kind: UnaryKind.Erf } => node.Shape.Elements(run),
        ReduceOp { Over: Axes.Spatial } when IsSquare(node.Inputs[0]) => 2 * node.Inputs[0].Shape.Elements(run),
        _ => 0,
    };

    private static bool IsBias(Node sum) => sum.Inputs[0].Op is ConvolutionOp or TransposedConvolutionOp && sum.Inputs[1].Op is ParameterOp;

    // The variance of an instance norm is the only sum of squares over a picture.
    private static bool IsSquare(Node node) => node.Op is BinaryOp { Kind: BinaryKind.Multiply } && node.Inputs[0] == node.Inputs[1];

    private static IEnumerable<Node> Needed(NetworkGraph graph)
    {
        var needed = new HashSet<Node>(graph.Roots);
        foreach (Node node in graph.Nodes.Reverse().Where(needed.Contains))
            needed.UnionWith(node.Inputs);
        return needed;
    }
}
