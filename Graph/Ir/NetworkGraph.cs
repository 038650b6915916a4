using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Ir;

/// <summary>A named result.</summary>
/// <param name="Name">Name, unique in the graph.</param>
/// <param name="Value">The node.</param>
public sealed record GraphOutput(string Name, Node Value);

/// <summary>A state that takes a new value at the end of a run.</summary>
/// <param name="State">A node of <see cref="StateOp"/>.</param>
/// <param name="Value">The new value, of the same shape.</param>
public sealed record Assignment(Node State, Node Value);

/// <summary>
/// A whole graph: its nodes in an order in which operands come first, its outputs, and its assignments. Passes take one
/// and return another; nothing is changed in place.
/// </summary>
/// <param name="Name">Name of the network and mode.</param>
/// <param name="Nodes">All nodes, operands first.</param>
/// <param name="Outputs">Named results.</param>
/// <param name="Assignments">State updates.</param>
/// <param name="Parameters">All declared parameters, in order of declaration, used or not.</param>
public sealed record NetworkGraph(
    string Name,
    IReadOnlyList<Node> Nodes,
    IReadOnlyList<GraphOutput> Outputs,
    IReadOnlyList<Assignment> Assignments,
    IReadOnlyList<ParameterOp> Parameters)
{
    /// <summary>Length of the flat parameter vector.</summary>
    public int ParameterElements => Parameters.Count == 0 ? 0 : Parameters[Parameters.Count - 1].Offset + Parameters[Parameters.Count - 1].Shape.ConstantElements;

    /// <summary>The nodes that must be computed whatever happens: outputs and new state values.</summary>
    public IEnumerable<Node> Roots => Outputs.Select(o => o.Value).Concat(Assignments.Select(a => a.Value));

    /// <summary>The nodes that read a node, each once.</summary>
    public ILookup<Node, Node> Users() => Nodes.SelectMany(n => n.Inputs.Distinct().Select(i => (Input: i, User: n))).ToLookup(p => p.Input, p => p.User);

    /// <summary>The smallest number of which every run's H and W must be a multiple.</summary>
    public int Divisor
    {
        get
        {
            int divisor = 1;
            foreach (Node node in Nodes)
            {
                foreach (Extent extent in (Extent[])[node.Shape.H, node.Shape.W])
                {
                    if (!extent.IsConstant)
                        divisor = LeastCommonMultiple(divisor, extent.Value);
                }
            }
            return divisor;
        }
    }

    private static int LeastCommonMultiple(int a, int b)
    {
        int x = a, y = b;
        while (y != 0)
            (x, y) = (y, x % y);
        return a / x * b;
    }
}
