using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

/// <summary>Graphs of a few nodes, and their text after a pass.</summary>
internal sealed class SmallGraph
{
    private readonly List<GraphOutput> _outputs = [];
    private readonly List<Assignment> _assignments = [];
    private readonly List<ParameterOp> _parameters = [];

    public IrBuilder Ir { get; } = new();

    /// <summary>The graph of a declaration.</summary>
    public static NetworkGraph Of(Action<SmallGraph> declare)
    {
        var graph = new SmallGraph();
        declare(graph);
        return new NetworkGraph("g", [.. graph.Ir.Nodes], graph._outputs, graph._assignments, graph._parameters);
    }

    /// <summary>The text of what a pass makes of a graph, without the dead nodes that it may leave, and without the heading.</summary>
    public static string After(Pass pass, Action<SmallGraph> declare) => After(_ => pass, declare);

    /// <summary>The same of a pass that is made for a graph.</summary>
    public static string After(Func<NetworkGraph, Pass> passFor, Action<SmallGraph> declare)
    {
        NetworkGraph graph = Of(declare);
        Pass pass = passFor(graph);
        NetworkGraph result = pass.Run(graph);
        Verifier.Verify(result, pass.Name);
        Assert.NotSame(graph, result);
        return Print(new EliminateDeadCode().Run(result));
    }

    /// <summary>A pass leaves a graph alone: gives the same object.</summary>
    public static void Unchanged(Pass pass, Action<SmallGraph> declare) => Unchanged(_ => pass, declare);

    /// <summary>The same of a pass that is made for a graph.</summary>
    public static void Unchanged(Func<NetworkGraph, Pass> passFor, Action<SmallGraph> declare)
    {
        NetworkGraph graph = Of(declare);
        Assert.Same(graph, passFor(graph).Run(graph));
    }

    public static string Print(NetworkGraph graph) => string.Join("\n", IrPrinter.Print(graph).Split('\n').Skip(1).Select(l => l.Trim()).Where(l => l.Length > 0));

    public static Shape Picture(int channels, int divisor = 1) =>
        new(new Extent(Symbol.N, 1), channels, new Extent(Symbol.H, divisor), new Extent(Symbol.W, divisor));

    public Node Image(string name, int channels) => Ir.Emit(new InputOp(name, Picture(channels)));

    public Node Parameter(string name, Shape shape)
    {
        int offset = _parameters.Sum(p => p.Shape.ConstantElements);
        var op = new ParameterOp(name, $"{shape.N}x{shape.C}x{shape.H}x{shape.W}", offset, shape, Initializer.Constant(0));
        _parameters.Add(op);
        return Ir.Emit(op);
    }

    public Node State(string name, Shape shape) => Ir.Emit(new StateOp(name, shape, 0));

    public Node Unary(UnaryKind kind, Node x) => Ir.Emit(new UnaryOp(kind), x);

    public Node Binary(BinaryKind kind, Node a, Node b) => Ir.Emit(new BinaryOp(kind), a, b);

    public Node Slice(Node x, int start, int count) => Ir.Emit(new SliceOp(start, count), x);

    public Node Concat(params Node[] parts) => Ir.Emit(new ConcatOp(), parts);

    public Node Fill(double value, Shape shape) => Ir.Emit(new FillOp(value, shape));

    public Node Reduce(ReduceKind kind, Axes axes, Node x) => Ir.Emit(new ReduceOp(kind, axes), x);

    public Node Convolution(Node x, Node weight, int padding, bool depthwise = false) =>
        Ir.Emit(new ConvolutionOp(new ConvolutionSettings(1, padding, 1, depthwise)), x, weight);

    public void Output(Node value) => _outputs.Add(new GraphOutput("y" + Text.Of(_outputs.Count), value));

    public void Assign(Node state, Node value) => _assignments.Add(new Assignment(state, value));
}
