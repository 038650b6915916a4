using System.Diagnostics;
using System.Globalization;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;
using FocalNet.Graph.Planning.Reports;

namespace FocalNet.Model;

/// <summary>What a step of a plan costs at given extents.</summary>
/// <param name="ConvolutionMacs">Multiply-accumulates of a convolution, or of its gradients, by its definition; 0 for steps of other kinds.</param>
/// <param name="Bytes">Bytes of operands and results, each counted once.</param>
public readonly record struct LayerCost(long ConvolutionMacs, long Bytes);

/// <summary>
/// What compiling a network decided, as texts for people. The graph is compiled anew, by the same code that the
/// generator runs at build time.
/// </summary>
public sealed class NetworkReports
{
    private readonly CompiledPlan _plan;
    private readonly Lazy<CompiledPlan> _unfused;
    private readonly Lazy<LaunchPlan> _launches;
    private readonly RunExtents _run;

    private NetworkReports(NetworkEntry network, NetworkMode mode, int images, int height, int width)
    {
        NetworkGraph graph = network.Build(mode);
        _plan = NetworkCompiler.Compile(graph, clock: Stopwatch.GetTimestamp, schedule: ConvolutionSchedule.Cpu);
        _unfused = new Lazy<CompiledPlan>(() => NetworkCompiler.Compile(graph, fuse: false, schedule: ConvolutionSchedule.Cpu));
        _launches = new Lazy<LaunchPlan>(() => LaunchCompiler.Compile(graph));
        _run = new RunExtents(images, height, width);
    }

    /// <summary>Reports on a network's inference plan, with sizes for a number of pictures.</summary>
    public static NetworkReports Inference(NetworkEntry network, int images = 1, int height = 256, int width = 256) =>
        new(network, NetworkMode.Inference, images, height, width);

    /// <summary>Reports on a network's training plan, with sizes for a batch.</summary>
    public static NetworkReports Training(NetworkEntry network, int images = 1, int height = 256, int width = 256) =>
        new(network, NetworkMode.Training, images, height, width);

    /// <summary>Kernel launches and bytes moved, with fusion and with one kernel for each op, in one line.</summary>
    public string Savings
    {
        get
        {
            (long fused, long unfused) = (Bytes(_plan), Bytes(_unfused.Value));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"Fusion: {_plan.Steps.Count} kernels a run instead of {_unfused.Value.Steps.Count} with one per op ({_unfused.Value.Steps.Count - _plan.Steps.Count} saved); " +
                $"{fused / 1e6:F1} MB moved instead of {unfused / 1e6:F1} MB ({100.0 * (unfused - fused) / unfused:F0} % saved), at N={_run.N} H={_run.H} W={_run.W}.");
        }
    }

    /// <summary>What each step of a run costs, in the order of the steps of the plan that <see cref="NetworkPlans"/> has.</summary>
    public IReadOnlyList<LayerCost> StepCosts => [.. _plan.Steps.Select(Cost)];

    /// <summary>All reports by file name: summary, IR, passes, fusion with its reasons, steps, memory, launches on CUDA devices.</summary>
    public IReadOnlyList<(string FileName, string Text)> All =>
    [
        ("summary.txt", PlanReport.Summary(_plan, _run) + Savings + "\n"),
        ("ir.txt", PlanReport.Ir(_plan)),
        ("passes.txt", PlanReport.Passes(_plan, Stopwatch.Frequency / 1000.0)),
        ("fusion.txt", PlanReport.Fusion(_plan, _unfused.Value, _run)),
        ("plan.txt", PlanReport.Steps(_plan, _run)),
        ("memory.txt", PlanReport.Memory(_plan, _run)),
        ("cuda.txt", LaunchReport.Write(_launches.Value)),
    ];

    // Discrete Fourier transforms have products, too, but are no convolutions.
    private LayerCost Cost(PlannedStep step)
    {
        StepCost cost = StepCost.Of(step, _run);
        bool isConvolution = step.Work is KernelWork { Group.Anchor.Op: ConvolutionOp or TransposedConvolutionOp or ConvolutionWeightGradientOp };
        return new LayerCost(isConvolution ? cost.Macs : 0, cost.Bytes);
    }

    private long Bytes(CompiledPlan plan) => plan.Steps.Sum(step => StepCost.Of(step, _run).Bytes);
}
