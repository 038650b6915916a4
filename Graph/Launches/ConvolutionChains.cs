using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Launches;

/// <summary>Finds convolutions that one kernel computes one after another, with what is between them in shared memory.</summary>
internal sealed class ConvolutionChains(NetworkGraph graph, InputPieces pieces, List<TaskDecision> decisions)
{
    // Two 3×3 convolutions of more channels compute more again at the borders of tiles than they save in traffic.
    private const int MostResidualChannels = 16;

    // What the tiles of up_convolution.cu hold; two halves of 16 channels for the warps.
    private const int MostUpChannels = 64, UpChannels = 32;

    private readonly ILookup<Node, Node> _users = graph.Users();

    /// <summary>Two narrow 3×3 convolutions, or two adjoints of such, the second of what the first computes; null for anything else.</summary>
    public ConvolutionChainTask? ResidualBlock(LaunchTask first, LaunchTask second)
    {
        if (first is not KernelTask a || second is not KernelTask b || !IsOfBlock(a) || !IsOfBlock(b) || a.Group.Kind != b.Group.Kind || a.Domain != b.Domain)
            return null;
        Node between = b.Group.Anchor!.Inputs[0];
        int store = StoreOf(a, between);
        if (store < 0 || b.Body.Operands.Count(n => n == between) != 1)
            return null;
        bool isNarrow = a.Domain.C <= MostResidualChannels;
        decisions.Add(new TaskDecision(b, isNarrow, isNarrow
            ? "one task with the convolution before it, whose result stays in shared memory"
            : $"of more than {Text.Of(MostResidualChannels)} channels: what two convolutions in one compute again at the border of tiles costs more than the traffic"));
        return isNarrow ? Chained(a.Group.Kind == KernelKind.Convolution ? ChainKind.ResidualBlock : ChainKind.ResidualBlockAdjoint, [a, b], [store]) : null;
    }

    /// <summary>A transposed convolution that doubles the size, and the 1×1 convolution that merges it with a skip connection; null for anything else.</summary>
    public ConvolutionChainTask? UpConvolution(LaunchTask first, LaunchTask second)
    {
        if (first is not KernelTask a || second is not KernelTask { OnTensorCores: true, InputStep: 1 } b || !IsDoubling(a) ||
            b.Group.Anchor is not { Op: ConvolutionOp { Settings: { Stride: 1, Padding: 0 } } } joint)
        {
            return null;
        }
        IReadOnlyList<(Node Node, int Start, int Channels)> parts = InputPieces.PartsOf(joint.Inputs[0]);
        Shape weight = joint.Inputs[1].Shape;
        Node between = parts[0].Node;
        int store = StoreOf(a, between), middle = between.Shape.C, skip = weight.C - middle, written = weight.N.Value;
        bool fits = store >= 0 && parts.Count > 1 && parts[0].Channels == middle && parts.Skip(1).All(p => p.Node != between && p.Channels % 8 == 0) &&
            weight.H.IsOne && weight.W.IsOne && middle % UpChannels == 0 && written % UpChannels == 0 && Math.Max(Math.Max(middle, skip), written) <= MostUpChannels &&
            !b.Body.Values.Any(v => v is LoadValue { Operand: 0 });
        // What the body reads of the middle would have to come from memory.
        if (store < 0)
            return null;
        fits &= !b.Body.Operands.Contains(between);
        decisions.Add(new TaskDecision(b, fits, fits
            ? "one task with the up-convolution before it, whose result stays in shared memory"
            : $"up_convolution.cu takes multiples of {Text.Of(UpChannels)} channels up to {Text.Of(MostUpChannels)} and a skip connection behind them"));
        if (!fits)
            return null;
        return Chained(ChainKind.UpConvolution, [a, pieces.With(b with { Operands = [.. b.Operands.Take(b.Body.Operands.Count)] }, parts.Skip(1))], [store]);
    }

    private static bool IsDoubling(KernelTask task) =>
        task is { OnTensorCores: true, Group.Anchor: { Op: TransposedConvolutionOp { Settings: { Stride: 2, Padding: 1, Dilation: 1 } } } anchor } &&
        anchor.Inputs[1].Shape is { H.Value: 4, W.Value: 4 };

    private static bool IsOfBlock(KernelTask task)
    {
        if (!task.OnTensorCores || task.Pieces is not null ||
            task.Group.Anchor is not { Op: ConvolutionOp { Settings: { Stride: 1, Padding: 1, Dilation: 1 } } or TransposedConvolutionOp { Settings: { Stride: 1, Padding: 1, Dilation: 1 } } } anchor)
        {
            return false;
        }
        Shape weight = anchor.Inputs[1].Shape;
        return weight.H.Value == 3 && weight.W.Value == 3 && weight.C == weight.N.Value;
    }

    /// <summary>The store of a value that is stored whole and read by no other operand of the same kernel; -1 where there is none.</summary>
    public static int StoreOf(KernelTask task, Node value)
    {
        for (int i = 0; i < task.Body.Stores.Count; i++)
        {
            if (task.Body.Operands[task.Body.Stores[i].Operand] == value && value.Shape == task.Domain && task.Body.Operands.Count(n => n == value) == 1)
                return i;
        }
        return -1;
    }

    /// <summary>
    /// Residual blocks whose input is a picture made smaller, by a convolution that reads each of its pixels once: they make it as they bring
    /// their tiles, if nothing else reads it. So begins the half of an MResBlock that is computed at half the size.
    /// </summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public IReadOnlyList<LaunchTask> MakeInputs(IReadOnlyList<LaunchTask> tasks)
    {
        var result = new List<LaunchTask>(tasks);
        for (int i = 0; i < result.Count; i++)
        {
            if (result[i] is not ConvolutionChainTask { Kind: ChainKind.ResidualBlock } chain || chain.Links[0].Task is not { Pieces: null } first)
                continue;
            Node input = first.Body.Operands[0];
            int maker = result.FindIndex(t => t is KernelTask task && Makes(task, input));
            if (maker < 0)
                continue;
            bool isAlone = IsInputAlone(chain, input) && !graph.Roots.Contains(input) && !result.Any(t => t != chain && InputPieces.Reads(t, input));
            decisions.Add(new TaskDecision(result[maker], isAlone, isAlone ? "done by the residual block that reads it, as it brings its tiles" : "others than the residual block read it too"));
            if (!isAlone)
                continue;
            result[i] = Making((KernelTask)result[maker], chain, input);
            result.RemoveAt(maker);
            i--;
        }
        return result;
    }

    // A depthwise convolution that reads no pixel twice, with arithmetic on it.
    private static bool Makes(KernelTask task, Node result) =>
        task is { Group: { Kind: KernelKind.DepthwiseConvolution, Anchor: { Op: ConvolutionOp { Settings: { Padding: 0, Dilation: 1 } settings } } anchor }, Reduction: TaskReduction.None } &&
        anchor.Inputs[1].Shape.H.Value <= settings.Stride && anchor.Inputs[1].Shape.W.Value <= settings.Stride &&
        task.Body is { Stores.Count: 1, Reductions.Count: 0 } && StoreOf(task, result) == 0;

    // Read by the first convolution, and by the second's body at its own pixel.
    private static bool IsInputAlone(ConvolutionChainTask chain, Node input)
    {
        KernelBody first = chain.Links[0].Task.Body, second = chain.Links[1].Task.Body;
        return first.Operands.Count(n => n == input) == 1 && !first.Values.Any(v => v is LoadValue { Operand: 0 }) &&
            !second.Values.Any(v => v is LoadValue load && second.Operands[load.Operand] == input && !load.Access.IsFull);
    }

    private static ConvolutionChainTask Making(KernelTask maker, ConvolutionChainTask chain, Node input)
    {
        KernelTask first = chain.Links[0].Task, second = chain.Links[1].Task;
        int start = first.Operands.Count;
        first = first with
        {
            Operands = [Nothing(first), .. first.Operands.Skip(1), .. maker.Operands.Select(o => o.IsWritten ? maker.Operands[0] : o)],
            Pieces = [new ComputedPiece(input.Shape.C, start, maker)],
        };
        second = second with { Operands = [.. second.Operands.Select((o, i) => i < second.Body.Operands.Count && second.Body.Operands[i] == input ? Nothing(second) : o)] };
        return Of(chain.Kind, [first, second], [chain.Links[0].Value]);
    }

    /// <summary>A chain of tasks.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="tasks">Convolutions on tensor cores.</param>
    /// <param name="stores">Which store of each of them but the last has what the next one reads.</param>
    public ConvolutionChainTask Chained(ChainKind kind, IReadOnlyList<KernelTask> tasks, IReadOnlyList<int> stores)
    {
        var kept = new List<KernelTask>();
        for (int i = 0; i < tasks.Count; i++)
        {
            bool isBetween = i < stores.Count && !IsReadElsewhere(tasks[i].Body.Operands[tasks[i].Body.Stores[stores[i]].Operand], tasks[i + 1].Group.Anchor!);
            KernelTask task = isBetween ? WithoutStore(tasks[i], stores[i]) : tasks[i];
            kept.Add(i == 0 ? task : task with { Operands = [Nothing(task), .. task.Operands.Skip(1)] });
        }
        return Of(kind, kept, stores.Select((store, i) => tasks[i].Body.Stores[store].Value).ToArray());
    }

    private static ConvolutionChainTask Of(ChainKind kind, IReadOnlyList<KernelTask> tasks, int[] values)
    {
        var links = new List<ChainLink>();
        var operands = new List<TaskOperand>();
        for (int i = 0; i < tasks.Count; i++)
        {
            links.Add(new ChainLink(tasks[i], i < values.Length ? values[i] : -1, i == 0 ? 0 : operands.Count - 1));
            operands.AddRange(tasks[i].Operands.Skip(i == 0 ? 0 : 1));
        }
        return new ConvolutionChainTask(kind, links, operands);
    }

    private bool IsReadElsewhere(Node between, Node reader) =>
        graph.Roots.Contains(between) || _users[between].Any(u => KernelGroup.IsView(u) ? IsReadElsewhere(u, reader) : u != reader);

    // The operand keeps its number, so that the others keep theirs; nothing is read or written through it.
    private static KernelTask WithoutStore(KernelTask task, int store)
    {
        TaskOperand[] operands = [.. task.Operands];
        operands[task.Body.Stores[store].Operand] = Nothing(task);
        return task with { Body = task.Body with { Stores = [.. task.Body.Stores.Where((_, i) => i != store)] }, Operands = operands };
    }

    // An operand that the kernel has anyway: its weight.
    private static TaskOperand Nothing(KernelTask task) => task.Operands[1];
}
