using CsCheck;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Graph.Tiling;

namespace FocalNet.Graph.Tests.Tiling;

/// <summary>A graph in tiles gives what it gives whole.</summary>
public class TiledGraphsTests
{
    private readonly record struct Step(int Kind, int A, int B);

    private static readonly Gen<Step> Steps = Gen.Select(Gen.Int[0, 17], Gen.Int[0, 100], Gen.Int[0, 100], (kind, a, b) => new Step(kind, a, b));

    [Fact]
    public void Random_graphs_give_the_same_in_tiles_as_whole() =>
        Gen.Select(Steps.Array[1, 9], Gen.Int[1, 4], Gen.Int[1, 5], Gen.Int[1, 2], Gen.Int[0, 1000]).Sample((steps, h, w, own, seed) =>
        {
            NetworkGraph graph = Program(steps);
            TiledGraphs tiled = TiledGraphs.Of(graph);
            int unit = tiled.Divisor;
            return Difference(graph, tiled, new RunExtents(2, 4 * unit * h, 4 * unit * w), 4 * unit * own, seed) < 1e-9;
        }, iter: 80);

    [Fact]
    public void A_tile_that_sees_less_than_its_reach_gives_something_else()
    {
        NetworkGraph graph = Build(net =>
        {
            Tensor x = net.Image("x", 4), weight = net.Parameter("w", Initializer.Constant(0), 4, 4, 3, 3);
            net.Output("y", x.Convolution(weight, padding: 1).InstanceNorm(net.Constant(1), net.Constant(0)).Convolution(weight, padding: 1));
        });
        TiledGraphs tiled = TiledGraphs.Of(graph);

        Assert.Equal([1, 1, 2], tiled.Passes.Select(p => p.Reach));
        Assert.InRange(Difference(graph, tiled, new RunExtents(1, 9, 14), 4, 1), 0, 1e-12);
        Assert.InRange(Difference(graph, tiled, new RunExtents(1, 9, 14), 4, 1, reachLess: 1), 1e-4, double.MaxValue);
    }

    [Fact]
    public void A_variance_waits_for_its_mean_and_each_pass_has_what_it_needs_alone()
    {
        TiledGraphs tiled = TiledGraphs.Of(Build(net =>
        {
            Tensor x = net.Image("x", 3), half = x.Resample(ResampleKind.NearestHalf);
            Tensor weight = net.Parameter("w", Initializer.Constant(0), 3, 3, 3, 3);
            Tensor norm = half.InstanceNorm(net.Constant(1), net.Constant(0));
            net.Output("y", x.Convolution(weight, padding: 1) - x.Max(Axes.Spatial) + norm.Resample(ResampleKind.BilinearDouble));
        }));

        Assert.Equal(2, tiled.Divisor);
        Assert.Equal([["tile.statistic.0 Sum", "tile.statistic.2 Max"], ["tile.statistic.1 Sum"], []], tiled.Passes.Select(p => p.Statistics.Select(s => $"{s.Name} {s.Kind}").ToArray()));
        Assert.Equal(["tile.own.1x1", "tile.own.2x2", "x"], Inputs(tiled.Passes[0]));
        Assert.Equal(["tile.own.2x2", "tile.statistic.0", "tile.whole.height", "tile.whole.width", "x"], Inputs(tiled.Passes[1]));
        Assert.Equal(["tile.statistic.0", "tile.statistic.1", "tile.statistic.2", "tile.whole.height", "tile.whole.width", "x"], Inputs(tiled.Passes[2]));
        Assert.DoesNotContain(tiled.Passes.Take(2), p => p.Graph.Nodes.Any(n => n.Op is ConvolutionOp));
        Assert.All(tiled.Passes, p => Assert.Single(p.Graph.Parameters));

        static IEnumerable<string> Inputs(TilePass pass) => pass.Graph.Nodes.Select(n => n.Op).OfType<InputOp>().Select(i => i.InputName).Order();
    }

    [Fact]
    public void Without_reductions_the_graph_is_its_own_only_pass()
    {
        TiledGraphs tiled = TiledGraphs.Of(Build(net => net.Output("y", net.Image("x", 2) * 2)));

        Assert.Equal("Tiles.Inference", Assert.Single(tiled.Passes).Graph.Name);
        Assert.Equal(0, tiled.Passes[0].Reach);
    }

    /// <summary>Convolutions of stride 1 and 2, dilated and transposed, resampling there and back: each counted by hand.</summary>
    [Theory]
    [InlineData(3, 1, 1, 1, false, 1)]
    [InlineData(7, 1, 9, 3, false, 9)]
    [InlineData(3, 2, 1, 1, false, 1)]
    [InlineData(2, 2, 0, 1, false, 0)]
    [InlineData(4, 2, 1, 1, true, 2)]
    public void The_reach_of_a_convolution(int kernel, int stride, int padding, int dilation, bool transposed, int reach)
    {
        NetworkGraph graph = Build(net =>
        {
            Tensor weight = net.Parameter("w", Initializer.Constant(0), 1, 1, kernel, kernel), x = net.Image("x", 1);
            net.Output("y", transposed ? x.Resample(ResampleKind.NearestHalf).TransposedConvolution(weight, stride, padding) : x.Convolution(weight, stride, padding, dilation));
        });
        // Own pixels of the half-size picture are every second one: one of them further is two pixels further.
        Assert.Equal(reach, TileReach.Of(graph));
    }

    [Fact]
    public void What_no_tile_can_do_is_refused_with_the_reason()
    {
        Refused("rows or columns", net => net.Output("y", net.Image("x", 1) - net.Image("z", 1).Sum(Axes.W)));
        Refused("any distance", net => net.Output("y", net.Image("x", 1).CosineTransform(alongHeight: true)));
        Refused("begins with 'tile.'", net => net.Output("y", net.Image("tile.own.1x1", 1) * 2));
        Refused("assigns states", net =>
        {
            Tensor state = net.State("s", net.Constant(0), 0);
            net.Assign(state, state + net.Image("x", 1).Mean());
        });

        static void Refused(string reason, Action<NetworkBuilder> declare) =>
            Assert.Contains(reason, Assert.Throws<GraphException>(() => TiledGraphs.Of(Build(declare))).Message);
    }

    private static double Difference(NetworkGraph graph, TiledGraphs tiled, RunExtents whole, int own, int seed, int reachLess = 0)
    {
        var run = new TiledInterpreter(graph, whole, seed);
        IReadOnlyDictionary<string, ReferenceTensor> expected = run.RunWhole(), actual = run.RunTiles(tiled, own, reachLess);
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        return expected.Max(e =>
        {
            Assert.Equal(e.Value.Extents, actual[e.Key].Extents);
            double largest = 1 + e.Value.Data.Max(Math.Abs);
            return e.Value.Data.Zip(actual[e.Key].Data, (x, y) => Math.Abs(x - y) / largest).Max();
        });
    }

    private static NetworkGraph Program(Step[] steps) => Build(net =>
    {
        Tensor x = net.Image("x", 4);
        Tensor weight = net.Parameter("weight", Initializer.Constant(0), 4, 4, 3, 3), filter = net.Parameter("filter", Initializer.Constant(0), 4, 1, 3, 3);
        Tensor down = net.Parameter("down", Initializer.Constant(0), 4, 4, 2, 2), up = net.Parameter("up", Initializer.Constant(0), 4, 4, 4, 4);
        Tensor vector = net.Parameter("vector", Initializer.Constant(0), 4);
        var values = new List<Tensor> { x, x * vector };
        foreach (Step step in steps)
            values.Add(Apply(step, values[step.A % values.Count], values[step.B % values.Count]));
        net.Output("last", values[^1]);
        net.Output("statistic", values[^1].Mean(Axes.Spatial));
        net.Output("all", values.Aggregate((a, b) => a + b) + values[^1].Mean());

        Tensor Apply(Step step, Tensor a, Tensor b) => step.Kind switch
        {
            0 => (a + b) * 0.7,
            1 => a - b * vector,
            2 => (a * b).Erf(),
            3 => a / (1.5 + b * b),
            4 => a.Max(b),
            5 => a.Convolution(weight, padding: 1) * 0.3,
            6 => a.Convolution(filter, padding: 2, dilation: 2, depthwise: true),
            7 => Tensor.Concat(a.Slice(2, 2), b.Slice(1, 2)),
            8 => a.Resample(ResampleKind.NearestHalf).Resample(ResampleKind.BilinearDouble),
            9 => a.Resample(ResampleKind.BilinearQuarter).Resample(ResampleKind.BilinearDouble).Resample(ResampleKind.BilinearDouble) + b,
            10 => a.Convolution(down, stride: 2).TransposedConvolution(up, stride: 2, padding: 1) * 0.2,
            11 => a.InstanceNorm(vector, vector, epsilon: 0.3),
            12 => a - b.Max(Axes.Spatial),
            13 => a * b.Mean(Axes.All) + a.Max(Axes.C),
            14 => a * (b - b.Mean(Axes.Spatial | Axes.C)) * 0.5,
            15 => a.Convolution(weight, stride: 2, padding: 1).InstanceNorm(vector, vector, epsilon: 0.3).Resample(ResampleKind.BilinearDouble),
            16 => a - b.Sum(Axes.N | Axes.Spatial) / b.Size(Axes.N | Axes.Spatial),
            _ => a.Resample(ResampleKind.BilinearHalf).Resample(ResampleKind.BilinearDouble) * 0.5 + b.Mean(Axes.C),
        };
    });

    private static NetworkGraph Build(Action<NetworkBuilder> declare)
    {
        var net = new NetworkBuilder("Tiles", NetworkMode.Inference);
        declare(net);
        return net.Build();
    }
}
