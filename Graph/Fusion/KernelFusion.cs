using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Fusion;

/// <summary>
/// Decides which nodes share a kernel. Nodes are taken in order; an element-wise node joins the latest kernel that
/// computes one of its operands over the same domain, a reduction joins the kernel of its operand, unless that would make
/// two kernels wait for each other. How a fused kernel is written is none of its business.
/// </summary>
public sealed class KernelFusion
{
    private readonly bool _fuse, _byDepth;
    private readonly List<KernelGroup> _groups = [];
    private readonly Dictionary<Node, KernelGroup> _home = [];
    private readonly List<FusionDecision> _decisions = [];

    private KernelFusion(bool fuse, bool byDepth) => (_fuse, _byDepth) = (fuse, byDepth);

    /// <summary>Assigns every node that needs computing to a kernel.</summary>
    /// <param name="graph">The simplified graph.</param>
    /// <param name="fuse">No: one kernel for each node, for tests and comparisons.</param>
    /// <param name="byDepth">
    /// Of several kernels a node joins the one that waits longest, not the latest: fewer kernels then wait for each other, which counts where
    /// kernels that do not can start together.
    /// </param>
    public static FusedGraph Run(NetworkGraph graph, bool fuse = true, bool byDepth = false)
    {
        var fusion = new KernelFusion(fuse, byDepth);
        foreach (Node node in graph.Nodes)
            fusion.Place(node);
        return new FusedGraph(graph, fusion._groups, fusion._home, fusion._decisions, fuse);
    }

    private void Place(Node node)
    {
        if (KernelGroup.KindOf(node) is not { } kind)
            return;
        Shape domain = node.Op is ReduceOp ? node.Inputs[0].Shape : node.Shape;
        KernelGroup? group = kind == KernelKind.Map && _fuse ? FindHost(node, domain) : null;
        if (group is null)
        {
            group = new KernelGroup(_groups.Count, kind, kind == KernelKind.Map ? null : node, domain);
            _groups.Add(group);
        }
        group.Members.Add(node);
        _home.Add(node, group);
        foreach (KernelGroup source in SourcesOf(node))
        {
            if (source == group)
                continue;
            group.Dependencies.Add(source);
            group.Depth = Math.Max(group.Depth, source.Depth + 1);
        }
    }

    // The latest kernel among those of the operands: it has the most values at hand.
    private KernelGroup? FindHost(Node node, Shape domain)
    {
        foreach (KernelGroup candidate in node.Inputs.Where(_home.ContainsKey).Select(i => _home[i]).Distinct()
            .OrderByDescending(g => _byDepth ? g.Depth : 0).ThenByDescending(g => g.Id))
        {
            string? obstacle = Obstacle(node, domain, candidate);
            _decisions.Add(new FusionDecision(node, candidate, obstacle is null, obstacle ?? "computes an operand over the same domain"));
            if (obstacle is null)
                return candidate;
        }
        return null;
    }

    private string? Obstacle(Node node, Shape domain, KernelGroup candidate)
    {
        if (!candidate.TakesBody)
            return "a weight gradient is complete only when its kernel ends";
        if (candidate.Domain != domain)
            return $"the domain {domain} is not the kernel's {candidate.Domain}";
        if (node.Op is ReduceOp && !candidate.TakesReductions)
            return "a tiled kernel can't reduce in its body";
        foreach (Node input in node.Inputs)
        {
            if (_home.TryGetValue(input, out KernelGroup? home))
            {
                if (home == candidate && input.Op is ReduceOp)
                    return "it needs a reduction that is complete only when the kernel ends";
            }
            else if (ThroughViews(input).Contains(candidate))
            {
                return "it reads another element of the kernel's result, through a view";
            }
        }
        foreach (KernelGroup source in SourcesOf(node))
        {
            if (source != candidate && KernelOrder.DependsOn(source, candidate, g => g.Dependencies))
                return $"its operand from k{Text.Of(source.Id)} needs this kernel's result first";
        }
        return null;
    }

    private IEnumerable<KernelGroup> SourcesOf(Node node) => node.Inputs.SelectMany(ThroughViews);

    private IEnumerable<KernelGroup> ThroughViews(Node node) =>
        KernelOrder.SourcesOf(node, n => _home.TryGetValue(n, out KernelGroup? home) ? home : null);
}
