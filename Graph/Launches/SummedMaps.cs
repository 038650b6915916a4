using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Launches;

/// <summary>
/// Lets arithmetic on pixels that takes a sum over its picture add the partial results itself, so that nothing waits for a task that adds a
/// few numbers. The first such task stores the sum for all that reads it later.
/// </summary>
internal sealed class SummedMaps(NetworkGraph graph, List<TaskDecision> decisions)
{
    // Partial results of a channel that each block adds, and channels that it has in shared memory.
    private const int MostChunks = 64, MostChannels = 512;

    /// <summary>Joins what can be joined.</summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public IReadOnlyList<LaunchTask> Run(IReadOnlyList<LaunchTask> tasks)
    {
        foreach (FinishTask sum in tasks.OfType<FinishTask>().Where(IsOfFewChunks))
        {
            // Whatever reads it first.
            LaunchTask? reader = tasks.FirstOrDefault(t => TaskOrder.Reads(t, sum.Operands[1]));
            if (reader is not KernelTask map || OperandOf(map, sum) is not (>= 0 and int operand))
                continue;
            bool isRead = tasks.Any(t => t != map && TaskOrder.Reads(t, sum.Operands[1])) || graph.Roots.Contains(sum.Result);
            decisions.Add(new TaskDecision(sum, true, $"each block of the map that reads it adds it{(isRead ? ", and the first of a picture stores it" : "")}"));
            SummedMapTask joined = Joined(sum, map, operand, isRead);
            tasks = [.. tasks.Where(t => t != sum).Select(t => t == map ? joined : t)];
        }
        return tasks;
    }

    private static bool IsOfFewChunks(FinishTask task) =>
        task is { Epilogue: null, PerPicture: true, Chunks: <= MostChunks, Elements: <= MostChannels } && task.Result.Shape is { H.IsOne: true, W.IsOne: true };

    // Number of the operand that is the sum; -1 where the task is no such arithmetic.
    private static int OperandOf(KernelTask task, FinishTask sum)
    {
        Shape result = sum.Result.Shape;
        bool fits = task is { Group.Kind: KernelKind.Map, Reduction: TaskReduction.None, Body: { Reductions.Count: 0, Stores.Count: > 0 } } &&
            !task.Domain.H.IsConstant && !task.Domain.W.IsConstant && task.Domain.N == result.N && task.Domain.C == result.C && result.C > 1;
        for (int i = 0; fits && i < task.Body.Operands.Count; i++)
        {
            if (task.Body.Operands[i] == sum.Result)
                return i;
        }
        return -1;
    }

    private static SummedMapTask Joined(FinishTask sum, KernelTask map, int operand, bool isRead)
    {
        TaskOperand partial = sum.Operands[0], result = isRead ? sum.Operands[1] : partial;
        KernelTask reading = map with { Operands = [.. map.Operands.Select((o, i) => i == operand ? partial : o)] };
        return new SummedMapTask(sum, reading, operand, [partial, result, .. reading.Operands]);
    }
}
