using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Passes;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>From a declared graph to launches: passes and fusion as for every device, then tasks, launches, memory.</summary>
public static class LaunchCompiler
{
    // What a 16-byte access holds in bf16.
    private const int BFloat16Channels = 8;

    /// <summary>Compiles a graph.</summary>
    /// <param name="graph">The graph as declared.</param>
    /// <param name="precision">
    /// BFloat16: activations are stored in 16 bits. Those are the values whose height and width are known only at run time and
    /// whose channels are a multiple of 8; pictures, statistics, parameters and their gradients stay in float32.
    /// </param>
    /// <param name="fuse">No: one task for each op, each in a launch of its own, to compare with.</param>
    public static LaunchPlan Compile(NetworkGraph graph, ElementType precision = ElementType.Float32, bool fuse = true)
    {
        (NetworkGraph placed, _) = NetworkCompiler.RunPasses(new ScaleBeforeSum(graph).Run(graph), null, fuse ? simplified => new ConcatenateLast(simplified) : null);
        FusedGraph fused = KernelFusion.Run(placed, fuse, byDepth: true);
        var scheduling = new Scheduling(fused);
        var placement = new Placement(fused, scheduling.InPlaceStates);
        var packed = new PackedWeights(placed, placement, precision);
        IReadOnlyList<LaunchTask> tasks = new TaskBuilder(fused, placement, packed, precision).Build(scheduling);
        var joined = new List<TaskDecision>();
        if (fuse)
            tasks = new TaskFusion(placed, placement, packed, joined).Run(tasks);
        packed.NoteChains(tasks);
        tasks = [.. packed.OfParameters, .. tasks];
        GradientSplit split = GradientSplit.Of(placed, placement, tasks);
        (IReadOnlyList<Launch> first, IReadOnlyList<LaunchDecision> decisions) = LaunchMerging.Run(split.First, merge: fuse);
        (IReadOnlyList<Launch> second, IReadOnlyList<LaunchDecision> more) = LaunchMerging.Run(split.Second, merge: fuse);
        Launch[] launches = [.. first, .. second];
        PlanBindings bindings = PlanBindings.Of(placed, placement);
        if (precision == ElementType.BFloat16)
            NarrowActivations(placement, bindings);
        for (int i = 0; i < launches.Length; i++)
        {
            foreach (TaskOperand operand in launches[i].Tasks.SelectMany(t => t.Operands))
                operand.Place.Buffer.Use(i);
        }
        bindings.PlanMemory(placement, launches.Length);
        return new LaunchPlan(
            placed, fused, placed.Divisor, [.. placement.Arenas], placement.Buffers, bindings.Inputs, bindings.Outputs, bindings.States,
            [.. packed.Prepare.Select(t => new Launch([t]))], launches, joined,
            [.. decisions, .. more.Select(d => d with { Launch = d.Launch + first.Count })], precision)
        {
            Gradient = split.Gradient is { } gradient ? new GradientCut(gradient.Shape, placement.Of(gradient), first.Count) : null,
        };
    }

    // The caller's tensors are float32, whatever their channels.
    private static void NarrowActivations(Placement placement, PlanBindings bindings)
    {
        var outside = new HashSet<PlannedBuffer>(bindings.Inputs.Concat(bindings.Outputs).Select(b => b.Place.Buffer.Root));
        foreach (PlannedBuffer buffer in placement.Buffers)
        {
            Shape shape = buffer.Shape;
            if (!shape.H.IsConstant && !shape.W.IsConstant && shape.C % BFloat16Channels == 0 && buffer.Whole is null && !outside.Contains(buffer))
                buffer.StoreAsBFloat16();
        }
    }
}
