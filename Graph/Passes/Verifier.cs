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
        var seen = new HashSet<Node>();
        foreach (Node node in graph.Nodes)
        {
            foreach (Node input in node.Inputs)
                Require(seen.Contains(input), $"{node} comes before its operand {input}");
            Require(node.Op.Infer([.. node.Inputs.Select(i => i.Shape)]) == node.Shape, $"{node} has not the shape that its op gives");
            Require(seen.Add(node), $"{node} is listed twice");
        }
        foreach (Node root in graph.Roots)
            Require(seen.Contains(root), $"the root {root} is not listed");
        foreach (Assignment assignment in graph.Assignments)
        {
            Require(seen.Contains(assignment.State) && assignment.State.Op is StateOp, $"{assignment.State} is no state");
            Require(assignment.State.Shape == assignment.Value.Shape, $"{assignment.Value} does not fit the state {assignment.State}");
        }

        void Require(bool holds, string what)
        {
            if (!holds)
                throw new InvalidOperationException($"{graph.Name} after '{after}': {what}.");
        }
    }
}
