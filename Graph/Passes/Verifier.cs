using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Passes;

/// <summary>Checks what every graph must keep, after every pass.</summary>
public static class Verifier
{
    /// <summary>Checks a graph.</summary>
    /// <exception cref="InvalidOperationException">A pass has broken it: an error of the compiler, not of its user.</exception>
    public static void Verify(NetworkGraph graph, string after)
    {
        // Texts are made for what is wrong alone: there are thousands of nodes, and this runs after every pass.
        var seen = new HashSet<Node>();
        foreach (Node node in graph.Nodes)
        {
            foreach (Node input in node.Inputs)
            {
                if (!seen.Contains(input))
                    throw Broken($"{node} comes before its operand {input}");
            }
            if (node.Op.Infer([.. node.Inputs.Select(i => i.Shape)]) != node.Shape)
                throw Broken($"{node} has not the shape that its op gives");
            if (!seen.Add(node))
                throw Broken($"{node} is listed twice");
        }
        foreach (Node root in graph.Roots)
        {
            if (!seen.Contains(root))
                throw Broken($"the root {root} is not listed");
        }
        foreach (Assignment assignment in graph.Assignments)
        {
            if (!seen.Contains(assignment.State) || assignment.State.Op is not StateOp)
                throw Broken($"{assignment.State} is no state");
            if (assignment.State.Shape != assignment.Value.Shape)
                throw Broken($"{assignment.Value} does not fit the state {assignment.State}");
        }

        InvalidOperationException Broken(string what) => new($"{graph.Name} after '{after}': {what}.");
    }
}
