using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Launches;

/// <summary>
/// Joins tasks that wait for each other where a device of launches gains by it: arithmetic on a few statistics follows their sum
/// at once, and narrow residual blocks keep what is between their convolutions out of memory.
/// </summary>
internal static class TaskFusion
{
    // Two 3×3 convolutions of more channels compute more again at the borders of tiles than they save in traffic.
    private const int MostPairChannels = 16;

    /// <summary>Joins what can be joined.</summary>
    public static IReadOnlyList<LaunchTask> Run(IReadOnlyList<LaunchTask> tasks, NetworkGraph graph)
    {
        tasks = Join([.. tasks.Select(t => ReadingEverySecondPixel(t, tasks))], WithEpilogue);
        ILookup<Node, Node> users = graph.Nodes.SelectMany(n => n.Inputs.Distinct().Select(i => (Input: i, User: n))).ToLookup(p => p.Input, p => p.User);
        return Join(tasks, (first, second) => AsPair(first, second, users, graph));
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
    private static LaunchTask ReadingEverySecondPixel(LaunchTask task, IReadOnlyList<LaunchTask> tasks)
    {
        if (task is not KernelTask { Group: { Kind: KernelKind.Convolution, Anchor: { } anchor }, OnTensorCores: false } convolution ||
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
        return convolution with { Operands = operands, InputStep = 2 };
    }

    private static FinishTask? WithEpilogue(LaunchTask first, LaunchTask second)
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
        return finish with { Epilogue = epilogue, Operands = [finish.Operands[0], .. operands] };
    }

    private static ConvolutionPairTask? AsPair(LaunchTask first, LaunchTask second, ILookup<Node, Node> users, NetworkGraph graph)
    {
        if (first is not KernelTask a || second is not KernelTask b || !IsNarrow(a.Group) || !IsNarrow(b.Group) || a.Domain != b.Domain)
            return null;
        Node between = b.Group.Anchor!.Inputs[0];
        int store = -1;
        for (int i = 0; i < a.Body.Stores.Count; i++)
        {
            if (a.Body.Operands[a.Body.Stores[i].Operand] == between)
                store = i;
        }
        if (store < 0 || between.Shape != a.Domain || a.Body.Operands.Count(n => n == between) != 1 || b.Body.Operands.Count(n => n == between) != 1)
            return null;
        bool alone = users[between].Count() == 1 && !graph.Roots.Contains(between);
        int value = a.Body.Stores[store].Value, operand = a.Body.Stores[store].Operand;
        KernelTask host = a;
        if (alone)
        {
            // The operand stays in its place, so that the others keep theirs; nothing is read or written through it.
            TaskOperand[] operands = [.. a.Operands];
            operands[operand] = operands[0];
            host = a with { Body = a.Body with { Stores = [.. a.Body.Stores.Where((_, i) => i != store)] }, Operands = operands };
        }
        return new ConvolutionPairTask(host, b, value, [.. host.Operands, .. b.Operands.Skip(1)]);
    }

    /// <summary>A convolution that may be one of a pair: few channels, and whatever is between two of them in reach of a tile.</summary>
    public static bool IsNarrow(KernelGroup group)
    {
        if (group.Anchor is not { Op: ConvolutionOp { Settings: { Stride: 1, Padding: 1, Dilation: 1, Depthwise: false } } } anchor)
            return false;
        Shape weight = anchor.Inputs[1].Shape;
        return weight.H.Value == 3 && weight.W.Value == 3 && weight.C == weight.N.Value && weight.C <= MostPairChannels && weight.C % 4 == 0;
    }
}
