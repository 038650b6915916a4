using System.Text;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Cuda.Templates;
using FocalNet.Runtime.Plans;

namespace FocalNet.Trainer.Kernels;

/// <summary>The CUDA kernels of a plan, for people to look into.</summary>
internal static class CudaKernelTexts
{
    private const string TemplateLine = "// templates: ";

    /// <summary>The plan's CUDA plans with their names; none where it has none.</summary>
    public static IEnumerable<(string Precision, CudaPlan Plan)> PlansOf(ExecutionPlan plan)
    {
        if (plan.Cuda is null)
        {
            yield break;
        }

        yield return ("float32", plan.Cuda.Float32);
        if (plan.Cuda.BFloat16 is { } narrow)
        {
            yield return ("bf16", narrow);
        }
    }

    /// <summary>In the order of their first launch.</summary>
    public static IReadOnlyList<KernelSummary> Of(CudaPlan plan) =>
    [
        .. plan.Prepare.Concat(plan.Steps).OfType<CudaLaunchStep>().GroupBy(step => step.Kernel.Name)
            .Select(steps => new KernelSummary(steps.Key, Text(steps.First().Kernel), steps.Count(), steps.First().Name)),
    ];

    /// <summary>The text of a kernel with the templates that it stands on before it: all that NVRTC compiles.</summary>
    public static string WithTemplates(string kernel)
    {
        var line = kernel.Split('\n').First(l => l.StartsWith(TemplateLine, StringComparison.Ordinal));
        return CudaTemplates.Source(line[TemplateLine.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)) + kernel;
    }

    private static string Text(CudaKernel kernel) => Encoding.UTF8.GetString(kernel.Source());
}
