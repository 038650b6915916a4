using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Fusion;

/// <summary>
/// A graph whose nodes have homes, and the choice of the values that go to memory. Every other element-wise value that a
/// second kernel needs is computed there again from values in memory, which costs arithmetic and saves bytes.
/// </summary>
public sealed class FusedGraph
{
    // A recomputed expression longer than this is stored instead. GELU's derivative takes 14.
    private const int LongestRecomputation = 24;

    private readonly Dictionary<Node, KernelGroup> _home;
    private readonly HashSet<Node> _stored = [];
    private readonly Dictionary<Node, int> _recomputation = [];

    internal FusedGraph(
        NetworkGraph graph, IReadOnlyList<KernelGroup> groups, Dictionary<Node, KernelGroup> home,
        IReadOnlyList<FusionDecision> decisions, bool fused)
    {
        Graph = graph;
        _home = home;
        Decisions = decisions;
        Groups = groups;
        Store(fused);
    }

    /// <summary>The graph.</summary>
    public NetworkGraph Graph { get; }

    /// <summary>All kernels in order of creation, including those that recomputation has left without work.</summary>
    public IReadOnlyList<KernelGroup> Groups { get; }

    /// <summary>Each attempt to join kernels.</summary>
    public IReadOnlyList<FusionDecision> Decisions { get; }

    /// <summary>The kernel that computes a node; null for views and leaves.</summary>
    public KernelGroup? HomeOf(Node node) => _home.TryGetValue(node, out KernelGroup? group) ? group : null;

    /// <summary>The value goes to memory.</summary>
    public bool IsStored(Node node) => _stored.Contains(node);

    // Operands come first, so that a value knows which of its operands are in memory.
    private void Store(bool fused)
    {
        ILookup<Node, Node> users = Graph.Users();
        var roots = new HashSet<Node>(Graph.Roots);
        foreach (Node node in Graph.Nodes)
        {
            if (HomeOf(node) is not { } home)
                continue;
            bool outside = roots.Contains(node) || users[node].Any(u => NeedsMemory(u) || HomeOf(u) != home);
            bool mustBeInMemory = roots.Contains(node) || users[node].Any(NeedsMemory) || node.Op is ReduceOp;
            if (mustBeInMemory || !fused || (outside && !CanRecompute(node)))
                _stored.Add(node);
        }
    }

    // Convolutions, resampling, transforms and views read memory; arithmetic and reductions can take a value as it is made.
    private static bool NeedsMemory(Node user) => user.Op is not (ElementwiseOp or ReduceOp);

    private bool CanRecompute(Node node)
    {
        int length = RecomputationLength(node);
        _recomputation[node] = length;
        return length <= LongestRecomputation;
    }

    /// <summary>Ops that a kernel other than its home needs to compute a value from memory.</summary>
    private int RecomputationLength(Node node)
    {
        if (_stored.Contains(node) || HomeOf(node) is null)
            return 0;
        if (node.Op is not ElementwiseOp)
            return int.MaxValue / 4;
        if (_recomputation.TryGetValue(node, out int known))
            return known;
        // What is cheap once for each channel is not cheap once for each pixel.
        bool expensive = node.Op is UnaryOp { Kind: UnaryKind.Sqrt or UnaryKind.Reciprocal or UnaryKind.Exp or UnaryKind.Erf } or BinaryOp { Kind: BinaryKind.Divide };
        bool small = node.Shape.H.IsOne && node.Shape.W.IsOne;
        if (expensive && small && !node.Shape.IsScalar)
            return int.MaxValue / 4;
        int length = 1;
        foreach (Node input in node.Inputs)
            length = Math.Min(int.MaxValue / 4, length + RecomputationLength(input));
        return length;
    }
}
