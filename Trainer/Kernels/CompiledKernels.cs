using System.Text;
using FocalNet.Model;
using FocalNet.Runtime.Plans;
using FocalNet.Runtime.Weights;

namespace FocalNet.Trainer.Kernels;

/// <summary>No kernel has that name.</summary>
internal sealed class UnknownKernelException(string message) : Exception(message);

/// <summary>A generated kernel.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Source">Its C# text.</param>
/// <param name="Launches">How often the plan launches it.</param>
/// <param name="FirstOrigin">Where in the network its first launch comes from.</param>
internal sealed record KernelSummary(string Name, string Source, int Launches, string FirstOrigin);

/// <summary>A network's plan, for people to look into.</summary>
internal sealed class CompiledKernels
{
    private readonly ExecutionPlan _plan;
    private readonly NetworkReports _reports;

    private CompiledKernels(ExecutionPlan plan, NetworkReports reports)
    {
        (_plan, _reports) = (plan, reports);
        Kernels = [.. plan.Prepare.Concat(plan.Steps).GroupBy(step => step.Kernel.Name)
            .Select(steps => new KernelSummary(steps.Key, steps.First().Kernel.Source, steps.Count(), steps.First().Name))];
    }

    /// <summary>In the order of their first launch.</summary>
    public IReadOnlyList<KernelSummary> Kernels { get; }

    /// <summary>How many kernels there are, and what fusing ops into them saved.</summary>
    public string Summary => FormattableString.Invariant($"{_plan.Name}: {Kernels.Count} kernels, {_plan.Prepare.Length + _plan.Steps.Length} launches.\n{_reports.Savings}");

    public static CompiledKernels Of(NetworkEntry network, PlanMode mode) => mode == PlanMode.Inference
        ? new CompiledKernels(NetworkPlans.Inference(network), NetworkReports.Inference(network))
        : new CompiledKernels(NetworkPlans.Training(network), NetworkReports.Training(network));

    /// <summary>The first kernel of that name.</summary>
    /// <exception cref="UnknownKernelException">There is none.</exception>
    public static KernelSummary Find(string name, IReadOnlyList<NetworkEntry> networks, PlanMode mode)
    {
        foreach (var network in networks)
        {
            var plan = mode == PlanMode.Inference ? NetworkPlans.Inference(network) : NetworkPlans.Training(network);
            if (plan.Prepare.Concat(plan.Steps).FirstOrDefault(step => step.Kernel.Name == name) is { } found)
            {
                return new KernelSummary(name, found.Kernel.Source, 1, found.Name);
            }
        }

        var where = networks.Count == 1 ? networks[0].Name : "any network";
        throw new UnknownKernelException($"There is no kernel '{name}' in the {mode.ToString().ToLowerInvariant()} plan of {where}. 'kernels list NETWORK' lists them; --mode training looks in the training plans.");
    }

    /// <summary>Writes everything there is to see, and gives the number of files.</summary>
    public int Dump(string folder)
    {
        var kernels = Path.Combine(folder, "kernels");
        Directory.CreateDirectory(kernels);
        foreach (var kernel in Kernels)
        {
            Write(Path.Combine(kernels, kernel.Name + ".cs"), kernel.Source);
        }

        var reports = _reports.All;
        foreach (var (name, text) in reports)
        {
            Write(Path.Combine(folder, name), text);
        }

        Write(Path.Combine(folder, "launches.txt"), Launches());
        return Kernels.Count + reports.Count + 1;
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
