using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Writes a plan as the text that Runtime's <c>CudaPlanText</c> reads, one item a line.</summary>
internal static class CudaPlanEmitter
{
    /// <summary>The lines of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="prepare">Launches that depend on parameters alone.</param>
    /// <param name="launches">Its launches.</param>
    /// <param name="kernels">Their kernels, each once, in the order in which steps number them.</param>
    public static IEnumerable<string> Lines(
        LaunchPlan plan, IReadOnlyList<CudaLaunchText> prepare, IReadOnlyList<CudaLaunchText> launches, IReadOnlyList<CudaKernelText> kernels)
    {
        Arena[] arenas = [.. plan.Arenas];
        foreach (string line in PlanLines.Head(plan.Name, plan.Divisor, arenas))
            yield return line;
        foreach (PlannedBuffer b in plan.Buffers)
            yield return $"buffer {Text.Of(Array.IndexOf(arenas, b.Arena))} {Text.Of(b.Offset)} {b.Shape} {(b.Root.Type == ElementType.BFloat16 ? "bf16" : "float")} {b.Name}";
        foreach (string line in PlanLines.Bindings(plan.Inputs, plan.Outputs, plan.States, plan.Gradient, plan.Graph))
            yield return line;
        foreach (CudaKernelText kernel in kernels)
            yield return $"kernel {kernel.Name} {Text.Of(CudaKernelText.Threads)} {Text.Of(kernel.SharedBytes)}";
        var numbers = kernels.Select((kernel, i) => (kernel, i)).ToDictionary(p => p.kernel.Name, p => p.i);
        for (int i = 0; i < prepare.Count; i++)
            yield return "prepare " + Step(plan.Prepare[i], prepare[i]);
        for (int i = 0; i < launches.Count; i++)
            yield return "step " + Step(plan.Launches[i], launches[i]);

        string Step(Launch launch, CudaLaunchText text) =>
            $"{Text.Of(numbers[text.Kernel.Name])} {string.Join(";", launch.Tasks.SelectMany(t => t.Operands).Select(o => PlanLines.View(o.Place)))} grid={text.Grid} {NameOf(launch)}";
    }

    // A convolution is known by its weight, anything else by the method that declared it.
    private static string NameOf(Launch launch)
    {
        string[] names = [.. launch.Tasks.Select(NameOf).Where(n => n.Length > 0).Distinct()];
        return names.Length == 0 ? "-" : names.Length <= 3 ? string.Join(" + ", names) : $"{names[0]} + {names[1]} + {Text.Of(names.Length - 2)} more";
    }

    private static string NameOf(LaunchTask task)
    {
        KernelTask? kernel = task switch
        {
            ConvolutionChainTask chain => chain.Links[0].Task,
            PooledConvolutionTask pooled => pooled.Convolution,
            _ => task as KernelTask,
        };
        Node? convolution = kernel?.Group.Anchor;
        IEnumerable<Node> operands = convolution?.Inputs ?? [];
        return operands.Select(i => i.Op).OfType<ParameterOp>().FirstOrDefault()?.ParameterName ?? task.Origin.Member;
    }
}
