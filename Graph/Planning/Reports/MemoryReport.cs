using System.Text;
using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Planning.Reports;

/// <summary>Writes <see cref="PlanReport.Memory"/>.</summary>
internal static class MemoryReport
{
    public static string Write(CompiledPlan plan, RunExtents run)
    {
        var text = new StringBuilder($"{plan.Name}: memory for {PlanReport.Describe(run)}\n");
        AppendArenas(text, plan, run);
        foreach (Arena arena in plan.Arenas)
            AppendBuffers(text, plan, arena, run);
        return text.ToString();
    }

    private static void AppendArenas(StringBuilder text, CompiledPlan plan, RunExtents run)
    {
        var table = new TextTable("arena", "buffers", "units", "bytes", "largest live set", "more than it", "bytes without reuse");
        foreach (Arena arena in plan.Arenas)
        {
            PlannedBuffer[] buffers = [.. Buffers(plan, arena)];
            table.Add(
                arena.Name, Text.Of(buffers.Length), Text.Of(arena.Units), Text.Of(PlanReport.Bytes(plan, arena, arena.Units, run)),
                Text.Of(PlanReport.Bytes(plan, arena, arena.LargestLiveSet, run)),
                arena.LargestLiveSet == 0 ? "" : Text.Fixed((100.0 * arena.Units / arena.LargestLiveSet) - 100, 1) + "%",
                Text.Of(PlanReport.Bytes(plan, arena, buffers.Sum(b => b.Units), run)));
        }
        table.AppendTo(text);
    }

    private static void AppendBuffers(StringBuilder text, CompiledPlan plan, Arena arena, RunExtents run)
    {
        PlannedBuffer[] buffers = [.. Buffers(plan, arena).OrderBy(b => b.Offset).ThenBy(b => b.FirstStep).ThenBy(b => b.Id)];
        if (buffers.Length == 0)
            return;
        text.Append($"{arena.Name}:\n");
        var table = new TextTable("offset", "bytes", "steps", "buffer", "shape", "");
        foreach (PlannedBuffer buffer in buffers)
        {
            int parts = plan.Buffers.Count(b => b.Whole is not null && b.Root == buffer);
            table.Add(
                Text.Of(PlanReport.Bytes(plan, arena, buffer.Offset, run)), Text.Of(4 * buffer.Shape.Elements(run)), Lifetime(plan, buffer),
                $"{Text.Of(buffer.Id)} {buffer.Name}", buffer.Shape.ToString(), parts == 0 ? "" : $"{Text.Of(parts)} parts");
        }
        table.AppendTo(text);
    }

    private static IEnumerable<PlannedBuffer> Buffers(CompiledPlan plan, Arena arena) =>
        plan.Buffers.Where(b => b.Arena == arena && b.Whole is null && (b.LastStep >= 0 || arena.Persistent));

    private static string Lifetime(CompiledPlan plan, PlannedBuffer buffer)
    {
        if (buffer.Arena.Persistent)
            return "always";
        string first = buffer.FirstStep < 0 ? "input" : Text.Of(buffer.FirstStep);
        return $"{first}–{(buffer.LastStep >= plan.Steps.Count ? "output" : Text.Of(buffer.LastStep))}";
    }
}
