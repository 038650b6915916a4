using FocalNet.Generators.Emission.CSharp;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>A CUDA kernel on its way into a project: name and whole text.</summary>
internal sealed record CudaKernelSource(string Name, string Text);

/// <summary>Puts CUDA plans and kernels into C#, as UTF-8 that a device compiles and runs.</summary>
internal static class CudaSourceEmitter
{
    /// <summary>C# that gives the plans which <see cref="EmitPlans"/> emits under the same name.</summary>
    public static string Plans(string name) => $"new CudaPlanSet({name}{ElementType.Float32}, {name}{ElementType.BFloat16})";

    /// <summary>Emits the methods that make a graph's plans, and their texts.</summary>
    /// <param name="code">Receives them.</param>
    /// <param name="name">Beginning of their names.</param>
    /// <param name="graph">The graph as declared.</param>
    /// <param name="kernels">Receives the kernels.</param>
    public static void EmitPlans(CodeWriter code, string name, NetworkGraph graph, List<CudaKernelSource> kernels)
    {
        foreach (ElementType precision in new[] { ElementType.Float32, ElementType.BFloat16 })
        {
            CudaPlanSource plan = CudaBackend.EmitPlan(LaunchCompiler.Compile(graph, precision));
            kernels.AddRange(plan.Kernels.Select(k => new CudaKernelSource(k.Name, k.Text)));
            code.Line($"private static CudaPlan {name}{precision}() => CudaPlanText.Parse({name}{precision}Text, CudaKernels.Source);").Line();
            PlanEmitter.EmitText(code, $"{name}{precision}Text", plan.Lines);
            code.Line();
        }
    }

    /// <summary>Emits a file with kernels, each once.</summary>
    /// <param name="kernels">Kernels of any number of plans.</param>
    /// <param name="ns">Namespace, empty for the global one.</param>
    public static string EmitKernels(IEnumerable<CudaKernelSource> kernels, string ns)
    {
        // Equal names have equal code; the comment on top is that of the first.
        CudaKernelSource[] distinct = [.. kernels.GroupBy(k => k.Name).Select(g => g.First()).OrderBy(k => k.Name, StringComparer.Ordinal)];
        var code = new CodeWriter();
        CSharpBackend.WriteHead(code, ns);
        code.Line("/// <summary>CUDA kernels of all networks of this project, without the templates that they name; equal kernels stand here once.</summary>");
        code.Line("internal static class CudaKernels").Open();
        code.Line("/// <summary>The text of a kernel; null where there is none of that name.</summary>");
        code.Line("public static CudaSource? Source(string name) => name switch").Open();
        foreach (CudaKernelSource kernel in distinct)
            code.Line($"\"{kernel.Name}\" => static () => {kernel.Name},");
        code.Line("_ => null,").Close(";").Line();
        foreach (CudaKernelSource kernel in distinct)
        {
            PlanEmitter.EmitText(code, kernel.Name, kernel.Text.TrimEnd('\n').Split('\n'));
            code.Line();
        }
        code.Close();
        return code.ToString();
    }
}
