using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>A kernel as CUDA C, without the templates that it calls.</summary>
/// <param name="Name">Name of its function; equal for equal code.</param>
/// <param name="Structs">The bodies that it uses, by name: several kernels may share one.</param>
/// <param name="Code">The function.</param>
/// <param name="Header">Comment: what it computes, where it comes from, what it costs.</param>
/// <param name="Templates">Files that it calls, without those that they need.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
internal sealed record CudaKernelText(
    string Name, IReadOnlyList<KeyValuePair<string, string>> Structs, string Code, string Header, IReadOnlyList<string> Templates, int SharedBytes)
{
    /// <summary>Threads of a block, for which all templates are written.</summary>
    public const int Threads = 256;

    /// <summary>All of it, with the comment on top.</summary>
    public string Text =>
        string.Concat(Header.TrimEnd('\n').Split('\n').Select(l => "// " + l + "\n")) + $"// templates: {string.Join(" ", Templates)}\n" +
        string.Concat(Structs.Select(s => s.Value)) + Code;
}

/// <summary>A launch as CUDA C: its kernel, and the grid as the plan's text gives it.</summary>
internal sealed record CudaLaunchText(CudaKernelText Kernel, string Grid);

/// <summary>Emits the kernel of a launch: each task has a range of blocks.</summary>
internal static class CudaKernelEmitter
{
    /// <summary>The kernel of a launch, and its grid.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="numbers">Numbers of nodes, as in the plan's IR text.</param>
    public static CudaLaunchText Emit(Launch launch, IReadOnlyDictionary<Node, int> numbers)
    {
        var tasks = new List<CudaTask>();
        int first = 0;
        foreach (LaunchTask task in launch.Tasks)
        {
            int start = first;
            tasks.Add(CudaTaskEmitter.Emit(task, i => "q" + Text.Of(start + i)));
            first += task.Operands.Count;
        }
        int shared = tasks.Max(t => t.SharedBytes);
        var code = new CodeWriter();
        code.Line($"({string.Join(", ", Parameters(launch))}, int images, int height, int width)").Open();
        if (shared > 0)
            code.Line("extern __shared__ __align__(16) unsigned char dynamic_shared[];");
        code.Line("wait_for_earlier_launches();");
        code.Line("int block = blockIdx.x;");
        EmitTasks(code, tasks);
        code.Close();
        var structs = new Dictionary<string, string>();
        foreach (CudaStruct body in tasks.SelectMany(t => t.Bodies))
            structs[body.Name] = body.Text;
        string text = code.ToString(), name = $"{Stem(tasks)}_{Hash(string.Concat(structs.Values) + text)}";
        var kernel = new CudaKernelText(
            name, [.. structs], $"extern \"C\" __global__ void __launch_bounds__({Bounds(launch)}) {name}{text}",
            HeaderEmitter.Describe(launch, numbers), [.. tasks.Select(t => t.Template).Concat(tasks.SelectMany(t => t.MoreTemplates)).Append("arithmetic.cu").Distinct()], shared);
        return new CudaLaunchText(kernel, Grid(tasks));
    }

    // Chains compute between barriers what a block alone has to wait for, and so do convolutions that resample what they bring: three blocks on a
    // multiprocessor, which 80 registers allow, and which their tiles leave room for. So do convolutions that read pictures; other work of the tensor cores
    // is better off with more registers, and so are up-convolutions and resampling in float, which takes twice as many for what it reads. A depthwise convolution waits for its
    // tile, and for what its body reads: four, which 64 registers allow; in float, which takes twice the shared memory, three. Gradients of small weights wait for memory, and convolutions in bf16 for their first tile: two at least.
    private static string Bounds(Launch launch)
    {
        bool isAlone = launch.Tasks.All(t => t switch
        {
            ConvolutionChainTask { Kind: ChainKind.UpConvolution } up => TensorCoreEmitter.ElementOf(up.Links[0].Task) == "bf16",
            KernelTask { OnTensorCores: true, ReadsPicture: false } => IsResampling(t),
            _ => true,
        });
        bool isLarge = launch.Tasks.Any(t => t.Family == TaskFamily.LargeGradient);
        int blocks = isAlone && launch.Tasks.Any(t => t is ConvolutionChainTask || IsResampling(t)) ? 3
            : isAlone && launch.Tasks.Any(DepthwiseTile.IsFor) ? (launch.Tasks.OfType<KernelTask>().Where(DepthwiseTile.IsFor).All(t => CudaOperand.Of(t.Operands[0]).Type == "bf16") ? 4 : 3)
            : !isLarge && launch.Tasks.Any(t => t.Family == TaskFamily.Gradient || t is KernelTask { OnTensorCores: true, Precision: ElementType.BFloat16, Group.TakesBody: true }) ? 2
            : 0;
        return Text.Of(CudaKernelText.Threads) + (blocks > 0 ? $", {Text.Of(blocks)}" : "");
    }

    private static bool IsResampling(LaunchTask task) => task is KernelTask { Group.TakesBody: true, Pieces: { } pieces } kernel &&
        TensorCoreEmitter.ElementOf(kernel) == "bf16" && pieces.Any(p => p is UpsampledPiece);

    // What a launch reads and writes lies in different places, but for states that are updated where they are, and parts of one buffer. The compiler is told
    // so of states, which bodies read again and again, and of all that arithmetic reads and writes: it loads of the next pixel before it stores this one.
    private static IEnumerable<string> Parameters(Launch launch)
    {
        TaskOperand[] operands = [.. launch.Tasks.SelectMany(t => t.Operands)];
        ILookup<PlannedBuffer, TaskOperand> sharing = operands.ToLookup(o => o.Place.Buffer.Root);
        bool arithmetic = launch.Tasks.All(t => t is FinishTask or SummedMapTask or KernelTask { Group.Kind: KernelKind.Map });
        return operands.Select((o, i) =>
        {
            PlannedBuffer root = o.Place.Buffer.Root;
            bool alone = o.IsWritten ? arithmetic && sharing[root].Count() == 1 : (arithmetic || root.Arena.Persistent) && !sharing[root].Any(other => other.IsWritten);
            return $"{(o.IsWritten ? "" : "const ")}{CudaOperand.Of(o).Type}* {(alone ? "__restrict__ " : "")}q{Text.Of(i)}";
        });
    }

    private static void EmitTasks(CodeWriter code, List<CudaTask> unsorted)
    {
        CudaTask[] tasks = [.. unsorted.OrderByDescending(t => t.IsLong)];
        for (int i = 0; i < tasks.Length; i++)
            code.Line($"const int blocks{Text.Of(i)} = {tasks[i].Blocks.Exact};");
        for (int i = 0; i < tasks.Length; i++)
        {
            // What is left over behind the last task has nothing to do: a grid may be rounded up.
            code.Line(i == 0 ? "if (block < blocks0)" : $"else if ((block -= blocks{Text.Of(i - 1)}) < blocks{Text.Of(i)})").Open();
            foreach (string line in tasks[i].Lines)
                code.Line(line);
            code.Close();
        }
    }

    // Equal terms are one with a factor, so that grids of branches stay short.
    private static string Grid(List<CudaTask> tasks) => string.Join("+", tasks.GroupBy(t => t.Blocks.Grid)
        .Select(g => g.Count() == 1 ? g.Key : g.Key.IndexOf('|') >= 0 ? string.Join("+", g.Select(t => t.Blocks.Grid)) : $"{g.Key}*{Text.Of(g.Count())}")) + ",1,1";

    private static string Stem(List<CudaTask> tasks)
    {
        string[] stems = [.. tasks.Select(t => t.Stem).Distinct()];
        string more = tasks.Count == 1 ? "" : $"x{Text.Of(tasks.Count)}";
        return stems.Length > 2 ? $"{stems[0]}AndMore{more}" : string.Join("And", stems) + more;
    }

    /// <summary>FNV-1a, 64 bits: names need to be stable and short; the collector checks that equal names have equal code.</summary>
    public static string Hash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
            hash = unchecked((hash ^ c) * 1099511628211);
        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture).Substring(0, 12);
    }
}
