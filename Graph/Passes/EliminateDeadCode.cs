using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>
/// Drops nodes that no output and no assignment needs: the auxiliary outputs of an inference graph, gradients with
/// respect to pictures. Inputs stay, so that a caller may always set them.
/// </summary>
public sealed class EliminateDeadCode : Pass
{
    /// <inheritdoc/>
    public override string Name => "eliminate-dead-code";

    /// <inheritdoc/>
    public override NetworkGraph Run(NetworkGraph graph)
    {
        var live = new HashSet<Node>();
        var pending = new Stack<Node>(graph.Roots.Concat(graph.Assignments.Select(a => a.State)));
        while (pending.Count > 0)
        {
            Node node = pending.Pop();
            if (live.Add(node))
            {
                foreach (Node input in node.Inputs)
                    pending.Push(input);
            }
        }
        Node[] kept = [.. graph.Nodes.Where(n => live.Contains(n) || n.Op is InputOp)];
        return kept.Length == graph.Nodes.Count ? graph : graph with { Nodes = kept };
    }
}
