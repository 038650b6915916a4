using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Model.Tests.Support;

/// <summary>Finds the results of layers in a graph by the names of their parameters.</summary>
internal static class LayerResults
{
    /// <summary>A layer's result is the sum of which its bias, or the b of a selection module's b·x, is the right operand.</summary>
    public static Node? Find(NetworkGraph graph, string layer) => graph.Nodes.FirstOrDefault(n =>
        n.Op is BinaryOp { Kind: BinaryKind.Add } &&
        (IsParameter(n.Inputs[1], $"{layer}.bias") || (n.Inputs[1].Inputs.Count == 2 && IsParameter(n.Inputs[1].Inputs[0], $"{layer}.b"))));

    private static bool IsParameter(Node node, string name) => node.Op is ParameterOp parameter && parameter.ParameterName == name;
}
