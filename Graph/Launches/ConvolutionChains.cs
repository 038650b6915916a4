using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Launches;

/// <summary>Finds convolutions that one kernel computes one after another, with what is between them in shared memory.</summary>
internal sealed class ConvolutionChains(NetworkGraph graph, InputPieces pieces)
{
    // Two 3×3 convolutions of more channels compute more again at the borders of tiles than they save in traffic.
    private const int MostResidualChannels = 16;

    // What the tiles of up_convolution.cu hold; two halves of 16 channels for the warps.
    private const int MostUpChannels = 64, UpChannels = 32;

    private readonly ILookup<Node, Node> _users =
        graph.Nodes.SelectMany(n => n.Inputs.Distinct().Select(i => (Input: i, User: n))).ToLookup(p => p.Input, p => p.User);

    /// <summary>Two narrow 3×3 convolutions, the second of what the first computes; null for anything else.</summary>
    public ConvolutionChainTask? ResidualBlock(LaunchTask first, LaunchTask second)
    {
        if (first is not KernelTask a || second is not KernelTask b || !IsNarrow(a) || !IsNarrow(b) || a.Domain != b.Domain)
            return null;
        Node between = b.Group.Anchor!.Inputs[0];
        int store = StoreOf(a, between);
        return store < 0 || b.Body.Operands.Count(n => n == between) != 1 ? null : Chain(ChainKind.ResidualBlock, [a, b], [store]);
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
        if (!fits || b.Body.Operands.Contains(between))
            return null;
        return Chain(ChainKind.UpConvolution, [a, pieces.With(b with { Operands = [.. b.Operands.Take(b.Body.Operands.Count)] }, parts.Skip(1))], [store]);
    }

    private static bool IsDoubling(KernelTask task) =>
        task is { OnTensorCores: true, Group.Anchor: { Op: TransposedConvolutionOp { Settings: { Stride: 2, Padding: 1, Dilation: 1 } } } anchor } &&
        anchor.Inputs[1].Shape is { H.Value: 4, W.Value: 4 };

    private static bool IsNarrow(KernelTask task)
    {
        if (!task.OnTensorCores || task.Pieces is not null || task.Group.Anchor is not { Op: ConvolutionOp { Settings: { Stride: 1, Padding: 1, Dilation: 1 } } } anchor)
            return false;
        Shape weight = anchor.Inputs[1].Shape;
        return weight.H.Value == 3 && weight.W.Value == 3 && weight.C == weight.N.Value && weight.C <= MostResidualChannels;
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

    /// <summary>A chain of tasks.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="tasks">Convolutions on tensor cores.</param>
    /// <param name="stores">Which store of each of them but the last has what the next one reads.</param>
    public ConvolutionChainTask Chain(ChainKind kind, IReadOnlyList<KernelTask> tasks, IReadOnlyList<int> stores)
    {
        var links = new List<ChainLink>();
        var operands = new List<TaskOperand>();
        for (int i = 0; i < tasks.Count; i++)
        {
            KernelTask task = tasks[i];
            int value = i < stores.Count ? task.Body.Stores[stores[i]].Value : -1;
            if (i < stores.Count && !IsReadElsewhere(task.Body.Operands[task.Body.Stores[stores[i]].Operand], tasks[i + 1].Group.Anchor!))
                task = WithoutStore(task, stores[i]);
            if (i > 0)
                task = task with { Operands = [Nothing(task), .. task.Operands.Skip(1)] };
            links.Add(new ChainLink(task, value, i == 0 ? 0 : operands.Count - 1));
            operands.AddRange(task.Operands.Skip(i == 0 ? 0 : 1));
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
