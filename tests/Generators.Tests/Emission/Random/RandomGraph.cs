using FocalNet.Graph;
using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;

namespace FocalNet.Generators.Tests.Emission.Random;

/// <summary>
/// Graphs made by chance, of every op, over operands of every kind: leaves, views, shared and nested ones, gradients and
/// gradients of gradients, states that read each other. The same seed makes the same graph.
/// </summary>
/// <remarks>
/// Two rules keep float32 and float64 comparable. Functions that jump (sign, equal, greater, and the gradients of abs,
/// maximum and minimum) are applied only to values that both hold exactly: inputs, and what is moved or selected from them.
/// And values are kept below <see cref="LargestValue"/>, for which each is computed at once at a sample size.
/// </remarks>
internal sealed class RandomGraph : IReferenceValues
{
    private const double LargestValue = 200;

    private static readonly RunExtents _sample = new(2, 8, 8);

    private readonly System.Random _random;
    private readonly IrBuilder _builder = new();
    private readonly List<Node> _pool = [];
    private readonly HashSet<Node> _exact = [], _kinked = [];
    private readonly Dictionary<Node, ReferenceTensor> _values = [];
    private readonly List<ParameterOp> _parameters = [];
    private readonly List<Node> _parameterNodes = [], _states = [];
    private readonly bool _assignsParameters;
    private int _parameterElements, _seen, _axes;

    private RandomGraph(int seed)
    {
        _random = new System.Random(seed);
        _axes = 4 * seed;
        _assignsParameters = Chance(3);
    }

    /// <summary>The graph of a seed.</summary>
    public static NetworkGraph Make(int seed) => new RandomGraph(seed).Build($"Random{Text.Of(seed)}");

    private NetworkGraph Build(string name)
    {
        Exact(new InputOp("x", new Shape(new Extent(Symbol.N, 1), 1 + _random.Next(12), new Extent(Symbol.H, 1), new Extent(Symbol.W, 1))));
        int divisor = 1 << _random.Next(3);
        Exact(new InputOp("y", new Shape(new Extent(Symbol.N, 1), 1 + _random.Next(20), new Extent(Symbol.H, divisor), new Extent(Symbol.W, divisor))));
        Exact(new InputOp("s", Shape.Scalar));
        Parameter(Shape.Flat(_pool[0].Shape.C));
        // States of one shape may take each other's values.
        for (int i = Chance(2) ? 1 + _random.Next(3) : 0; i > 0; i--)
            State(Shape.Flat(_pool[0].Shape.C));
        Evaluate();
        int steps = 5 + _random.Next(25);
        for (int i = 0; i < steps; i++)
            Step();
        var assignments = new List<Assignment>();
        if (_assignsParameters)
            assignments.Add(AssignParameters());
        foreach (Node state in _states)
        {
            if (Chance(5) || !_pool.Contains(state))
                continue;
            Node value = Pick(n => n.Shape == state.Shape);
            assignments.Add(new Assignment(state, Chance(2) ? value : _builder.Add(value, _builder.Multiply(state, _builder.Fill(0.5)))));
        }
        return new NetworkGraph(name, [.. _builder.Nodes], Outputs(), assignments, [.. _parameters]);
    }

    // What nobody uses is mostly an output, so that little of the graph is dead; so are some leaves, views and shared values.
    private GraphOutput[] Outputs()
    {
        var used = new HashSet<Node>(_builder.Nodes.SelectMany(n => n.Inputs));
        Node[] outputs = [.. _pool.Where(n => used.Contains(n) ? Chance(12) : Chance(2)).DefaultIfEmpty(_pool[_pool.Count - 1])];
        return [.. outputs.Select((n, i) => new GraphOutput("out" + Text.Of(i), n))];
    }

    private Assignment AssignParameters()
    {
        Node all = _builder.Emit(new StateOp(StateOp.Parameters, Shape.Flat(_parameterElements), 0));
        IReadOnlyList<Node?> gradients = Differentiation.Gradients(_builder, Loss(), _parameterNodes);
        Node gradient = _builder.Emit(new PackOp(), [.. gradients.Select((g, i) => g ?? _builder.Emit(new FillOp(0, _parameterNodes[i].Shape)))]);
        Node bounded = _builder.Divide(gradient, _builder.Add(Unary(UnaryKind.Abs, gradient), _builder.Fill(1)));
        return new Assignment(all, _builder.Emit(new BinaryOp(BinaryKind.Subtract), all, _builder.Multiply(bounded, _builder.Fill(0.125))));
    }

    private void Step()
    {
        try
        {
            switch (_random.Next(18))
            {
                case 0 or 1: RandomUnary(); break;
                case 2 or 3 or 4: RandomBinary(); break;
                case 5: _builder.BroadcastTo(Pick(), Pick().Shape); break;
                case 6 or 7: _builder.Emit(new ReduceOp(Chance(3) ? ReduceKind.Max : ReduceKind.Sum, (Axes)(1 + (_axes++ % 15))), Pick()); break;
                case 8: RandomSlice(); break;
                case 9 or 10: RandomConcat(); break;
                case 11: RandomPack(); break;
                case 12 or 13: RandomConvolution(); break;
                case 14: RandomResample(); break;
                case 15: _builder.Emit(new TrigTransformOp(Chance(2), Chance(2)), Pick(Symbolic)); break;
                case 16: RandomLeaf(); break;
                default: RandomGradients(); break;
            }
        }
        catch (GraphException)
        {
            // Chance has picked operands that do not fit.
        }
        Evaluate();
    }

    // Takes new nodes into the pool, unless they are too large.
    private void Evaluate()
    {
        for (; _seen < _builder.Nodes.Count; _seen++)
        {
            Node node = _builder.Nodes[_seen];
            bool known = node.Inputs.All(_values.ContainsKey);
            ReferenceTensor? value = known ? node.Op.Evaluate(new EvaluationContext(node, [.. node.Inputs.Select(i => _values[i])], _sample, this)) : null;
            bool small = node.Shape.H.Value <= 4 || node.Shape.H.IsConstant;
            if (value is null || !small || !value.Data.All(v => Math.Abs(v) < LargestValue) || value.Data.Length > 20000)
                continue;
            _values.Add(node, value);
            _pool.Add(node);
            if (KeepsExactness(node.Op) && node.Inputs.Count > 0 && node.Inputs.All(_exact.Contains))
                _exact.Add(node);
            bool kink = node.Op is UnaryOp { Kind: UnaryKind.Abs } or BinaryOp { Kind: BinaryKind.Maximum or BinaryKind.Minimum } or ReduceOp { Kind: ReduceKind.Max };
            if (node.Inputs.Any(_kinked.Contains) || (kink && !node.Inputs.All(_exact.Contains)))
                _kinked.Add(node);
        }
    }

    private static bool KeepsExactness(Op op) => op is
        SliceOp or ConcatOp or PackOp or UnpackOp or BroadcastOp or ReduceOp { Kind: ReduceKind.Max } or
        UnaryOp { Kind: UnaryKind.Negate or UnaryKind.Abs or UnaryKind.Sign } or
        BinaryOp { Kind: BinaryKind.Maximum or BinaryKind.Minimum or BinaryKind.Equal or BinaryKind.Greater } or
        ResampleOp { Kind: ResampleKind.NearestHalf, Adjoint: false };

    private void RandomUnary()
    {
        var kind = (UnaryKind)_random.Next(7);
        Node x = kind == UnaryKind.Sign ? Pick(_exact.Contains) : Pick();
        Node half = _builder.Fill(0.5);
        Unary(kind, kind switch
        {
            UnaryKind.Sqrt or UnaryKind.Reciprocal => _builder.Add(_builder.Multiply(x, x), half),
            UnaryKind.Exp => _builder.Emit(new BinaryOp(BinaryKind.Minimum), x, _builder.Fill(2)),
            _ => x,
        });
    }

    private void RandomBinary()
    {
        var kind = (BinaryKind)_random.Next(8);
        bool jumps = kind is BinaryKind.Equal or BinaryKind.Greater;
        Node a = jumps ? Pick(_exact.Contains) : Pick();
        Node b = Pick(n => Shape.Broadcast(a.Shape, n.Shape) is not null && (!jumps || _exact.Contains(n)));
        if (kind == BinaryKind.Divide)
            b = _builder.Add(_builder.Multiply(b, b), _builder.Fill(0.75));
        // Constants that simplification looks for.
        if (Chance(6))
            b = Exact(new FillOp(_random.Next(3) - 1, Chance(2) ? Shape.Scalar : b.Shape));
        _builder.Emit(new BinaryOp(kind), Chance(2) ? [a, b] : kind == BinaryKind.Divide ? [a, b] : [b, a]);
    }

    private void RandomSlice()
    {
        Node x = Pick(n => n.Shape.C > 1);
        int start = _random.Next(x.Shape.C);
        _builder.Emit(new SliceOp(start, 1 + _random.Next(x.Shape.C - start)), x);
    }

    private void RandomConcat()
    {
        Node first = Pick(n => n.Shape.C < 16);
        var parts = new List<Node> { first };
        int count = 1 + _random.Next(3);
        for (int i = 0; i < count; i++)
            parts.Add(Pick(n => n.Shape with { C = 1 } == first.Shape with { C = 1 } && n.Shape.C < 16));
        if (Chance(2))
            parts.Reverse();
        _builder.Emit(new ConcatOp(), [.. parts]);
    }

    private void RandomPack()
    {
        Node[] parts = [.. Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Pick(n => n.Shape.IsConstant))];
        Node flat = _builder.Emit(new PackOp(), parts);
        Node part = parts[_random.Next(parts.Length)];
        int room = flat.Shape.C - part.Shape.ConstantElements;
        _builder.Emit(new UnpackOp(_random.Next(room + 1), part.Shape), flat);
    }

    private void RandomConvolution()
    {
        bool depthwise = Chance(2), transposed = Chance(3);
        int kernel = 1 + _random.Next(5), stride = 1 + _random.Next(2), dilation = 1 + _random.Next(kernel > 3 ? 2 : 3);
        int slack = dilation * (kernel - 1) + 1;
        // Any padding that gives a whole fraction of the size.
        int padding = (slack - _random.Next(stride) - 1) / 2;
        var settings = new ConvolutionSettings(stride, Math.Max(0, padding), dilation, depthwise);
        Node x = Pick(n => n.Shape.C <= 24 && (Symbolic(n) || Chance(4)));
        int other = 1 + _random.Next(Chance(3) ? 20 : 6);
        if (transposed)
        {
            Extent? height = x.Shape.H.Times(stride), width = x.Shape.W.Times(stride);
            if (height is null || width is null)
                return;
            Node weight = Weight(new Shape(x.Shape.C, depthwise ? 1 : other, kernel, kernel));
            _builder.Emit(new TransposedConvolutionOp(settings, height.Value, width.Value), x, weight);
            return;
        }
        Node w = Weight(depthwise ? new Shape(x.Shape.C, 1, kernel, kernel) : new Shape(other, x.Shape.C, kernel, kernel));
        Node y = _builder.Emit(new ConvolutionOp(settings), x, w);
        if (Chance(2))
            y = _builder.Add(y, Parameter(Shape.Flat(y.Shape.C)));
        if (Chance(2))
            y = _builder.Multiply(y, _builder.Add(_builder.Fill(0.5), Unary(UnaryKind.Erf, y)));
        if (Chance(2) && x.Shape == y.Shape)
            y = _builder.Add(x, y);
        if (Chance(4))
            _builder.Emit(new ConvolutionWeightGradientOp(settings, kernel, kernel), x, y);
    }

    // Mostly a parameter; else something computed, viewed or kept, of the same shape.
    private Node Weight(Shape shape)
    {
        Node[] fitting = [.. _pool.Where(n => n.Shape == shape)];
        if (fitting.Length > 0 && Chance(2))
            return fitting[_random.Next(fitting.Length)];
        switch (_random.Next(8))
        {
            case 0:
                return _builder.Multiply(Parameter(shape), _builder.Fill(0.5));
            case 1:
                return _builder.Emit(new SliceOp(1, shape.C), Parameter(shape with { C = shape.C + 2 }));
            case 2:
                return _builder.Emit(new ConcatOp(), _builder.Negate(Parameter(shape)), Parameter(shape with { C = 1 })) is var joined
                    ? _builder.Emit(new SliceOp(0, shape.C), joined) : joined;
            case 3:
                return _builder.Emit(new UnpackOp(3, shape), Parameter(Shape.Flat(shape.ConstantElements + 5)));
            case 4:
                return State(shape);
            default:
                return Parameter(shape);
        }
    }

    private void RandomResample()
    {
        var kind = (ResampleKind)_random.Next(4);
        ResampleFilter filter = ResampleFilter.Of(kind);
        if (Chance(2))
        {
            _builder.Emit(ResampleOp.Forward(kind), Pick(Symbolic));
            return;
        }
        Node x = Pick(n => Symbolic(n) && Grow(n.Shape.H) is not null && Grow(n.Shape.W) is not null);
        _builder.Emit(new ResampleOp(kind, true, Grow(x.Shape.H)!.Value, Grow(x.Shape.W)!.Value), x);

        Extent? Grow(Extent extent) => filter.Denominator > 1 ? extent.Times(filter.Denominator) : extent.DividedBy(filter.Numerator);
    }

    private void RandomLeaf()
    {
        Shape shape = Pick().Shape;
        switch (_random.Next(4))
        {
            case 0: Exact(new FillOp((_random.Next(17) - 8) / 4.0, shape)); break;
            case 1: Exact(new FillOp((_random.Next(17) - 8) / 4.0, Shape.Scalar)); break;
            case 2: Unary(UnaryKind.Reciprocal, _builder.Emit(new SizeOp(shape))); break;
            default: State(shape.IsConstant ? shape : Shape.Flat(shape.C)); break;
        }
    }

    private void RandomGradients()
    {
        Node loss = Loss();
        Node[] targets = [Pick(), .. _parameterNodes.Where(_ => Chance(2)), .. _pool.Where(_ => Chance(5)).ToArray()];
        Differentiation.Gradients(_builder, loss, targets);
    }

    // The mean of a product with something, so that the gradient is not constant.
    private Node Loss()
    {
        Node x = Pick(n => !_kinked.Contains(n));
        Node factor = Pick(n => !_kinked.Contains(n) && Shape.Broadcast(x.Shape, n.Shape) is not null);
        Node sum = _builder.Emit(new ReduceOp(ReduceKind.Sum, Axes.All), _builder.Multiply(x, factor));
        return _builder.Divide(sum, _builder.Emit(new SizeOp(x.Shape)));
    }

    private Node Parameter(Shape shape)
    {
        int[] extents = [shape.N.Value, shape.C, shape.H.Value, shape.W.Value];
        var op = new ParameterOp("p" + Text.Of(_parameters.Count), string.Join("x", extents.Select(e => Text.Of(e))), _parameterElements, shape, Initializer.Constant(0));
        _parameters.Add(op);
        _parameterElements += shape.ConstantElements;
        Node node = _builder.Emit(op);
        _parameterNodes.Add(node);
        if (!_assignsParameters)
            _exact.Add(node);
        Evaluate();
        return node;
    }

    private Node State(Shape shape)
    {
        Node node = _builder.Emit(new StateOp("state" + Text.Of(_states.Count), shape, 0.25 * _states.Count));
        _states.Add(node);
        return node;
    }

    private Node Exact(Op leaf)
    {
        Node node = _builder.Emit(leaf);
        _exact.Add(node);
        Evaluate();
        return node;
    }

    private Node Unary(UnaryKind kind, Node x) => _builder.Emit(new UnaryOp(kind), x);

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private static bool Symbolic(Node node) => !node.Shape.H.IsConstant && !node.Shape.W.IsConstant;

    private Node Pick() => Pick(_ => true);

    // Recent nodes are likelier: graphs become deep as well as wide.
    private Node Pick(Func<Node, bool> fits)
    {
        Node[] fitting = [.. _pool.Where(fits)];
        if (fitting.Length == 0)
            throw new GraphException("Nothing fits.");
        int recent = Math.Min(6, fitting.Length);
        return Chance(2) ? fitting[fitting.Length - 1 - _random.Next(recent)] : fitting[_random.Next(fitting.Length)];
    }

    ReferenceTensor IReferenceValues.Input(string name) => Sample(((InputOp)_builder.Nodes.First(n => n.Op is InputOp i && i.InputName == name).Op).Shape, name[0]);

    ReferenceTensor IReferenceValues.Parameter(ParameterOp parameter) => Sample(parameter.Shape, parameter.Offset);

    ReferenceTensor IReferenceValues.State(StateOp state) => Sample(state.Shape, 7);

    private static ReferenceTensor Sample(Shape shape, int seed)
    {
        var random = new System.Random(seed);
        var value = new ReferenceTensor(shape.At(_sample));
        for (int i = 0; i < value.Data.Length; i++)
            value.Data[i] = random.NextDouble() * 2 - 1;
        return value;
    }
}
