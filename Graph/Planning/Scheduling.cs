using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Planning;

/// <summary>
/// Orders kernels: dependencies first, otherwise as declared, which frees activations early. A state that is updated in
/// place is written after all its readers.
/// </summary>
internal sealed class Scheduling
{
    private readonly FusedGraph _fused;
    private readonly Dictionary<KernelGroup, HashSet<KernelGroup>> _before = [];

    public Scheduling(FusedGraph fused)
    {
        _fused = fused;
        foreach (KernelGroup group in fused.Groups)
        {
            if (BodyBuilder.Build(fused, group) is { } body)
                Bodies.Add(group, body);
        }
        foreach (KernelGroup group in Bodies.Keys)
            _before.Add(group, [.. Loads(group).SelectMany(Sources).Where(s => s != group)]);
        DecideStates();
    }

    /// <summary>Bodies of the kernels that have work.</summary>
    public Dictionary<KernelGroup, KernelBody> Bodies { get; } = [];

    /// <summary>Assigned values that are written straight into their state's memory.</summary>
    public Dictionary<Node, Node> InPlaceStates { get; } = [];

    /// <summary>Assigned values that are copied into their state at the end of the run.</summary>
    public List<Assignment> CopiedStates { get; } = [];

    /// <summary>The order.</summary>
    public IReadOnlyList<KernelGroup> Order()
    {
        var order = new List<KernelGroup>();
        var waiting = _before.ToDictionary(p => p.Key, p => p.Value.Count);
        ILookup<KernelGroup, KernelGroup> after = _before.SelectMany(p => p.Value.Select(b => (Before: b, After: p.Key))).ToLookup(p => p.Before, p => p.After);
        var ready = new SortedSet<(int Id, KernelGroup Group)>(Comparer<(int Id, KernelGroup Group)>.Create((a, b) => a.Id.CompareTo(b.Id)));
        foreach (KeyValuePair<KernelGroup, int> pair in waiting.Where(p => p.Value == 0))
            ready.Add((pair.Key.Id, pair.Key));
        while (ready.Count > 0)
        {
            (int Id, KernelGroup Group) next = ready.Min;
            ready.Remove(next);
            order.Add(next.Group);
            foreach (KernelGroup follower in after[next.Group])
            {
                if (--waiting[follower] == 0)
                    ready.Add((follower.Id, follower));
            }
        }
        if (order.Count != _before.Count)
            throw new InvalidOperationException($"{_fused.Graph.Name}: kernels wait for each other.");
        return order;
    }

    private IEnumerable<Node> Loads(KernelGroup group)
    {
        KernelBody body = Bodies[group];
        var outputs = new HashSet<int>(body.Stores.Select(s => s.Operand).Concat(body.Reductions.Select(r => r.Operand)));
        return body.Operands.Where((_, i) => !outputs.Contains(i));
    }

    private IEnumerable<KernelGroup> Sources(Node node) => KernelOrder.SourcesOf(node, _fused.HomeOf);

    private void DecideStates()
    {
        foreach (Assignment assignment in _fused.Graph.Assignments)
        {
            KernelGroup writer = _fused.HomeOf(assignment.Value)!;
            KernelGroup[] readers = [.. Bodies.Keys.Where(g => Loads(g).Any(n => ReadsState(n, assignment.State)))];
            // The writer itself may read the state only at the element that it writes.
            bool aligned = !readers.Contains(writer) || Bodies[writer].Values.OfType<LoadValue>()
                .Where(l => ReadsState(Bodies[writer].Operands[l.Operand], assignment.State)).All(l => l.Access.IsFull);
            bool tiled = writer.Kind != KernelKind.Map;
            if (!aligned || tiled || readers.Any(r => r != writer && KernelOrder.DependsOn(r, writer, g => _before[g])))
            {
                CopiedStates.Add(assignment);
                continue;
            }
            InPlaceStates.Add(assignment.Value, assignment.State);
            foreach (KernelGroup reader in readers.Where(r => r != writer))
                _before[writer].Add(reader);
        }
    }

    private static bool ReadsState(Node node, Node state) => node == state ||
        (node.Op is ParameterOp && state.Op is StateOp { StateName: StateOp.Parameters }) ||
        (KernelGroup.IsView(node) && node.Inputs.Any(i => ReadsState(i, state)));
}
