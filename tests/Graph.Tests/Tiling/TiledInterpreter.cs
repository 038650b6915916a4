using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Graph.Tiling;

namespace FocalNet.Graph.Tests.Tiling;

/// <summary>Runs a graph whole and in tiles on the same random values, in float64.</summary>
internal sealed class TiledInterpreter
{
    private readonly NetworkGraph _graph;
    private readonly RunExtents _whole;
    private readonly Dictionary<string, ReferenceTensor> _inputs = [];
    private readonly double[] _parameters;

    public TiledInterpreter(NetworkGraph graph, RunExtents whole, int seed)
    {
        (_graph, _whole) = (graph, whole);
        var random = new Random(seed);
        foreach (InputOp input in graph.Nodes.Select(n => n.Op).OfType<InputOp>())
            _inputs.Add(input.InputName, Draw(new ReferenceTensor(input.Shape.At(whole))));
        _parameters = [.. Enumerable.Range(0, graph.ParameterElements).Select(_ => random.NextDouble() - 0.5)];

        ReferenceTensor Draw(ReferenceTensor tensor)
        {
            for (int i = 0; i < tensor.Data.Length; i++)
                tensor.Data[i] = random.NextDouble() - 0.5;
            return tensor;
        }
    }

    public IReadOnlyDictionary<string, ReferenceTensor> RunWhole() => Run(_graph, _whole, _inputs);

    /// <summary>Runs all passes over tiles of a size.</summary>
    /// <param name="tiled">The cut graph.</param>
    /// <param name="own">Rows and columns of a tile without its surroundings, a multiple of the divisor.</param>
    /// <param name="reachLess">Shows the tiles that much less of their surroundings than they ask for.</param>
    public IReadOnlyDictionary<string, ReferenceTensor> RunTiles(TiledGraphs tiled, int own, int reachLess = 0)
    {
        var statistics = new Dictionary<string, ReferenceTensor>();
        var outputs = new Dictionary<string, ReferenceTensor>();
        foreach (TilePass pass in tiled.Passes)
        {
            int margin = (Math.Max(0, pass.Reach - reachLess) + tiled.Divisor - 1) / tiled.Divisor * tiled.Divisor;
            for (int top = 0; top < _whole.H; top += own)
            {
                for (int left = 0; left < _whole.W; left += own)
                    RunTile(pass, new Region(top, left, Math.Min(_whole.H, top + own), Math.Min(_whole.W, left + own)), margin);
            }
        }
        return outputs;

        void RunTile(TilePass pass, Region mine, int margin)
        {
            var seen = new Region(Math.Max(0, mine.Top - margin), Math.Max(0, mine.Left - margin), Math.Min(_whole.H, mine.Bottom + margin), Math.Min(_whole.W, mine.Right + margin));
            var inputs = pass.Graph.Nodes.Select(n => n.Op).OfType<InputOp>().ToDictionary(i => i.InputName, i => InputOf(i, mine, seen, statistics));
            var run = new RunExtents(_whole.N, seen.Bottom - seen.Top, seen.Right - seen.Left);
            foreach ((string name, ReferenceTensor value) in Run(pass.Graph, run, inputs))
            {
                TileStatistic? statistic = pass.Statistics.FirstOrDefault(s => s.Name == name);
                if (statistic is null)
                    Place(name, pass.Graph.Outputs.First(o => o.Name == name).Value.Shape, value, mine, seen, outputs);
                else if (!statistics.TryAdd(name, value))
                    Combine(statistic.Kind, statistics[name], value);
            }
        }
    }

    private IReadOnlyDictionary<string, ReferenceTensor> Run(NetworkGraph graph, RunExtents run, Dictionary<string, ReferenceTensor> inputs)
    {
        var interpreter = new Interpreter(graph);
        foreach ((string name, ReferenceTensor value) in inputs)
            interpreter.SetInput(name, value);
        _parameters.CopyTo(interpreter.FlatParameters, 0);
        return interpreter.Run(run);
    }

    private ReferenceTensor InputOf(InputOp input, Region mine, Region seen, Dictionary<string, ReferenceTensor> statistics)
    {
        if (input.InputName is TiledGraphs.WholeHeight or TiledGraphs.WholeWidth)
            return new ReferenceTensor([1, 1, 1, 1], [input.InputName == TiledGraphs.WholeHeight ? _whole.H : _whole.W]);
        if (statistics.TryGetValue(input.InputName, out ReferenceTensor? statistic))
            return statistic;
        (int a, int b) = (input.Shape.H.Value, input.Shape.W.Value);
        var result = new ReferenceTensor(input.Shape.At(new RunExtents(_whole.N, seen.Bottom - seen.Top, seen.Right - seen.Left)));
        bool isMask = input.InputName.StartsWith(TiledGraphs.OwnPixels, StringComparison.Ordinal);
        result.ForEach((i, n, c, h, w) =>
        {
            (int y, int x) = input.Shape.H.IsConstant ? (h, w) : (h + seen.Top / a, w + seen.Left / b);
            result.Data[i] = !isMask ? _inputs[input.InputName][n, c, y, x]
                : y >= mine.Top / a && y < mine.Bottom / a && x >= mine.Left / b && x < mine.Right / b ? 1 : 0;
        });
        return result;
    }

    private void Place(string name, Shape shape, ReferenceTensor value, Region mine, Region seen, Dictionary<string, ReferenceTensor> outputs)
    {
        if (!outputs.TryGetValue(name, out ReferenceTensor? whole))
            outputs.Add(name, whole = new ReferenceTensor(shape.At(_whole)));
        (int a, int b) = (shape.H.Value, shape.W.Value);
        value.ForEach((i, n, c, h, w) =>
        {
            if (shape.H.IsConstant)
                whole[n, c, h, w] = value.Data[i];
            else if (h + seen.Top / a is var y && w + seen.Left / b is var x && y >= mine.Top / a && y < mine.Bottom / a && x >= mine.Left / b && x < mine.Right / b)
                whole[n, c, y, x] = value.Data[i];
        });
    }

    private static void Combine(ReduceKind kind, ReferenceTensor into, ReferenceTensor part)
    {
        for (int i = 0; i < into.Data.Length; i++)
            into.Data[i] = kind == ReduceKind.Sum ? into.Data[i] + part.Data[i] : Math.Max(into.Data[i], part.Data[i]);
    }

    private readonly record struct Region(int Top, int Left, int Bottom, int Right);
}
