using FocalNet.Generators.Emission.CSharp;
using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>A CUDA kernel on its way into a project: name and whole text.</summary>
internal sealed record CudaKernelSource(string Name, string Text);

/// <summary>Puts CUDA plans and kernels into C#, packed.</summary>
internal static class CudaSourceEmitter
{
    // Kernels of like names have much in common: packed together they take a third. To read one takes to unpack all of its block, within a millisecond.
    private const int PerBlock = 16;

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
            code.Line($"private static CudaPlan {name}{precision}() => CudaPlanText.Parse(PackedText.Unpack({name}{precision}Text), CudaKernels.Source);").Line();
            PackedTextEmitter.Emit(code, $"{name}{precision}Text", plan.Lines);
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
        int blocks = (distinct.Length + PerBlock - 1) / PerBlock;
        code.Line($"private static readonly PackedTexts Texts = new(Names, {Text.Of(PerBlock)}, static block => block switch").Open();
        for (int block = 0; block < blocks; block++)
            code.Line($"{(block == blocks - 1 ? "_" : Text.Of(block))} => Block{Text.Of(block)},");
        code.Close(");").Line();
        code.Line("/// <summary>The text of a kernel; null where there is none of that name.</summary>");
        code.Line("public static CudaSource? Source(string name) => Texts.Contains(name) ? () => Texts.Find(name) : null;").Line();
        PlanEmitter.EmitText(code, "Names", distinct.Select(k => k.Name));
        for (int block = 0; block < blocks; block++)
        {
            code.Line();
            PackedTextEmitter.Emit(code, $"Block{Text.Of(block)}", [.. distinct.Skip(block * PerBlock).Take(PerBlock).Select(k => k.Text.TrimEnd('\n').Split('\n'))]);
        }
        code.Close();
        return code.ToString();
    }
}
