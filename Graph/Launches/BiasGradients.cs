using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>
/// The gradient of a bias is the sum over all pixels of what the gradient of its convolution's weight multiplies: the kernel of that has it in
/// registers, so that no kernel reads it once more.
/// </summary>
internal sealed class BiasGradients(Placement placement, List<TaskDecision> decisions)
{
    /// <summary>Joins what can be joined.</summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public IReadOnlyList<LaunchTask> Run(IReadOnlyList<LaunchTask> tasks)
    {
        IReadOnlyList<int>[] before = TaskOrder.Dependencies(tasks);
        var sums = new Dictionary<Node, int>();
        for (int i = 0; i < tasks.Count; i++)
        {
            if (tasks[i] is KernelTask task && SummedBy(task) is { } gradient)
                sums[gradient] = i;
        }
        var gone = new HashSet<int>();
        var joined = new Dictionary<int, (KernelTask Weight, FinishTask Finish)>();
        for (int i = 0; i < tasks.Count; i++)
        {
            if (tasks[i] is not KernelTask { Group.Kind: KernelKind.WeightGradient or KernelKind.DepthwiseWeightGradient } weight || !sums.TryGetValue(weight.Body.Operands[1], out int sum))
                continue;
            int finish = FinishOf(tasks, sum);
            // What waits for the sum must come after the weight's gradient.
            string? obstacle = !weight.OnTensorCores ? "the weight's gradient is not on tensor cores"
                : finish < 0 || gone.Contains(sum) ? "it is summed otherwise"
                : Enumerable.Range(0, i).Any(later => before[later].Contains(finish)) ? "it is read before the weight's gradient is there" : null;
            decisions.Add(new TaskDecision(tasks[sum], obstacle is null, obstacle ?? "the gradient of a bias: summed by the kernel of the weight's gradient"));
            if (obstacle is not null)
                continue;
            joined.Add(i, Joined(weight, (FinishTask)tasks[finish]));
            gone.Add(sum);
            gone.Add(finish);
        }
        var result = new List<LaunchTask>();
        for (int i = 0; i < tasks.Count; i++)
        {
            if (joined.TryGetValue(i, out (KernelTask Weight, FinishTask Finish) both))
                result.AddRange([both.Weight, both.Finish]);
            else if (!gone.Contains(i))
                result.Add(tasks[i]);
        }
        return result;
    }

    private (KernelTask Weight, FinishTask Finish) Joined(KernelTask weight, FinishTask finish)
    {
        var shape = Shape.Flat(checked(weight.Chunks * finish.Elements));
        var partial = new TaskOperand(new Place(placement.NewBuffer("partial", shape, persistent: false), 0), shape, IsWritten: true);
        return (
            weight with { Operands = [.. weight.Operands, partial], BiasOperand = weight.Operands.Count },
            finish with { Chunks = weight.Chunks, Operands = [partial with { IsWritten = false }, .. finish.Operands.Skip(1)] });
    }

    // What a task sums over all pixels of all pictures, if it does nothing else.
    private static Node? SummedBy(KernelTask task)
    {
        if (task is not { Group.Kind: KernelKind.Map, Reduction: TaskReduction.ByBatch, Body: { Stores.Count: 0, Reductions.Count: 1 } body })
            return null;
        BodyReduction reduction = body.Reductions[0];
        return reduction is { Kind: ReduceKind.Sum, Access.Axes: Axes.C } && body.Values[reduction.Value] is LoadValue { Access.IsFull: true } load ? body.Operands[load.Operand] : null;
    }

    // The one that adds its partial results, if nothing follows the sum.
    private static int FinishOf(IReadOnlyList<LaunchTask> tasks, int sum)
    {
        TaskOperand partial = ((KernelTask)tasks[sum]).Operands.First(o => o.IsWritten);
        for (int i = 0; i < tasks.Count; i++)
        {
            if (tasks[i] is FinishTask { Epilogue: null, PerPicture: false } finish && finish.Operands[0].Place == partial.Place)
                return i;
        }
        return -1;
    }
}
