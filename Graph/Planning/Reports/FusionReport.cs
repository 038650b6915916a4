using System.Text;
using System.Text.RegularExpressions;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Planning.Reports;

/// <summary>Writes <see cref="PlanReport.Fusion"/>.</summary>
internal static class FusionReport
{
    public static string Write(CompiledPlan plan, CompiledPlan unfused, RunExtents run)
    {
        var text = new StringBuilder($"{plan.Name}: fusion for {PlanReport.Describe(run)}\n");
        AppendComparison(text, plan, unfused, run);
        AppendKinds(text, plan, run);
        AppendValues(text, plan.Fused);
        AppendDecisions(text, plan.Fused, accepted: true);
        AppendDecisions(text, plan.Fused, accepted: false);
        return text.ToString();
    }

    private static void AppendComparison(StringBuilder text, CompiledPlan plan, CompiledPlan unfused, RunExtents run)
    {
        var table = new TextTable("", "fused", "one kernel per op", "fused / unfused");
        Row("kernels", plan.Steps.Count, unfused.Steps.Count, v => Text.Of((long)v));
        Row("MB read", Sum(plan, c => c.BytesRead), Sum(unfused, c => c.BytesRead), Megabytes);
        Row("MB written", Sum(plan, c => c.BytesWritten), Sum(unfused, c => c.BytesWritten), Megabytes);
        Row("MFLOP", Sum(plan, c => c.Flops), Sum(unfused, c => c.Flops), Megabytes);
        Row("MB memory", Memory(plan), Memory(unfused), Megabytes);
        table.AppendTo(text);

        void Row(string name, double fused, double separate, Func<double, string> print) =>
            table.Add(name, print(fused), print(separate), separate == 0 ? "" : Text.Fixed(100 * fused / separate, 1) + "%");

        double Sum(CompiledPlan of, Func<StepCost, long> part) => of.Steps.Sum(s => part(StepCost.Of(s, run)));

        double Memory(CompiledPlan of) => of.Arenas.Where(a => !a.Persistent).Sum(a => PlanReport.Bytes(of, a, a.Units, run));
    }

    private static string Megabytes(double value) => Text.Fixed(value / 1e6, 3);

    private static void AppendKinds(StringBuilder text, CompiledPlan plan, RunExtents run)
    {
        text.Append("kernels by kind:\n");
        var table = new TextTable("kind", "kernels", "ops", "MFLOP", "MB read", "MB written");
        foreach (IGrouping<string, PlannedStep> group in plan.Steps.GroupBy(PlanReport.KindOf).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            StepCost[] costs = [.. group.Select(s => StepCost.Of(s, run))];
            int ops = group.Sum(s => s.Work is KernelWork kernel ? kernel.Group.Members.Count : 1);
            table.Add(
                group.Key, Text.Of(group.Count()), Text.Of(ops), Megabytes(costs.Sum(c => c.Flops)),
                Megabytes(costs.Sum(c => c.BytesRead)), Megabytes(costs.Sum(c => c.BytesWritten)));
        }
        table.AppendTo(text);
    }

    private static void AppendValues(StringBuilder text, FusedGraph fused)
    {
        Node[] values = [.. fused.Graph.Nodes.Where(n => fused.HomeOf(n) is not null)];
        int stored = values.Count(fused.IsStored), recomputed = values.Count(n => !fused.IsStored(n) && UsedOutside(fused, n));
        int views = fused.Graph.Nodes.Count(KernelGroup.IsView), copies = values.Count(n => n.Op is BroadcastOp && fused.IsStored(n) && n.Inputs[0].Shape == n.Shape);
        text.Append($"values: {Text.Of(stored)} go to memory, {Text.Of(values.Length - stored)} stay in registers, ");
        text.Append($"of which {Text.Of(recomputed)} are computed again in other kernels; {Text.Of(views)} are views, {Text.Of(copies)} copies\n");
    }

    private static bool UsedOutside(FusedGraph fused, Node node) =>
        fused.Graph.Nodes.Any(user => user.Inputs.Contains(node) && fused.HomeOf(user) != fused.HomeOf(node));

    // Alike decisions stand together: what differs is shapes and numbers, of which the first is shown.
    private static void AppendDecisions(StringBuilder text, FusedGraph fused, bool accepted)
    {
        FusionDecision[] decisions = [.. fused.Decisions.Where(d => d.Accepted == accepted)];
        text.Append($"{Text.Of(decisions.Length)} {(accepted ? "times a node joined the kernel of an operand" : "times it could not")}:\n");
        if (decisions.Length == 0)
            return;
        var table = new TextTable("times", "node", "kernel", "reason", "first");
        foreach (IGrouping<(string, KernelKind, string), FusionDecision> group in decisions
            .GroupBy(d => (d.Node.Op.Name, d.Group.Kind, General(d.Reason)))
            .OrderBy(g => g.Key.Item2).ThenByDescending(g => g.Count()).ThenBy(g => g.Key.Item1, StringComparer.Ordinal))
        {
            FusionDecision first = group.First();
            string example = $"%{Text.Of(first.Node.Id)} {first.Node.Shape}, k{Text.Of(first.Group.Id)} {first.Group.Domain}";
            table.Add(Text.Of(group.Count()), group.Key.Item1, group.Key.Item2.ToString(), group.Key.Item3, example);
        }
        table.AppendTo(text);
    }

    private static string General(string reason) => Regex.Replace(reason, @" \[[^\]]*\]| ?\bk\d+\b", match => match.Value.Contains('k') ? " another kernel" : "");
}
