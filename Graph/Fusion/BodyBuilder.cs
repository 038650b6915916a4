using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Fusion;

/// <summary>
/// Writes the body of a kernel: the values that must be stored or reduced, and all that they need, each either a load
/// from memory or computed here, wherever its home may be.
/// </summary>
internal sealed class BodyBuilder
{
    private readonly FusedGraph _fused;
    private readonly KernelGroup _group;
    private readonly List<BodyValue> _values = [];
    private readonly List<Node> _operands = [];
    private readonly List<Node> _computed = [];
    private readonly Dictionary<Node, int> _known = [];
    private readonly Dictionary<BodyValue, int> _valueNumbers = [];

    private BodyBuilder(FusedGraph fused, KernelGroup group)
    {
        _fused = fused;
        _group = group;
    }

    /// <summary>The body of a group; null where nothing of it is needed in memory.</summary>
    public static KernelBody? Build(FusedGraph fused, KernelGroup group) => new BodyBuilder(fused, group).Build();

    private KernelBody? Build()
    {
        Node[] stored = [.. _group.Members.Where(_fused.IsStored)];
        if (stored.Length == 0)
            return null;
        if (_group.Anchor is { } anchor)
            _operands.AddRange(anchor.Inputs);
        var stores = new List<BodyStore>();
        var reductions = new List<BodyReduction>();
        foreach (Node node in stored)
        {
            if (node.Op is ReduceOp reduce)
            {
                int value = ValueOf(node.Inputs[0]);
                _computed.Add(node);
                reductions.Add(new BodyReduction(reduce.Kind, ModeOf(reduce, node.Shape), value, Output(node), Access.Of(node.Shape, _group.Domain)));
            }
            else
            {
                int value = ValueOf(node);
                stores.Add(new BodyStore(value, Output(node)));
            }
        }
        return new KernelBody(_values, stores, reductions, _operands) { Computed = _computed };
    }

    private int Output(Node node)
    {
        _operands.Add(node);
        return _operands.Count - 1;
    }

    private ReductionMode ModeOf(ReduceOp reduce, Shape result)
    {
        Shape domain = _group.Domain;
        if (result.H.IsOne && result.W.IsOne)
        {
            // A map over a single pixel of many channels (flat vectors) reduces in chunks too.
            return ReductionMode.Chunked;
        }
        bool channelsAlone = domain with { C = 1 } == result with { C = 1 } && reduce.Over.HasFlag(Axes.C);
        return channelsAlone ? ReductionMode.PerPixel : ReductionMode.Sequential;
    }

    private int ValueOf(Node node)
    {
        if (_known.TryGetValue(node, out int known))
            return known;
        int value = Make(node);
        _known.Add(node, value);
        return value;
    }

    private int Make(Node node)
    {
        if (node == _group.Anchor)
        {
            _computed.Add(node);
            return Number(new AnchorValue());
        }
        bool here = _fused.HomeOf(node) == _group && node.Op is not ReduceOp;
        if (!here && (_fused.IsStored(node) || _fused.HomeOf(node) is null))
            return Leaf(node);
        int value = Arithmetic(node);
        _computed.Add(node);
        return value;
    }

    private int Arithmetic(Node node) => node.Op switch
    {
        UnaryOp unary => Number(new UnaryValue(unary.Kind, ValueOf(node.Inputs[0]))),
        BinaryOp binary => Number(new BinaryValue(binary.Kind, ValueOf(node.Inputs[0]), ValueOf(node.Inputs[1]))),
        BroadcastOp => ValueOf(node.Inputs[0]),
        _ => throw new InvalidOperationException($"{node} can't be computed in {_group}."),
    };

    private int Leaf(Node node) => node.Op switch
    {
        FillOp fill => Number(new ConstantValue(fill.Value)),
        SizeOp size => Number(new SizeValue(size.Of)),
        _ => Number(new LoadValue(OperandOf(node), Access.Of(node.Shape, _group.Domain))),
    };

    private int OperandOf(Node node)
    {
        int index = _operands.IndexOf(node);
        if (index >= 0)
            return index;
        _operands.Add(node);
        return _operands.Count - 1;
    }

    private int Number(BodyValue value)
    {
        if (_valueNumbers.TryGetValue(value, out int number))
            return number;
        _values.Add(value);
        _valueNumbers.Add(value, _values.Count - 1);
        return _values.Count - 1;
    }
}
