using System.Text;

namespace FocalNet.Graph.Launches;

/// <summary>A plan of launches as text for people: how many kernels a run starts, what each does, and why tasks share them.</summary>
public static class LaunchReport
{
    /// <summary>Writes the report; lines end in <c>\n</c>.</summary>
    /// <param name="plan">The plan.</param>
    public static string Write(LaunchPlan plan)
    {
        var text = new StringBuilder();
        text.Append($"{plan.Name} on CUDA devices: {Text.Of(plan.Launches.Count)} kernels a run for {Text.Of(plan.Launches.Sum(l => l.Tasks.Count))} tasks");
        text.Append($"{(plan.Prepare.Count == 0 ? "" : $", {Text.Of(plan.Prepare.Count)} when parameters change")}\n");
        for (int i = 0; i < plan.Launches.Count; i++)
            text.Append($"  {Text.Of(i).PadLeft(4)}  {plan.Launches[i].Description}\n");
        text.Append("What is one task, or done where it is read:\n");
        foreach (TaskDecision decision in plan.Joined)
            text.Append($"  {(decision.Accepted ? "+" : "-")} {decision.Task.Description} over {decision.Task.Domain}: {decision.Reason}\n");
        text.Append("Who starts with whom:\n");
        foreach (LaunchDecision decision in plan.Decisions)
            text.Append($"  {decision.Task.Description} over {decision.Task.Domain} {(decision.Accepted ? "joins" : "does not join")} {Text.Of(decision.Launch)}: {decision.Reason}\n");
        return text.ToString();
    }
}
