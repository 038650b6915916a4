using System.Text;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Planning.Reports;

/// <summary>
/// What a plan is, as text for people: lines that end in <c>\n</c>, numbers in the invariant culture. Megabytes are 10⁶
/// bytes. Costs are those of the cost rules at the extents of a run: an operand counts once for each kernel that reads it.
/// </summary>
public static class PlanReport
{
    /// <summary>A plan in ten lines: kernels, arithmetic, bytes moved, memory, parameters.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="run">Extents to give costs for.</param>
    public static string Summary(CompiledPlan plan, RunExtents run)
    {
        StepCost[] costs = [.. plan.Steps.Select(s => StepCost.Of(s, run))];
        long persistent = plan.Arenas.Where(a => a.Persistent).Sum(a => Bytes(plan, a, a.Units, run));
        long working = plan.Arenas.Where(a => !a.Persistent).Sum(a => Bytes(plan, a, a.Units, run));
        var text = new StringBuilder();
        text.Append($"{plan.Name} for {Describe(run)} (H and W must be multiples of {Text.Of(plan.Divisor)})\n");
        text.Append($"  inputs      {string.Join(", ", plan.Inputs.Select(i => $"{i.Name} {i.Shape}"))}\n");
        text.Append($"  outputs     {string.Join(", ", plan.Outputs.Select(o => $"{o.Name} {o.Shape}"))}\n");
        if (plan.States.Count > 0)
            text.Append($"  states      {string.Join(", ", plan.States.Select(s => $"{s.Op.StateName} {s.Op.Shape}"))}\n");
        text.Append($"  parameters  {Text.Of(plan.Graph.ParameterElements)} in {Text.Of(plan.Graph.Parameters.Count)} tensors\n");
        text.Append($"  kernels     {Text.Of(plan.Steps.Count)} a run, {Text.Of(plan.Prepare.Count)} when parameters change\n");
        text.Append($"  arithmetic  {Text.Fixed(costs.Sum(c => c.Flops) / 1e9, 3)} GFLOP, {Text.Fixed(costs.Sum(c => c.Macs) / 1e9, 3)} GMAC of it in convolutions and transforms\n");
        text.Append($"  traffic     {Megabytes(costs.Sum(c => c.BytesRead))} MB read, {Megabytes(costs.Sum(c => c.BytesWritten))} MB written\n");
        text.Append($"  memory      {Megabytes(working)} MB for activations, {Megabytes(persistent)} MB kept between runs\n");
        return text.ToString();
    }

    /// <summary>What fusion did: kernels and bytes against one kernel for each op, kernels by kind, and every decision with its reason.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="unfused">The same graph compiled with <c>fuse: false</c>.</param>
    /// <param name="run">Extents to give costs for.</param>
    public static string Fusion(CompiledPlan plan, CompiledPlan unfused, RunExtents run) => FusionReport.Write(plan, unfused, run);

    /// <summary>The memory plan: arenas with their peak and the least that was possible, and buffers in order of address.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="run">Extents to give bytes for.</param>
    public static string Memory(CompiledPlan plan, RunExtents run) => MemoryReport.Write(plan, run);

    /// <summary>A line for each step of a run: kernel kind, op, shape, costs and the declaration it comes from.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="run">Extents to give costs for.</param>
    public static string Steps(CompiledPlan plan, RunExtents run)
    {
        var text = new StringBuilder($"{plan.Name}: steps for {Describe(run)}\n");
        AppendSteps(text, "p", plan.Prepare, run);
        AppendSteps(text, "", plan.Steps, run);
        return text.ToString();
    }

    private static void AppendSteps(StringBuilder text, string prefix, IReadOnlyList<PlannedStep> steps, RunExtents run)
    {
        if (steps.Count == 0)
            return;
        text.Append(prefix.Length > 0 ? "when parameters change:\n" : "every run:\n");
        var table = new TextTable("step", "kind", "op", "shape", "ops fused", "MFLOP", "MB read", "MB written", "declared by");
        foreach (PlannedStep step in steps)
        {
            StepCost cost = StepCost.Of(step, run);
            int members = step.Work is KernelWork kernel ? kernel.Group.Members.Count : 1;
            table.Add(
                prefix + Text.Of(step.Number), KindOf(step), step.Work.Description, step.Work.Domain.ToString(), Text.Of(members),
                Text.Fixed(cost.Flops / 1e6, 3), Megabytes(cost.BytesRead), Megabytes(cost.BytesWritten), Declaration(step));
        }
        table.AppendTo(text);
    }

    // A convolution is known by its weight, as in weight files; anything else by the method that declared it.
    private static string Declaration(PlannedStep step)
    {
        IEnumerable<Node> operands = step.Work is KernelWork { Group.Anchor: { } anchor } ? anchor.Inputs : [];
        string weight = operands.Select(i => i.Op).OfType<ParameterOp>().FirstOrDefault()?.ParameterName ?? "";
        string origin = step.Origin.ToString();
        return weight.Length == 0 ? origin : origin.Length == 0 ? weight : $"{weight} ({origin})";
    }

    /// <summary>The passes that changed the graph, with the number of its nodes before and after, and their time if the plan was compiled with a clock.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="ticksPerMillisecond">Of that clock; 0 leaves the times out.</param>
    public static string Passes(CompiledPlan plan, double ticksPerMillisecond = 0)
    {
        var text = new StringBuilder($"{plan.Name}: passes\n");
        bool timed = ticksPerMillisecond > 0;
        var table = timed ? new TextTable("pass", "before", "after", "ms") : new TextTable("pass", "before", "after");
        foreach (PassRecord record in plan.Passes)
        {
            string[] cells = [record.Pass, Text.Of(record.NodesBefore), Text.Of(record.NodesAfter)];
            table.Add(timed ? [.. cells, Text.Fixed(record.Ticks / ticksPerMillisecond, 3)] : cells);
        }
        table.AppendTo(text);
        text.Append($"  and copies for what must lie at a given place: {Text.Of(plan.Graph.Nodes.Count)} nodes\n");
        return text.ToString();
    }

    /// <summary>The IR after all passes.</summary>
    /// <param name="plan">The plan.</param>
    public static string Ir(CompiledPlan plan) => IrPrinter.Print(plan.Graph);

    internal static string Describe(RunExtents run) => $"N={Text.Of(run.N)} H={Text.Of(run.H)} W={Text.Of(run.W)}";

    internal static string Megabytes(long bytes) => Text.Fixed(bytes / 1e6, 3);

    internal static long Bytes(CompiledPlan plan, Arena arena, long units, RunExtents run) =>
        4 * units * (arena.HasN ? run.N : 1) * (arena.HasH ? run.H / plan.Divisor : 1) * (arena.HasW ? run.W / plan.Divisor : 1);

    internal static string KindOf(PlannedStep step) => step.Work switch
    {
        KernelWork { Group.Kind: KernelKind.Map, Body: { Reductions.Count: > 0, Stores.Count: > 0 } } => "Map+Reduce",
        KernelWork { Group.Kind: KernelKind.Map, Body.Reductions.Count: > 0 } => "Reduce",
        KernelWork kernel => kernel.Group.Kind.ToString(),
        _ => "PackWeight",
    };
}
