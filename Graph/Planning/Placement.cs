using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Planning;

/// <summary>
/// Gives every value a place in a buffer. Slices are channel offsets into their operand, operands of a concatenation lie
/// side by side in its buffer, parameters are parts of the flat parameter state: none of these is ever copied.
/// </summary>
internal sealed class Placement
{
    private readonly FusedGraph _fused;
    private readonly int _divisor;
    private readonly List<PlannedBuffer> _buffers = [];
    private readonly Dictionary<Node, Place> _places = [];
    private readonly Dictionary<(bool, bool, bool, bool), Arena> _arenas = [];

    public Placement(FusedGraph fused, IReadOnlyDictionary<Node, Node> inPlaceStates)
    {
        _fused = fused;
        _divisor = fused.Graph.Divisor;
        PersistentArena = ArenaOf(Shape.Scalar, persistent: true);
        PlaceLeaves();
        foreach (KeyValuePair<Node, Node> assigned in inPlaceStates)
            _places[assigned.Key] = _places[assigned.Value];
        // From the last node to the first, so that a concatenation has its place before its operands get theirs in it.
        foreach (Node node in fused.Graph.Nodes.Reverse())
            PlaceOperands(node);
    }

    public IReadOnlyList<PlannedBuffer> Buffers => _buffers;

    public IEnumerable<Arena> Arenas => _arenas.Values;

    public Arena PersistentArena { get; }

    public Place ParametersPlace { get; private set; }

    /// <summary>The place of a value.</summary>
    public Place Of(Node node)
    {
        if (_places.TryGetValue(node, out Place place))
            return place;
        place = node.Op switch
        {
            SliceOp slice => Of(node.Inputs[0]) is var whole ? whole with { Channel = whole.Channel + slice.Start } : default,
            UnpackOp unpack => new Place(Part(Of(node.Inputs[0]), unpack.Start, node.Shape, "unpacked"), 0),
            _ when _fused.IsStored(node) || node.Op is ConcatOp or PackOp => new Place(NewBuffer(node.Op.Name, node.Shape, persistent: false), 0),
            _ => throw new InvalidOperationException($"{node} has no place in memory."),
        };
        _places.Add(node, place);
        return place;
    }

    /// <summary>A new block of memory.</summary>
    public PlannedBuffer NewBuffer(string name, Shape shape, bool persistent)
    {
        Arena arena = ArenaOf(shape, persistent);
        long units = UnitsOf(shape);
        // Constant blocks begin on cache lines; the others do because their unit is a multiple of one.
        if (arena is { HasN: false, HasH: false, HasW: false })
            units = (units + 15) / 16 * 16;
        var buffer = new PlannedBuffer(_buffers.Count, name, shape, arena, units);
        _buffers.Add(buffer);
        return buffer;
    }

    private void PlaceLeaves()
    {
        NetworkGraph graph = _fused.Graph;
        if (graph.ParameterElements > 0)
            ParametersPlace = new Place(NewBuffer(StateOp.Parameters, Shape.Flat(graph.ParameterElements), persistent: true), 0);
        foreach (Node node in graph.Nodes)
        {
            Place? place = node.Op switch
            {
                StateOp { StateName: StateOp.Parameters } => ParametersPlace,
                StateOp state => new Place(NewBuffer(state.StateName, state.Shape, persistent: true), 0),
                ParameterOp parameter => new Place(Part(ParametersPlace, parameter.Offset, parameter.Shape, parameter.ParameterName), 0),
                InputOp input => new Place(NewBuffer(input.InputName, input.Shape, persistent: input.Shape.IsConstant), 0),
                _ => null,
            };
            if (place is { } known)
                _places.Add(node, known);
        }
    }

    private void PlaceOperands(Node node)
    {
        if (node.Op is not (ConcatOp or PackOp))
            return;
        Place whole = Of(node);
        int start = 0;
        foreach (Node operand in node.Inputs)
        {
            if (node.Op is ConcatOp)
            {
                _places.Add(operand, whole with { Channel = whole.Channel + start });
                start += operand.Shape.C;
            }
            else
            {
                _places.Add(operand, new Place(Part(whole, start, operand.Shape, "packed"), 0));
                start += operand.Shape.ConstantElements;
            }
        }
    }

    private PlannedBuffer Part(Place whole, int offset, Shape shape, string name)
    {
        PlannedBuffer part = NewBuffer(name, shape, whole.Buffer.Arena.Persistent);
        part.Whole = whole.Buffer;
        part.OffsetInWhole = whole.Channel + offset;
        return part;
    }

    private Arena ArenaOf(Shape shape, bool persistent)
    {
        var key = (!persistent && !shape.N.IsConstant, !persistent && !shape.H.IsConstant, !persistent && !shape.W.IsConstant, persistent);
        if (!_arenas.TryGetValue(key, out Arena? arena))
            _arenas.Add(key, arena = new Arena(key.Item1, key.Item2, key.Item3, persistent));
        return arena;
    }

    private long UnitsOf(Shape shape) => (long)shape.C * Factor(shape.N, 1) * Factor(shape.H, _divisor) * Factor(shape.W, _divisor);

    private static long Factor(Extent extent, int divisor) => extent.IsConstant ? extent.Value : divisor / extent.Value;
}
