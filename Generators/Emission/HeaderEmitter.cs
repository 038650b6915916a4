using System.Text;
using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission;

/// <summary>
/// The comment at the head of every emitted kernel, whatever the language: the IR it computes, where it was declared, its
/// shapes, and what it costs for one 256×256 picture. A kernel that several steps share is described by its first.
/// </summary>
internal static class HeaderEmitter
{
    private static readonly RunExtents _sample = new(1, 256, 256);

    /// <param name="step">The step.</param>
    /// <param name="numbers">Numbers of nodes, as in the plan's IR text.</param>
    public static string Describe(PlannedStep step, IReadOnlyDictionary<Node, int> numbers)
    {
        var text = new StringBuilder();
        StepCost cost = StepCost.Of(step, _sample);
        text.Append($"{step.Work.Description} over {step.Work.Domain}\n");
        if (step.Origin.Member.Length > 0)
            text.Append($"Declared by {step.Origin}\n");
        text.Append($"For 1×256×256: {Text.Fixed(cost.Flops / 1e6, 3)} MFLOP, {Text.Fixed(cost.BytesRead / 1e6, 3)} MB read, {Text.Fixed(cost.BytesWritten / 1e6, 3)} MB written\n");
        if (step.Work is KernelWork kernel)
            DescribeBody(text, kernel, numbers);
        return text.ToString();
    }

    private static void DescribeBody(StringBuilder text, KernelWork kernel, IReadOnlyDictionary<Node, int> numbers)
    {
        text.Append("IR:\n");
        foreach (Node node in kernel.Body.Computed)
            text.Append($"  %{Text.Of(numbers[node])} = {node.Op.Signature}({string.Join(", ", node.Inputs.Select(i => $"%{Text.Of(numbers[i])}"))}) : {node.Shape}\n");
        text.Append("Operands:\n");
        for (int i = 0; i < kernel.Body.Operands.Count; i++)
        {
            Node node = kernel.Body.Operands[i];
            string role = kernel.Body.Stores.Any(s => s.Operand == i) ? "out" : kernel.Body.Reductions.Any(r => r.Operand == i) ? "reduced" : "in";
            text.Append($"  {Text.Of(i)} {role} %{Text.Of(numbers[node])} {node.Op.Name} {node.Shape}\n");
        }
    }
}
