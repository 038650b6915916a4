using FocalNet.Generators.Emission.Cuda;
using FocalNet.Generators.Emission.CSharp;
using FocalNet.Generators.Model;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission;

/// <summary>What a network adds to its project.</summary>
/// <param name="Source">The other part of its class: properties that give the plans.</param>
/// <param name="Kernels">The kernels that the plans name.</param>
/// <param name="CudaKernels">Those of the plans for CUDA devices.</param>
internal sealed record EmittedSource(string Source, EquatableArray<EmittedKernel> Kernels, EquatableArray<CudaKernelSource> CudaKernels);

/// <summary>Compiles a network and writes the C# that it adds to its project.</summary>
internal static class NetworkEmitter
{
    /// <summary>Namespace of the kernels, which all networks of a project share.</summary>
    public const string KernelNamespace = "FocalNet.GeneratedCode";

    /// <summary>Compiles and emits a network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="withCuda">Whether plans and kernels for CUDA devices are wanted.</param>
    /// <exception cref="FocalNet.Graph.GraphException">A stage of the compiler refuses the network.</exception>
    public static EmittedSource EmitNetwork(NetworkModel model, bool withCuda)
    {
        var code = new CodeWriter();
        CSharpBackend.WriteHead(code, model.Namespace, KernelNamespace);
        foreach (ContainingType type in model.Types)
            code.Line(type.Declaration).Open();
        var kernels = new List<EmittedKernel>();
        List<CudaKernelSource>? cuda = withCuda ? [] : null;
        EmitPlan(code, model, "Inference", model.Inference, kernels, cuda);
        if (model.Training is { } training)
            EmitPlan(code, model, "Training", training, kernels, cuda);
        TileEmitter.Emit(code, model, kernels, cuda);
        foreach (ContainingType _ in model.Types)
            code.Close();
        return new EmittedSource(code.ToString(), new EquatableArray<EmittedKernel>(kernels), new EquatableArray<CudaKernelSource>(cuda ?? []));
    }

    /// <summary>Emits the kernels of all networks of a project.</summary>
    public static string EmitKernels(IEnumerable<EmittedKernel> kernels) => CSharpBackend.EmitKernels(kernels, KernelNamespace);

    /// <summary>Emits the CUDA kernels of all networks of a project.</summary>
    public static string EmitCudaKernels(IEnumerable<CudaKernelSource> kernels) => CudaSourceEmitter.EmitKernels(kernels, KernelNamespace);

    /// <summary>Emits the list of the networks of one class.</summary>
    public static string EmitList(IReadOnlyList<NetworkModel> models)
    {
        NetworkModel first = models[0];
        var code = new CodeWriter();
        CSharpBackend.WriteHead(code, first.Namespace);
        foreach (ContainingType type in first.Types)
            code.Line(type.Declaration).Open();
        code.Line("/// <summary>The networks that this class declares, with their compiled plans.</summary>");
        code.Line($"public static System.Collections.Generic.IReadOnlyList<CompiledNetwork> Compiled {{ get; }} =").Line("[");
        foreach (NetworkModel model in models)
        {
            string training = model.Training is null ? "null" : $"static () => {model.Method}Training";
            code.Line($"    new({PlanEmitter.Quote(model.Name)}, static () => {model.Method}Inference, {training}, static () => {model.Method}Tiles),");
        }
        code.Line("];");
        foreach (ContainingType _ in first.Types)
            code.Close();
        return code.ToString();
    }

    private static void EmitPlan(CodeWriter code, NetworkModel model, string mode, GraphModel graph, List<EmittedKernel> kernels, List<CudaKernelSource>? cuda)
    {
        string name = model.Method + mode;
        EmittedPlan plan = CSharpBackend.EmitPlan(NetworkCompiler.Compile(graph.Graph, schedule: ConvolutionSchedule.Cpu), "Create", cuda is null ? null : CudaSourceEmitter.Plans("Create"));
        kernels.AddRange(plan.Kernels);
        code.Line($"/// <summary>The {mode.ToLowerInvariant()} plan of the network {model.Name}, made at the first call.</summary>");
        code.Line($"{model.Accessibility} static ExecutionPlan {name} => {name}Plan.Instance;").Line();
        // A class of its own, so that a plan is made when it is asked for and not with its neighbours.
        code.Line($"private static class {name}Plan").Open();
        code.Line("internal static readonly ExecutionPlan Instance = Create();").Line();
        foreach (string line in plan.Method.TrimEnd('\n').Split('\n'))
            code.Line(line);
        code.Line();
        if (cuda is not null)
            CudaSourceEmitter.EmitPlans(code, "Create", graph.Graph, cuda);
        code.Close().Line();
    }
}
