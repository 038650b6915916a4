using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Tiling;

/// <summary>Makes the passes of <see cref="TiledGraphs"/> from a simplified graph.</summary>
internal sealed class TileCutter
{
    // Far below any sum or maximum of activations, and still a float32: what takes a pixel out of a maximum.
    private const double Excluded = 1e38;

    private readonly NetworkGraph _graph;
    // Number of the first pass at which a value can be computed.
    private readonly Dictionary<Node, int> _passes = [];
    private readonly Dictionary<Node, TileStatistic> _statistics = [];

    public TileCutter(NetworkGraph graph)
    {
        _graph = graph;
        CheckGraph();
        foreach (Node node in graph.Nodes)
        {
            _passes.Add(node, node.Inputs.Count == 0 ? 0 : node.Inputs.Max(i => _statistics.ContainsKey(i) ? _passes[i] + 1 : _passes[i]));
            if (IsOfWholePicture(node))
                _statistics.Add(node, new TileStatistic($"{TiledGraphs.Statistic}.{Text.Of(_statistics.Count)}", ((ReduceOp)node.Op).Kind));
        }
    }

    public TiledGraphs Cut()
    {
        var passes = new List<TilePass>();
        foreach (IGrouping<int, KeyValuePair<Node, TileStatistic>> pass in _statistics.GroupBy(s => _passes[s.Key]).OrderBy(g => g.Key))
        {
            NetworkGraph graph = Copy($"{_graph.Name}.Pass{Text.Of(passes.Count)}", pass.Key, [.. pass.Select(s => new GraphOutput(s.Value.Name, s.Key))]);
            passes.Add(new TilePass(graph, TileReach.Of(graph), [.. pass.Select(s => s.Value)]));
        }
        // Nothing is reduced: the graph runs on a tile as it is.
        NetworkGraph last = passes.Count == 0 ? _graph : Copy($"{_graph.Name}.Tile", int.MaxValue, _graph.Outputs);
        passes.Add(new TilePass(last, TileReach.Of(last), []));
        return new TiledGraphs(_graph.Divisor, passes);
    }

    // All that the outputs need; statistics of earlier passes are inputs.
    private NetworkGraph Copy(string name, int pass, IReadOnlyList<GraphOutput> outputs)
    {
        HashSet<Node> needed = Needed(pass, outputs.Select(o => o.Value));
        var builder = new IrBuilder();
        var inputs = new Dictionary<string, Node>();
        var copies = new Dictionary<Node, Node>();
        foreach (Node node in _graph.Nodes.Where(needed.Contains))
        {
            builder.Origin = node.Origin;
            copies.Add(node, node.Op switch
            {
                _ when _statistics.TryGetValue(node, out TileStatistic? statistic) => _passes[node] < pass
                    ? Input(statistic.Name, node.Shape)
                    : Part((ReduceOp)node.Op, copies[node.Inputs[0]]),
                SizeOp size when !size.Of.H.IsConstant || !size.Of.W.IsConstant => Size(size.Of),
                _ => builder.Emit(node.Op, [.. node.Inputs.Select(i => copies[i])]),
            });
        }
        return new NetworkGraph(name, builder.Nodes, [.. outputs.Select(o => o with { Value = copies[o.Value] })], [], _graph.Parameters);

        Node Input(string input, Shape shape)
        {
            if (!inputs.TryGetValue(input, out Node? node))
                inputs.Add(input, node = builder.Emit(new InputOp(input, shape)));
            return node;
        }

        Node Part(ReduceOp reduction, Node value)
        {
            (Extent h, Extent w) = (value.Shape.H, value.Shape.W);
            Node own = Input($"{TiledGraphs.OwnPixels}.{Text.Of(h.Value)}x{Text.Of(w.Value)}", new Shape(1, 1, h, w));
            Node counted = reduction.Kind == ReduceKind.Sum
                ? builder.Multiply(value, own)
                : builder.Add(value, builder.Multiply(builder.Add(own, builder.Fill(-1)), builder.Fill(Excluded)));
            return builder.Emit(reduction, counted);
        }

        Node Size(Shape of)
        {
            Node size = builder.Emit(new SizeOp(of with { H = 1, W = 1 }));
            foreach ((Extent extent, string input) in ((Extent, string)[])[(of.H, TiledGraphs.WholeHeight), (of.W, TiledGraphs.WholeWidth)])
            {
                Node count = extent.IsConstant ? builder.Fill(extent.Value) : builder.Multiply(Input(input, Shape.Scalar), builder.Fill(1.0 / extent.Value));
                size = builder.Multiply(size, count);
            }
            return size;
        }
    }

    private HashSet<Node> Needed(int pass, IEnumerable<Node> roots)
    {
        var needed = new HashSet<Node>();
        var pending = new Stack<Node>(roots);
        while (pending.Count > 0)
        {
            Node node = pending.Pop();
            if (!needed.Add(node) || (_statistics.ContainsKey(node) && _passes[node] < pass))
                continue;
            foreach (Node input in node.Inputs)
                pending.Push(input);
        }
        return needed;
    }

    private static bool IsOfWholePicture(Node node) =>
        node.Op is ReduceOp { Over: var over } && !node.Inputs[0].Shape.H.IsConstant && (over & Axes.Spatial) == Axes.Spatial;

    private void CheckGraph()
    {
        if (_graph.Assignments.Count > 0)
            throw new GraphException($"{_graph.Name} can't run in tiles: it assigns states, which every tile would do again.");
        foreach (Node node in _graph.Nodes)
        {
            if (node.Op is InputOp input && input.InputName.StartsWith("tile.", StringComparison.Ordinal))
                throw new GraphException($"{_graph.Name} can't run in tiles: the name of its input '{input.InputName}' begins with 'tile.', which is kept for them.");
            if (node.Shape.H.IsConstant != node.Shape.W.IsConstant)
                throw new GraphException($"{_graph.Name} can't run in tiles: {node.Op.Signature} gives rows or columns of the whole picture, {node.Shape}.");
            if (node.Op is TrigTransformOp or ConvolutionWeightGradientOp && !node.Inputs[0].Shape.H.IsConstant)
                throw new GraphException($"{_graph.Name} can't run in tiles: {node.Op.Signature} mixes pixels at any distance.");
        }
    }
}
