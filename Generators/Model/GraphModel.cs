using System.Text;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Model;

/// <summary>
/// A graph that equals another when they print the same IR and their nodes have the same origins, so that an edit which
/// changes neither re-emits nothing. Nodes themselves are compared by reference and would never be equal.
/// </summary>
internal sealed class GraphModel : IEquatable<GraphModel>
{
    private readonly string _details;

    /// <summary>Wraps a graph.</summary>
    public GraphModel(NetworkGraph graph)
    {
        Graph = graph;
        Text = IrPrinter.Print(graph);
        _details = Details(graph);
    }

    /// <summary>The graph.</summary>
    public NetworkGraph Graph { get; }

    /// <summary>Its IR as text.</summary>
    public string Text { get; }

    /// <inheritdoc/>
    public bool Equals(GraphModel? other) => other is not null && Text == other.Text && _details == other._details;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GraphModel);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode();

    // What the IR text leaves out and emitted code shows: origins, and shapes as in weight files.
    private static string Details(NetworkGraph graph)
    {
        var text = new StringBuilder();
        foreach (Node node in graph.Nodes)
            text.Append(node.Origin).Append('\n');
        foreach (ParameterOp parameter in graph.Parameters)
            text.Append(parameter.Signature).Append(' ').Append(parameter.CheckpointShape).Append('\n');
        return text.ToString();
    }
}
