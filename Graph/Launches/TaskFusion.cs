using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>
/// Joins tasks that wait for each other where a device of launches gains by it: arithmetic on a few statistics follows their sum
/// at once, convolutions one after another keep what is between them out of memory (<see cref="ConvolutionChains"/>), and what is quickly made of
/// what it is made of is made by its reader.
/// </summary>
internal sealed class TaskFusion(NetworkGraph graph, Placement placement, PackedWeights packed, List<TaskDecision> decisions)
{
    /// <summary>Joins what can be joined.</summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public IReadOnlyList<LaunchTask> Run(IReadOnlyList<LaunchTask> tasks)
    {
        tasks = Join([.. tasks.Select(t => ReadingEverySecondPixel(t, tasks))], WithEpilogue);
        InputPieces pieces = InputPieces.Take(ref tasks, graph, placement, decisions);
        var chains = new ConvolutionChains(graph, pieces, decisions);
        tasks = new PictureFeatures(placement, packed, chains, decisions).Run(tasks);
        tasks = chains.MakeInputs(Join(Join(tasks, chains.ResidualBlock), chains.UpConvolution));
        tasks = new BiasGradients(placement, decisions).Run(tasks);
        return new SummedMaps(graph, decisions).Run(new PooledConvolutions(graph, decisions).Run(tasks));
    }

    // A later task moves to an earlier one that it waits for if all else that it waits for comes before.
    private static IReadOnlyList<LaunchTask> Join(IReadOnlyList<LaunchTask> tasks, Func<LaunchTask, LaunchTask, LaunchTask?> join)
    {
        IReadOnlyList<int>[] before = TaskOrder.Dependencies(tasks);
        var result = new LaunchTask?[tasks.Count];
        var joined = new HashSet<int>();
        for (int i = 0; i < tasks.Count; i++)
        {
            result[i] = tasks[i];
            if (before[i].Count == 0)
                continue;
            int last = before[i][before[i].Count - 1];
            if (joined.Contains(last) || result[last] is not { } host || join(host, tasks[i]) is not { } together)
                continue;
            result[last] = together;
            result[i] = null;
            joined.Add(last);
        }
        return [.. result.OfType<LaunchTask>()];
    }

    // A picture at half its size is every second pixel: a convolution can read those itself, and need not wait for a smaller picture.
    private LaunchTask ReadingEverySecondPixel(LaunchTask task, IReadOnlyList<LaunchTask> tasks)
    {
        if (task is not KernelTask { Group: { Kind: KernelKind.Convolution, Anchor: { } anchor } } convolution || (convolution.OnTensorCores && !convolution.ReadsPicture) ||
            anchor.Inputs[0] is not { Op: ResampleOp { Kind: ResampleKind.NearestHalf, Adjoint: false } } small ||
            convolution.Body.Operands.Count(n => n == small) != 1)
        {
            return task;
        }
        KernelTask? maker = tasks.OfType<KernelTask>().FirstOrDefault(t => t.Group.Anchor == small);
        if (maker is null || maker.InputStep != 1)
            return task;
        TaskOperand[] operands = [.. convolution.Operands];
        operands[0] = maker.Operands[0];
        decisions.Add(new TaskDecision(task, true, "reads every second pixel of the large picture and waits for no smaller one"));
        return convolution with { Operands = operands, InputStep = 2 };
    }

    private FinishTask? WithEpilogue(LaunchTask first, LaunchTask second)
    {
        if (first is not FinishTask { Epilogue: null } finish || second is not KernelTask { Group.Kind: KernelKind.Map, Reduction: TaskReduction.None } map)
            return null;
        Shape domain = map.Domain;
        int operand = -1;
        for (int i = 0; i < map.Body.Operands.Count; i++)
        {
            if (map.Body.Operands[i] == finish.Result)
                operand = i;
        }
        bool fits = operand >= 0 && domain.H.IsOne && domain.W.IsOne && finish.Result.Shape == domain && map.Body.Reductions.Count == 0 &&
            finish.PerPicture == !domain.N.IsOne;
        if (!fits)
            return null;
        BodyValue[] values = [.. map.Body.Values.Select(v => v is LoadValue load && load.Operand == operand ? new AnchorValue() : v)];
        int anchor = Array.FindIndex(values, v => v is AnchorValue);
        TaskOperand[] operands = [.. map.Operands];
        operands[operand] = operands[operand] with { IsWritten = true };
        KernelTask epilogue = map with
        {
            Body = map.Body with { Values = values, Stores = [.. map.Body.Stores, new BodyStore(anchor, operand)] },
            Operands = operands,
        };
        decisions.Add(new TaskDecision(map, true, "follows the sum of what it reads, where that is added"));
        return finish with { Epilogue = epilogue, Operands = [finish.Operands[0], .. operands] };
    }
}
