using FocalNet.Graph.Launches;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>A plan for the CUDA device as text.</summary>
/// <param name="Prepare">Kernel and grid of what depends on parameters alone.</param>
/// <param name="Launches">Kernel and grid of each launch of a run.</param>
/// <param name="Kernels">The kernels, each once, in the order in which the text numbers them.</param>
/// <param name="Lines">The plan's text.</param>
internal sealed record CudaPlanSource(IReadOnlyList<CudaLaunchText> Prepare, IReadOnlyList<CudaLaunchText> Launches, IReadOnlyList<CudaKernelText> Kernels, IReadOnlyList<string> Lines);

/// <summary>The CUDA emitter's entry.</summary>
internal static class CudaBackend
{
    /// <summary>Emits a plan.</summary>
    public static CudaPlanSource EmitPlan(LaunchPlan plan)
    {
        var numbers = plan.Graph.Nodes.Select((node, i) => (node, i)).ToDictionary(p => p.node, p => p.i);
        CudaLaunchText[] launches = [.. plan.Launches.Select(l => CudaKernelEmitter.Emit(l, numbers))];
        CudaLaunchText[] prepare = [.. plan.Prepare.Select(l => CudaKernelEmitter.Emit(l, numbers))];
        CudaKernelText[] kernels = [.. prepare.Concat(launches).Select(l => l.Kernel).GroupBy(k => k.Name).Select(g => g.First())];
        return new CudaPlanSource(prepare, launches, kernels, [.. CudaPlanEmitter.Lines(plan, prepare, launches, kernels)]);
    }
}
