using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Tiling;

/// <summary>How many pixels of a value are needed beyond a tile's own, along one axis and in that value's own pixels.</summary>
/// <param name="Before">To the left, or above.</param>
/// <param name="After">To the right, or below.</param>
internal readonly record struct Margin(int Before, int After)
{
    public Margin Or(Margin other) => new(Math.Max(Before, other.Before), Math.Max(After, other.After));
}

/// <summary>
/// The receptive field of a graph: how far beyond its own pixels a tile must see the picture, so that its outputs are those of
/// the whole picture. Reductions over the picture count a tile's own pixels alone, and so ask for nothing beyond them.
/// </summary>
public static class TileReach
{
    /// <summary>Pixels of the picture beyond a tile's own, on any side.</summary>
    /// <exception cref="GraphException">An op mixes pixels at any distance.</exception>
    public static int Of(NetworkGraph graph) => Math.Max(Along(graph, vertical: true), Along(graph, vertical: false));

    private static int Along(NetworkGraph graph, bool vertical)
    {
        var needed = graph.Outputs.Select(o => o.Value).Distinct().ToDictionary(v => v, _ => default(Margin));
        int reach = 0;
        // Users come after their operands: walked backwards, all that is asked of a node is known when it is met.
        foreach (Node node in graph.Nodes.Reverse())
        {
            if (!needed.TryGetValue(node, out Margin margin))
                continue;
            Extent extent = vertical ? node.Shape.H : node.Shape.W;
            if (node.Op is InputOp && !extent.IsConstant)
                reach = Math.Max(reach, Math.Max(margin.Before, margin.After) * extent.Value);
            for (int i = 0; i < node.Inputs.Count; i++)
            {
                Margin asked = Through(node, i, margin, vertical);
                needed[node.Inputs[i]] = needed.TryGetValue(node.Inputs[i], out Margin others) ? asked.Or(others) : asked;
            }
        }
        return reach;
    }

    // What an operand must have around a tile's own pixels for its user to have a margin around them. Along an axis own pixels
    // begin at S and end before E in the user, at S·r and E·r in the operand, for the ratio r of their extents.
    private static Margin Through(Node node, int operand, Margin margin, bool vertical)
    {
        switch (node.Op)
        {
            case ConvolutionOp or TransposedConvolutionOp when operand == 1:
                return default;
            case ConvolutionOp { Settings: var s }:
                {
                    // Output o reads input o·stride − padding + dilation·tap.
                    int reach = s.Dilation * (Kernel(node, vertical) - 1);
                    return new Margin(margin.Before * s.Stride + s.Padding, Math.Max(0, margin.After * s.Stride - s.Stride + 1 - s.Padding + reach));
                }
            case TransposedConvolutionOp { Settings: var s }:
                {
                    // Output i is a sum over those o for which i = o·stride − padding + dilation·tap.
                    int reach = s.Dilation * (Kernel(node, vertical) - 1);
                    return new Margin(
                        Math.Max(0, FloorDivide(margin.Before + reach - s.Padding, s.Stride)), FloorDivide(margin.After + s.Padding - 1, s.Stride) + 1);
                }
            case ResampleOp resample:
                return Through(resample, margin);
            case ReduceOp { Over: var over } when (over & Axes.Spatial) != Axes.None:
                return default;
            case LeafOp or ElementwiseOp or SliceOp or ConcatOp or ReduceOp:
                return margin;
            case PackOp or UnpackOp:
                return default;
            default:
                throw new GraphException($"{node.Op.Signature} on {node.Inputs[0].Shape} mixes pixels at any distance.");
        }
    }

    private static Margin Through(ResampleOp op, Margin margin)
    {
        ResampleFilter filter = ResampleFilter.Of(op.Kind);
        int least = filter.Taps.Min(taps => taps.Min(t => t.Offset)), most = filter.Taps.Max(taps => taps.Max(t => t.Offset));
        (int n, int d) = (filter.Numerator, filter.Denominator);
        // Output i reads floor(i / n)·d + offset; the adjoint turns this around.
        return op.Adjoint
            ? new Margin(Math.Max(0, CeilingDivide(margin.Before + most, d) * n), Math.Max(0, (FloorDivide(margin.After - least - 1, d) + 1) * n))
            : new Margin(
                Math.Max(0, CeilingDivide(margin.Before, n) * d - least), Math.Max(0, FloorDivide(margin.After + n - 1, n) * d - d + 1 + most));
    }

    private static int Kernel(Node convolution, bool vertical) =>
        (vertical ? convolution.Inputs[1].Shape.H : convolution.Inputs[1].Shape.W).Value;

    private static int FloorDivide(int a, int b) => (int)Math.Floor((double)a / b);

    private static int CeilingDivide(int a, int b) => (int)Math.Ceiling((double)a / b);
}
