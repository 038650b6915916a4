using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Autodiff;

/// <summary>Reverse-mode differentiation of a scalar, at build time: the gradient is more nodes of the same graph.</summary>
public static class Differentiation
{
    /// <summary>
    /// Gradients of <paramref name="scalar"/> with respect to <paramref name="targets"/>, in their order; null where it
    /// does not depend on a target.
    /// </summary>
    /// <exception cref="GraphException">The node is not a single number.</exception>
    public static IReadOnlyList<Node?> Gradients(IrBuilder builder, Node scalar, IReadOnlyList<Node> targets)
    {
        if (!scalar.Shape.IsScalar)
            throw new GraphException($"Only a single number can be differentiated, not a tensor {scalar.Shape}; reduce it with Sum or Mean first.");
        HashSet<Node> needed = DependentsOf(targets, builder.Nodes, scalar.Id);
        Origin origin = builder.Origin;
        var gradients = new Dictionary<Node, Node> { [scalar] = builder.Fill(1) };
        for (int id = scalar.Id; id >= 0; id--)
        {
            Node node = builder.Nodes[id];
            if (!needed.Contains(node) || !gradients.TryGetValue(node, out Node? upstream))
                continue;
            builder.Origin = node.Origin.AsBackward();
            IReadOnlyList<Node?> contributions = node.Op.Gradient(new GradientContext(builder, node, upstream));
            for (int i = 0; i < contributions.Count; i++)
            {
                if (contributions[i] is { } contribution && needed.Contains(node.Inputs[i]))
                    Accumulate(builder, gradients, node.Inputs[i], contribution);
            }
        }
        builder.Origin = origin;
        return [.. targets.Select(t => gradients.TryGetValue(t, out Node? gradient) ? gradient : null)];
    }

    private static void Accumulate(IrBuilder builder, Dictionary<Node, Node> gradients, Node target, Node contribution)
    {
        if (contribution.Shape != target.Shape)
            throw new InvalidOperationException($"The gradient of {target} has the shape {contribution.Shape}.");
        gradients[target] = gradients.TryGetValue(target, out Node? sum) ? builder.Add(sum, contribution) : contribution;
    }

    // Only nodes on a path from a target to the scalar get gradients: nothing is computed for pictures and constants.
    private static HashSet<Node> DependentsOf(IReadOnlyList<Node> targets, IReadOnlyList<Node> nodes, int last)
    {
        var dependents = new HashSet<Node>(targets);
        for (int id = 0; id <= last; id++)
        {
            if (nodes[id].Inputs.Any(dependents.Contains))
                dependents.Add(nodes[id]);
        }
        return dependents;
    }
}
