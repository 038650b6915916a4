using System.Text;
using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
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
            DescribeBody(text, kernel.Body, numbers);
        return text.ToString();
    }

    /// <param name="launch">The launch.</param>
    /// <param name="numbers">Numbers of nodes, as in the plan's IR text.</param>
    public static string Describe(Launch launch, IReadOnlyDictionary<Node, int> numbers)
    {
        var text = new StringBuilder();
        foreach (LaunchTask task in launch.Tasks)
        {
            text.Append($"{task.Description} over {task.Domain}\n");
            if (task.Origin.Member.Length > 0)
                text.Append($"Declared by {task.Origin}\n");
            foreach (KernelTask kernel in KernelsOf(task))
            {
                StepCost cost = StepCost.Of(kernel.Group, kernel.Body, _sample);
                text.Append($"For 1×256×256: {Text.Fixed(cost.Flops / 1e6, 3)} MFLOP, {Text.Fixed(cost.BytesRead / 1e6, 3)} MB read, {Text.Fixed(cost.BytesWritten / 1e6, 3)} MB written in float32\n");
                DescribeBody(text, kernel.Body, numbers);
                foreach (InputPiece piece in kernel.Pieces ?? [])
                    DescribePiece(text, piece, numbers);
            }
        }
        return text.ToString();
    }

    private static KernelTask[] KernelsOf(LaunchTask task) => task switch
    {
        KernelTask kernel => [kernel],
        ConvolutionChainTask chain => [.. chain.Links.Select(l => l.Task)],
        FinishTask { Epilogue: { } epilogue } => [epilogue],
        FinishMomentsTask moments => [moments.Epilogue],
        PooledConvolutionTask pooled => [pooled.Pools, pooled.Convolution],
        SummedMapTask summed => [summed.Map],
        _ => [],
    };

    private static void DescribePiece(StringBuilder text, InputPiece piece, IReadOnlyDictionary<Node, int> numbers)
    {
        text.Append($"Reads {Text.Of(piece.Channels)} channels {Kind(piece, numbers)}\n");
        if (piece is ComputedPiece computed)
            DescribeBody(text, computed.Map.Body, numbers);
    }

    private static string Kind(InputPiece piece, IReadOnlyDictionary<Node, int> numbers) => piece switch
    {
        UpsampledPiece upsampled => $"of %{Text.Of(numbers[upsampled.Result.Inputs[0]])}, resampled to twice the size on the way in",
        ComputedPiece => "computed on the way in:",
        _ => "as they are in memory",
    };

    private static void DescribeBody(StringBuilder text, KernelBody body, IReadOnlyDictionary<Node, int> numbers)
    {
        text.Append("IR:\n");
        foreach (Node node in body.Computed)
            text.Append($"  %{Text.Of(numbers[node])} = {node.Op.Signature}({string.Join(", ", node.Inputs.Select(i => $"%{Text.Of(numbers[i])}"))}) : {node.Shape}\n");
        text.Append("Operands:\n");
        for (int i = 0; i < body.Operands.Count; i++)
        {
            Node node = body.Operands[i];
            string role = body.Stores.Any(s => s.Operand == i) ? "out" : body.Reductions.Any(r => r.Operand == i) ? "reduced" : "in";
            text.Append($"  {Text.Of(i)} {role} %{Text.Of(numbers[node])} {node.Op.Name} {node.Shape}\n");
        }
    }
}
