using System.Text;
using FocalNet.Model;
using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Plans;
using FocalNet.Runtime.Weights;

namespace FocalNet.Trainer.Kernels;

/// <summary>What a plan's kernels are compiled for.</summary>
internal enum KernelTarget
{
    /// <summary>The processor: C#.</summary>
    Cpu,

    /// <summary>CUDA devices in float32: CUDA C.</summary>
    Cuda,

    /// <summary>CUDA devices in bfloat16: CUDA C.</summary>
    Bf16,
}

/// <summary>No kernel has that name.</summary>
internal sealed class UnknownKernelException(string message) : Exception(message);

/// <summary>A generated kernel.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Source">Its text, C# or CUDA C.</param>
/// <param name="Launches">How often the plan launches it.</param>
/// <param name="FirstOrigin">Where in the network its first launch comes from.</param>
internal sealed record KernelSummary(string Name, string Source, int Launches, string FirstOrigin);

/// <summary>A network's plan, for people to look into.</summary>
internal sealed class CompiledKernels
{
    private readonly ExecutionPlan _plan;
    private readonly NetworkReports _reports;

    private CompiledKernels(ExecutionPlan plan, NetworkReports reports, KernelTarget target)
    {
        (_plan, _reports) = (plan, reports);
        Kernels = KernelsOf(plan, target, withTemplates: false);
    }

    /// <summary>In the order of their first launch.</summary>
    public IReadOnlyList<KernelSummary> Kernels { get; }

    /// <summary>How many kernels there are, and what fusing ops into them saved.</summary>
    public string Summary => FormattableString.Invariant($"{_plan.Name}: {Kernels.Count} kernels, {Kernels.Sum(kernel => kernel.Launches)} launches.\n{_reports.Savings}");

    public static CompiledKernels Of(NetworkEntry network, PlanMode mode, KernelTarget target = KernelTarget.Cpu) => mode == PlanMode.Inference
        ? new CompiledKernels(NetworkPlans.Inference(network), NetworkReports.Inference(network), target)
        : new CompiledKernels(NetworkPlans.Training(network), NetworkReports.Training(network), target);

    /// <summary>The first kernel of that name.</summary>
    /// <exception cref="UnknownKernelException">There is none.</exception>
    public static KernelSummary Find(string name, IReadOnlyList<NetworkEntry> networks, PlanMode mode, bool withTemplates = false)
    {
        foreach (var network in networks)
        {
            var plan = mode == PlanMode.Inference ? NetworkPlans.Inference(network) : NetworkPlans.Training(network);
            foreach (var target in Enum.GetValues<KernelTarget>())
            {
                if (Launched(plan, target).Select(launch => launch.Name).Contains(name))
                {
                    return KernelsOf(plan, target, withTemplates).First(kernel => kernel.Name == name);
                }
            }
        }

        var where = networks.Count == 1 ? networks[0].Name : "any network";
        throw new UnknownKernelException($"There is no kernel '{name}' in the {mode.ToString().ToLowerInvariant()} plan of {where}. 'kernels list NETWORK' lists them; --mode training looks in the training plans.");
    }

    /// <summary>Its kernels for CUDA devices.</summary>
    /// <exception cref="UnknownKernelException">It has none: it was built without CUDA.</exception>
    public IReadOnlyList<CudaKernel> CudaKernels(KernelTarget target) => CudaPlanOf(_plan, target)?.Kernels
        ?? throw new UnknownKernelException($"{_plan.Name} has no kernels for CUDA: it was built with FocalNetCuda=false.");

    /// <summary>Writes everything there is to see, and gives the number of files.</summary>
    public int Dump(string folder)
    {
        var kernels = Path.Combine(folder, "kernels");
        Directory.CreateDirectory(kernels);
        foreach (var kernel in Kernels)
        {
            Write(Path.Combine(kernels, kernel.Name + ".cs"), kernel.Source);
        }

        var cuda = DumpCuda(folder);

        var reports = _reports.All;
        foreach (var (name, text) in reports)
        {
            Write(Path.Combine(folder, name), text);
        }

        Write(Path.Combine(folder, "launches.txt"), Launches());
        return Kernels.Count + cuda + reports.Count + 1;
    }

    // A folder for each precision, with the templates in one beside them.
    private int DumpCuda(string folder)
    {
        var written = new HashSet<string>();
        foreach (var target in (KernelTarget[])[KernelTarget.Cuda, KernelTarget.Bf16])
        {
            foreach (var kernel in CudaPlanOf(_plan, target)?.Kernels ?? [])
            {
                foreach (var (name, text) in KernelProgram.Of(kernel).Files)
                {
                    var path = Path.Combine(folder, name == kernel.Name + ".cu" ? $"kernels-{target.ToString().ToLowerInvariant()}" : "templates", name);
                    if (written.Add(path))
                    {
                        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                        Write(path, text);
                    }
                }
            }
        }

        return written.Count;
    }

    private static CudaPlan? CudaPlanOf(ExecutionPlan plan, KernelTarget target) => target == KernelTarget.Bf16 ? plan.Cuda?.BFloat16 : plan.Cuda?.Float32;

    // Kernels with the place that each launch comes from. A network without CUDA has none of its kernels.
    private static IEnumerable<(string Name, string Origin)> Launched(ExecutionPlan plan, KernelTarget target) => target == KernelTarget.Cpu
        ? plan.Prepare.Concat(plan.Steps).Select(step => (step.Kernel.Name, step.Name))
        : CudaPlanOf(plan, target) is { } cuda ? cuda.Prepare.Concat(cuda.Steps).OfType<CudaLaunchStep>().Select(step => (step.Kernel.Name, step.Name)) : [];

    private static KernelSummary[] KernelsOf(ExecutionPlan plan, KernelTarget target, bool withTemplates)
    {
        return [.. Launched(plan, target).GroupBy(launch => launch.Name).Select(group => new KernelSummary(group.Key, Source(group.Key), group.Count(), group.First().Origin))];

        string Source(string name)
        {
            if (target == KernelTarget.Cpu)
            {
                return plan.Prepare.Concat(plan.Steps).First(step => step.Kernel.Name == name).Kernel.Source;
            }

            var program = KernelProgram.Of(CudaPlanOf(plan, target)!.Kernels.First(kernel => kernel.Name == name));
            return withTemplates ? program.Text : program.Files[^1].Text;
        }
    }

    private static void Write(string path, string text) => AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    private string Launches()
    {
        var text = new StringBuilder();
        foreach (var (title, steps) in new[] { ("prepare", _plan.Prepare), ("run", _plan.Steps) })
        {
            foreach (var (step, index) in steps.Select((step, index) => (step, index)))
            {
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{title} {index,4}  {step.Kernel.Name}  {step.Chunking}  {step.Name}\n");
            }
        }

        return text.ToString();
    }
}
