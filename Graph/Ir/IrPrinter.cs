using System.Text;

namespace FocalNet.Graph.Ir;

/// <summary>Prints a graph as text: one line a node, numbered in order, so that equal graphs print equal text.</summary>
public static class IrPrinter
{
    /// <summary>The text of a graph.</summary>
    public static string Print(NetworkGraph graph)
    {
        var numbers = new Dictionary<Node, int>();
        var text = new StringBuilder();
        text.Append("graph ").Append(graph.Name).Append('\n');
        foreach (Node node in graph.Nodes)
        {
            numbers.Add(node, numbers.Count);
            text.Append("  ").Append(Line(node, numbers)).Append('\n');
        }
        foreach (GraphOutput output in graph.Outputs)
            text.Append("  output ").Append(output.Name).Append(" = %").Append(Text.Of(numbers[output.Value])).Append('\n');
        foreach (Assignment assignment in graph.Assignments)
            text.Append("  assign %").Append(Text.Of(numbers[assignment.State])).Append(" = %").Append(Text.Of(numbers[assignment.Value])).Append('\n');
        return text.ToString();
    }

    private static string Line(Node node, Dictionary<Node, int> numbers)
    {
        string inputs = string.Join(", ", node.Inputs.Select(i => "%" + Text.Of(numbers[i])));
        return $"%{Text.Of(numbers[node])} = {node.Op.Signature}({inputs}) : {node.Shape}";
    }
}
