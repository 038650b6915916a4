using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Passes;

/// <summary>A named rewriting of a graph. It keeps what the graph computes.</summary>
public abstract class Pass
{
    /// <summary>Name for the log.</summary>
    public abstract string Name { get; }

    /// <summary>Rewrites a graph; returns the same object if there was nothing to do.</summary>
    public abstract NetworkGraph Run(NetworkGraph graph);
}

/// <summary>A pass that replaces nodes one by one, operands first.</summary>
public abstract class NodeRewritingPass : Pass
{
    /// <inheritdoc/>
    public sealed override NetworkGraph Run(NetworkGraph graph)
    {
        var builder = new IrBuilder();
        var replacements = new Dictionary<Node, Node>();
        bool changed = false;
        Begin();
        foreach (Node node in graph.Nodes)
        {
            Node[] inputs = [.. node.Inputs.Select(i => replacements[i])];
            builder.Origin = node.Origin;
            Node? replacement = Rewrite(builder, node, inputs);
            changed |= replacement is not null;
            replacement ??= Kept(node, builder.Emit(node.Op, inputs));
            if (replacement.Shape != node.Shape)
                throw new InvalidOperationException($"The pass {Name} turned {node} into {replacement}, of another shape.");
            replacements.Add(node, replacement);
        }
        if (!changed)
            return graph;
        return graph with
        {
            Nodes = builder.Nodes,
            Outputs = [.. graph.Outputs.Select(o => o with { Value = replacements[o.Value] })],
            Assignments = [.. graph.Assignments.Select(a => new Assignment(replacements[a.State], replacements[a.Value]))],
        };
    }

    /// <summary>Called before the first node of a graph.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Called with the copy of a node that <see cref="Rewrite"/> left as it is; returns it.</summary>
    protected virtual Node Kept(Node node, Node copy) => copy;

    /// <summary>What stands for a node, given what stands for its operands; null keeps the op.</summary>
    protected abstract Node? Rewrite(IrBuilder builder, Node node, Node[] inputs);
}
