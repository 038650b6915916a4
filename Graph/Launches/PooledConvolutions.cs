using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Launches;

/// <summary>
/// Finds convolutions of a few maps that are maxima or sums over channels, and makes one task of each with the reductions before it: they need not be
/// complete before it starts, and what several of them read is read once.
/// </summary>
internal sealed class PooledConvolutions(NetworkGraph graph, List<TaskDecision> decisions)
{
    // Products of a result, which a thread computes alone; and a tile's halo is computed again.
    private const int MostTaps = 32, LongestReach = 4;

    /// <summary>Joins what can be joined.</summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public IReadOnlyList<LaunchTask> Run(IReadOnlyList<LaunchTask> tasks)
    {
        foreach (KernelTask convolution in tasks.OfType<KernelTask>())
        {
            if (!Fits(convolution) || PoolsOf(tasks, convolution) is not { } pools)
                continue;
            int at = IndexOf(tasks, convolution);
            // What else reads a map has to come after the convolution, which makes it now.
            IReadOnlyList<int>[] before = TaskOrder.Dependencies(tasks);
            int[] numbers = [.. pools.Select(p => IndexOf(tasks, p))];
            bool isReadBefore = Enumerable.Range(0, at).Any(i => before[i].Any(numbers.Contains));
            decisions.Add(new TaskDecision(convolution, !isReadBefore, isReadBefore
                ? "a map that it reads is needed before it"
                : "one task with the reductions over channels that it reads, which are in shared memory"));
            if (!isReadBefore)
                tasks = [.. tasks.Where(t => !pools.Contains(t)).Select(t => t == convolution ? Joined(pools, convolution, tasks) : t)];
        }
        return tasks;
    }

    private static int IndexOf(IReadOnlyList<LaunchTask> tasks, LaunchTask task) => Enumerable.Range(0, tasks.Count).First(i => ReferenceEquals(tasks[i], task));

    // Of stride 1, with results where its input's pixels are, of which its body sees nothing.
    private static bool Fits(KernelTask task)
    {
        if (task is not { Group: { Kind: KernelKind.Convolution, Anchor: { Op: ConvolutionOp { Settings: { Stride: 1 } settings } } anchor }, OnTensorCores: false, InputStep: 1, Pieces: null, Reduction: TaskReduction.None })
            return false;
        Shape weight = anchor.Inputs[1].Shape;
        int down = settings.Dilation * (weight.H.Value - 1), right = settings.Dilation * (weight.W.Value - 1);
        return weight.ConstantElements <= MostTaps && Math.Max(down, right) <= LongestReach && down == 2 * settings.Padding && right == down &&
            !task.Body.Values.Any(v => v is LoadValue { Operand: 0 });
    }

    // The tasks that make the maps, each of which makes one; null where one is made otherwise.
    private static IReadOnlyList<KernelTask>? PoolsOf(IReadOnlyList<LaunchTask> tasks, KernelTask convolution)
    {
        var pools = new List<KernelTask>();
        foreach ((Node map, _, int channels) in InputPieces.PartsOf(convolution.Body.Operands[0]))
        {
            KernelTask? pool = map.Op is ReduceOp ? tasks.OfType<KernelTask>().FirstOrDefault(t => IsPool(t, map)) : null;
            if (pool is null || channels != map.Shape.C || (pools.Count > 0 && pool.Domain != pools[0].Domain) || pools.Contains(pool))
                return null;
            pools.Add(pool);
        }
        return pools;
    }

    private static bool IsPool(KernelTask task, Node map) =>
        task is { Group.Kind: KernelKind.Map, Reduction: TaskReduction.None, Body: { Stores.Count: 0, Reductions: [{ Mode: ReductionMode.PerPixel } reduction] } } &&
        task.Body.Operands[reduction.Operand] == map && !task.Domain.H.IsConstant && !task.Domain.W.IsConstant;

    private PooledConvolutionTask Joined(IReadOnlyList<KernelTask> pools, KernelTask convolution, IReadOnlyList<LaunchTask> tasks)
    {
        KernelTask together = Together(pools);
        Node input = convolution.Body.Operands[0];
        TaskOperand[] operands = [.. together.Operands];
        foreach (BodyReduction reduction in together.Body.Reductions)
        {
            TaskOperand map = operands[reduction.Operand];
            bool isRead = tasks.Any(t => t != convolution && TaskOrder.Reads(t, map)) || graph.Roots.Contains(together.Body.Operands[reduction.Operand]) || graph.Roots.Contains(input);
            if (!isRead)
                operands[reduction.Operand] = operands.First(o => !o.IsWritten);
        }
        together = together with { Operands = operands };
        KernelTask reading = convolution with { Operands = [convolution.Operands[1], .. convolution.Operands.Skip(1)] };
        return new PooledConvolutionTask(together, reading, [.. operands, .. reading.Operands]);
    }

    // All their reductions in one body, which reads what several of them read once.
    private static KernelTask Together(IReadOnlyList<KernelTask> tasks)
    {
        var nodes = new List<Node>();
        var operands = new List<TaskOperand>();
        var values = new List<BodyValue>();
        var reductions = new List<BodyReduction>();
        foreach (KernelTask task in tasks)
        {
            int[] operand = [.. task.Body.Operands.Select((node, i) => Number(nodes, node, () => operands.Add(task.Operands[i])))];
            var value = new List<int>();
            foreach (BodyValue v in task.Body.Values)
            {
                BodyValue moved = v switch
                {
                    LoadValue load => load with { Operand = operand[load.Operand] },
                    UnaryValue unary => unary with { X = value[unary.X] },
                    BinaryValue binary => binary with { A = value[binary.A], B = value[binary.B] },
                    _ => v,
                };
                value.Add(Number(values, moved, () => { }));
            }
            reductions.AddRange(task.Body.Reductions.Select(r => r with { Value = value[r.Value], Operand = operand[r.Operand] }));
        }
        Node[] computed = [.. tasks.SelectMany(t => t.Body.Computed).Distinct()];
        return tasks[0] with { Body = new KernelBody(values, [], reductions, nodes) { Computed = computed }, Operands = operands };
    }

    private static int Number<T>(List<T> known, T item, Action add)
    {
        int number = known.IndexOf(item);
        if (number >= 0)
            return number;
        add();
        known.Add(item);
        return known.Count - 1;
    }
}
