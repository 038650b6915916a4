using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>
/// Arithmetic on a concatenation becomes the concatenation of arithmetic on its parts, where nothing else reads that: what computes a part can then do its arithmetic, and
/// stores it once, where it belongs. So does the gradient of channels that went two ways. For devices that join such kernels.
/// </summary>
/// <param name="simplified">The graph that the pass is for: who reads its concatenations.</param>
public sealed class ConcatenateLast(NetworkGraph simplified) : NodeRewritingPass
{
    private readonly ILookup<Node, Node> _users = simplified.Users();
    private readonly HashSet<Node> _concatenations = [];
    private readonly Dictionary<(Node, int, int), Node> _slices = [];

    /// <inheritdoc/>
    public override string Name => "concatenate-last";

    /// <inheritdoc/>
    protected override void Begin()
    {
        _concatenations.Clear();
        _slices.Clear();
    }

    /// <inheritdoc/>
    protected override Node Kept(Node node, Node copy)
    {
        if (node.Op is ConcatOp && HasPixels(node) && !simplified.Roots.Contains(node) && _users[node].Any() && _users[node].All(u => IsArithmetic(u) && u.Shape == node.Shape))
            _concatenations.Add(copy);
        return copy;
    }

    /// <inheritdoc/>
    protected override Node? Rewrite(IrBuilder builder, Node node, Node[] inputs)
    {
        if (!IsArithmetic(node) || inputs.FirstOrDefault(_concatenations.Contains) is not { } concatenation || concatenation.Shape != node.Shape)
            return null;
        var parts = new List<Node>();
        int start = 0;
        foreach (int channels in concatenation.Inputs.Select(p => p.Shape.C))
        {
            int first = start;
            parts.Add(builder.Emit(node.Op, [.. inputs.Select(i => Slice(builder, i, first, channels))]));
            start += channels;
        }
        Node result = builder.Emit(new ConcatOp(), [.. parts]);
        _concatenations.Add(result);
        return result;
    }

    // What is arithmetic itself is computed of slices, down to what a kernel stores that does more than arithmetic.
    private Node Slice(IrBuilder builder, Node x, int start, int channels)
    {
        if (x.Shape.C == 1)
            return x;
        if (_slices.TryGetValue((x, start, channels), out Node? known))
            return known;
        Node slice = x.Op switch
        {
            FillOp fill => builder.Emit(new FillOp(fill.Value, x.Shape with { C = channels })),
            UnaryOp or BinaryOp when x.Inputs.All(i => !HasPixels(i) || IsArithmetic(i) || i.Op is FillOp) => builder.Emit(x.Op, [.. x.Inputs.Select(i => Slice(builder, i, start, channels))]),
            _ => SimplifyConcatenation.Cut(builder, new SliceOp(start, channels), x) ?? builder.Emit(new SliceOp(start, channels), x),
        };
        _slices.Add((x, start, channels), slice);
        return slice;
    }

    private static bool IsArithmetic(Node node) => node.Op is UnaryOp or BinaryOp;

    private static bool HasPixels(Node node) => !node.Shape.H.IsConstant && !node.Shape.W.IsConstant;
}
