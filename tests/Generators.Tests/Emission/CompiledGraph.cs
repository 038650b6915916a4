using System.Reflection;
using System.Runtime.Loader;
using FocalNet.Generators.Emission;
using FocalNet.Generators.Emission.CSharp;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;
using FocalNet.Graph.Reference;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FocalNet.Generators.Tests.Emission;

/// <summary>A graph that went the whole way: passes, fusion, plan, C# text, the C# compiler, and is ready to run.</summary>
internal sealed class CompiledGraph
{
    private static readonly MetadataReference[] _references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "netstandard.dll" or "mscorlib.dll"))
            .Select(p => MetadataReference.CreateFromFile(p)),
        MetadataReference.CreateFromFile(typeof(ExecutionPlan).Assembly.Location),
    ];

    private CompiledGraph(NetworkGraph graph, CompiledPlan compiled, ExecutionPlan plan, string source)
    {
        Graph = graph;
        Compiled = compiled;
        Plan = plan;
        Source = source;
    }

    public NetworkGraph Graph { get; }

    public CompiledPlan Compiled { get; }

    public ExecutionPlan Plan { get; }

    public string Source { get; }

    public static CompiledGraph Compile(NetworkGraph graph, bool fuse = true) => CompileAll([(graph, fuse)])[0];

    /// <summary>Compiles graphs together: into one assembly, with equal kernels once.</summary>
    public static IReadOnlyList<CompiledGraph> CompileAll(IReadOnlyList<(NetworkGraph Graph, bool Fuse)> graphs)
    {
        CompiledPlan[] compiled = [.. graphs.Select(g => NetworkCompiler.Compile(g.Graph, g.Fuse, schedule: ConvolutionSchedule.Cpu))];
        EmittedPlan[] emitted = [.. compiled.Select((c, i) => CSharpBackend.EmitPlan(c, $"Create{i}"))];
        var code = new CodeWriter();
        CSharpBackend.WriteHead(code, "Emitted");
        code.Line("public static class Plans").Open();
        foreach (string line in emitted.SelectMany(e => e.Method.Split('\n')))
            code.Line(line);
        code.Line($"public static ExecutionPlan[] Get() => [{string.Join(", ", emitted.Select((_, i) => $"Create{i}()"))}];");
        code.Close();
        string plan = code.ToString(), kernels = CSharpBackend.EmitKernels(emitted.SelectMany(e => e.Kernels), "Emitted");
        ExecutionPlan[] plans = Load(plan, kernels);
        return [.. graphs.Select((g, i) => new CompiledGraph(g.Graph, compiled[i], plans[i], kernels + plan))];
    }

    private static ExecutionPlan[] Load(params string[] sources)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true);
        var compilation = CSharpCompilation.Create(
            "Emitted" + Guid.NewGuid().ToString("N"), sources.Select(s => CSharpSyntaxTree.ParseText(s)), _references, options);
        using var image = new MemoryStream();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(10)) + "\n" + string.Join("\n", sources));
        image.Position = 0;
        Assembly assembly = AssemblyLoadContext.Default.LoadFromStream(image);
        return (ExecutionPlan[])assembly.GetType("Emitted.Plans")!.GetMethod("Get")!.Invoke(null, null)!;
    }

    /// <summary>
    /// Runs the plan on the CPU and the declared graph in the interpreter on the same random values, and compares every
    /// output and state: the largest error, as a share of the largest value of its tensor.
    /// </summary>
    public void CheckAgainstInterpreter(RunSize size, int seed, double tolerance, int threads = 2, int runs = 1)
    {
        var random = new System.Random(seed);
        var interpreter = new Interpreter(Graph);
        using var pool = new WorkerPool(threads);
        using var executor = new CpuExecutor(Plan, pool) { Poison = true };
        executor.Bind(size);
        var extents = new RunExtents(size.Images, size.Height, size.Width);
        SetParameters(random, interpreter, executor);
        for (int run = 0; run < runs; run++)
        {
            foreach (BindingSpec input in Plan.Inputs)
            {
                float[] values = Values(random, checked((int)input.Shape.Elements(size)));
                executor.SetInput(input.Name, values);
                Shape shape = Graph.Nodes.First(n => n.Op is FocalNet.Graph.Ops.InputOp op && op.InputName == input.Name).Shape;
                interpreter.SetInput(input.Name, new ReferenceTensor(shape.At(extents), [.. values.Select(v => (double)v)]));
            }
            executor.Run();
            IReadOnlyDictionary<string, ReferenceTensor> expected = interpreter.Run(extents);
            foreach (BindingSpec output in Plan.Outputs)
            {
                var actual = new float[output.Shape.Elements(size)];
                executor.GetOutput(output.Name, actual);
                Compare($"output {output.Name} of run {run}", actual, expected[output.Name].Data, tolerance);
            }
            foreach (StateSpec state in Plan.States)
            {
                ReferenceTensor value = state.Name == "parameters"
                    ? new ReferenceTensor([1, interpreter.FlatParameters.Length, 1, 1], interpreter.FlatParameters)
                    : interpreter.State(state.Name);
                var actual = new float[value.Data.Length];
                executor.ReadState(state.Name, actual);
                var memoryOrder = new double[value.Data.Length];
                value.ForEach((i, n, c, h, w) => memoryOrder[value.MemoryIndex(n, c, h, w)] = value.Data[i]);
                Compare($"state {state.Name} of run {run}", actual, memoryOrder, tolerance);
            }
        }
    }

    private void SetParameters(System.Random random, Interpreter interpreter, CpuExecutor executor)
    {
        if (Plan.Parameters.Length == 0)
            return;
        var all = new List<float>();
        foreach (ParameterSpec parameter in Plan.Parameters)
        {
            float[] values = Values(random, parameter.CheckpointShape.Aggregate(1, (a, b) => a * b));
            all.AddRange(values);
            interpreter.SetParameter(parameter.Name, [.. values.Select(v => (double)v)]);
        }
        executor.LoadParameters([.. all]);
    }

    private static float[] Values(System.Random random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = random.NextSingle() * 2 - 1;
        return values;
    }

    private void Compare(string what, float[] actual, double[] expected, double tolerance)
    {
        double largest = Math.Max(1e-3, expected.Max(Math.Abs));
        for (int i = 0; i < actual.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]) / largest;
            if (!(error <= tolerance))
            {
                Assert.Fail(
                    $"{Graph.Name}, {what}, element {i}: {actual[i]} instead of {expected[i]}, {error / tolerance:P0} of tolerance.\n" +
                    $"{IrPrinter.Print(Compiled.Graph)}");
            }
        }
    }
}
