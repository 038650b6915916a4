using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Planning;

/// <summary>From a declared graph to a plan: passes, fusion, schedule, memory.</summary>
public static class NetworkCompiler
{
    /// <summary>Compiles a graph.</summary>
    /// <param name="graph">The graph as declared.</param>
    /// <param name="fuse">No: one kernel for each op, to compare with.</param>
    /// <param name="clock">Gives ticks for the log of passes.</param>
    /// <param name="schedule">Algorithms of convolutions; direct if null.</param>
    public static CompiledPlan Compile(NetworkGraph graph, bool fuse = true, Func<long>? clock = null, ConvolutionSchedule? schedule = null)
    {
        (NetworkGraph placed, IReadOnlyList<PassRecord> log) = RunPasses(graph, clock);
        FusedGraph fused = KernelFusion.Run(placed, fuse);
        var scheduling = new Scheduling(fused);
        return new PlanBuilder(placed, fused, scheduling, new Placement(fused, scheduling.InPlaceStates), schedule ?? ConvolutionSchedule.Direct).Build(log);
    }

    /// <summary>All passes: what is left is ready to be cut into kernels.</summary>
    /// <param name="graph">The graph as declared.</param>
    /// <param name="clock">Gives ticks for the log.</param>
    /// <param name="more">A pass of the device's own, over what the others leave, which run once more over what it changed.</param>
    internal static (NetworkGraph Graph, IReadOnlyList<PassRecord> Log) RunPasses(NetworkGraph graph, Func<long>? clock, Func<NetworkGraph, Pass>? more = null)
    {
        (NetworkGraph simplified, IReadOnlyList<PassRecord> log) = PassPipeline.Run(graph, clock);
        if (more?.Invoke(simplified).Run(simplified) is { } changed && !ReferenceEquals(changed, simplified))
            (simplified, _) = PassPipeline.Run(changed);
        NetworkGraph placed = new InsertCopies().Run(simplified);
        Verifier.Verify(placed, "insert-copies");
        return (new EliminateDeadCode().Run(placed), log);
    }
}

/// <summary>Turns scheduled kernels into steps with places, and plans the memory.</summary>
internal sealed class PlanBuilder(NetworkGraph graph, FusedGraph fused, Scheduling scheduling, Placement placement, ConvolutionSchedule schedule)
{
    // Packed weights are padded to this many output channels.
    private const int PanelChannels = 8;

    private readonly List<PlannedStep> _prepare = [];
    private readonly List<PlannedStep> _steps = [];
    private readonly Dictionary<(Node, ConvolutionSettings, bool), Place> _packed = [];

    public CompiledPlan Build(IReadOnlyList<PassRecord> log)
    {
        foreach (KernelGroup group in scheduling.Order())
            AddKernel(group, scheduling.Bodies[group]);
        foreach (Assignment assignment in scheduling.CopiedStates)
            AddStateCopy(assignment);
        foreach (PlannedStep step in _steps)
        {
            foreach (Place place in step.Operands)
                place.Buffer.Use(step.Number);
        }
        PlanBindings bindings = PlanBindings.Of(graph, placement);
        bindings.PlanMemory(placement, _steps.Count);
        return new CompiledPlan(
            graph, fused, graph.Divisor, [.. placement.Arenas], placement.Buffers, bindings.Inputs, bindings.Outputs, bindings.States, _prepare, _steps, log)
        {
            Gradient = FindGradient(),
        };
    }

    private GradientCut? FindGradient()
    {
        Node[] packed = [.. graph.Nodes.Where(n => n.Op is PackOp && n.Shape == Shape.Flat(graph.ParameterElements))];
        if (packed.Length != 1 || graph.Assignments.Count == 0)
            return null;
        HashSet<KernelGroup> sources = [.. KernelOrder.SourcesOf(packed[0], fused.HomeOf)];
        int cut = 1 + _steps.FindLastIndex(s => s.Work is KernelWork kernel && sources.Contains(kernel.Group));
        // Another batch must find every state as the first one did.
        bool changesStates = _steps.Take(cut).Any(s => s.Work is KernelWork kernel && scheduling.InPlaceStates.Keys.Any(n => fused.HomeOf(n) == kernel.Group));
        return cut == 0 || changesStates ? null : new GradientCut(packed[0].Shape, placement.Of(packed[0]), cut);
    }

    private void AddKernel(KernelGroup group, KernelBody body)
    {
        Place[] operands = [.. body.Operands.Select(placement.Of)];
        Shape input = group.Anchor?.Inputs[0].Shape ?? group.Domain;
        ConvolutionAlgorithm algorithm = schedule.Choose(group);
        if (group.Kind is KernelKind.Convolution or KernelKind.TransposedConvolution)
            operands[1] = PackedWeight(group.Anchor!, algorithm);
        Add(_steps, new PlannedStep(new KernelWork(group, body, algorithm), operands, input, group.Members[0].Origin));
    }

    private Place PackedWeight(Node convolution, ConvolutionAlgorithm algorithm)
    {
        Node weight = convolution.Inputs[1];
        bool transposed = convolution.Op is TransposedConvolutionOp;
        ConvolutionSettings settings = convolution.Op is TransposedConvolutionOp t ? t.Settings : ((ConvolutionOp)convolution.Op).Settings;
        if (_packed.TryGetValue((weight, settings, transposed), out Place place))
            return place;
        bool once = weight.Op is ParameterOp && !graph.Assignments.Any(a => a.State.Op is StateOp { StateName: StateOp.Parameters });
        Shape w = weight.Shape;
        int outputs = transposed ? w.C : w.N.Value, inputs = transposed ? w.N.Value : w.C;
        int panels = (outputs + PanelChannels - 1) / PanelChannels;
        var shape = Shape.Flat(checked(panels * PanelChannels * inputs * ConvolutionSchedule.Coefficients(algorithm, w)));
        place = new Place(placement.NewBuffer("packed", shape, persistent: once), 0);
        Add(once ? _prepare : _steps, new PlannedStep(new PackWork(w, settings, transposed, algorithm), [placement.Of(weight), place], w, weight.Origin));
        _packed.Add((weight, settings, transposed), place);
        return place;
    }

    private void AddStateCopy(Assignment assignment)
    {
        var group = new KernelGroup(fused.Groups.Count + _steps.Count, KernelKind.Map, null, assignment.State.Shape);
        group.Members.Add(assignment.Value);
        var body = new KernelBody(
            [new LoadValue(0, Access.Of(assignment.Value.Shape, assignment.State.Shape))], [new BodyStore(0, 1)], [], [assignment.Value, assignment.State]);
        Add(_steps, new PlannedStep(new KernelWork(group, body), [placement.Of(assignment.Value), placement.Of(assignment.State)], group.Domain, assignment.Value.Origin));
    }

    private static void Add(List<PlannedStep> steps, PlannedStep step)
    {
        step.Number = steps.Count;
        steps.Add(step);
    }
}
