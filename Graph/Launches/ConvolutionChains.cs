using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Launches;

/// <summary>Finds convolutions that one kernel computes one after another, with what is between them in shared memory.</summary>
internal sealed class ConvolutionChains(NetworkGraph graph)
{
    // Two 3×3 convolutions of more channels compute more again at the borders of tiles than they save in traffic.
    private const int MostResidualChannels = 16;

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

    private static bool IsNarrow(KernelTask task)
    {
        if (!task.OnTensorCores || task.Group.Anchor is not { Op: ConvolutionOp { Settings: { Stride: 1, Padding: 1, Dilation: 1 } } } anchor)
            return false;
        Shape weight = anchor.Inputs[1].Shape;
        return weight.H.Value == 3 && weight.W.Value == 3 && weight.C == weight.N.Value && weight.C <= MostResidualChannels;
    }

    // The store of a value that is stored whole and read by no other operand of the same kernel; -1 where there is none.
    private static int StoreOf(KernelTask task, Node value)
    {
        for (int i = 0; i < task.Body.Stores.Count; i++)
        {
            if (task.Body.Operands[task.Body.Stores[i].Operand] == value && value.Shape == task.Domain && task.Body.Operands.Count(n => n == value) == 1)
                return i;
        }
        return -1;
    }

    // Stores: which store of each task but the last has what the next one reads.
    private ConvolutionChainTask Chain(ChainKind kind, IReadOnlyList<KernelTask> tasks, IReadOnlyList<int> stores)
    {
        var links = new List<ChainLink>();
        var operands = new List<TaskOperand>();
        for (int i = 0; i < tasks.Count; i++)
        {
            KernelTask task = tasks[i];
            int value = i < stores.Count ? task.Body.Stores[stores[i]].Value : -1;
            if (i < stores.Count && !IsReadElsewhere(task.Body.Operands[task.Body.Stores[stores[i]].Operand]))
                task = WithoutStore(task, stores[i]);
            if (i > 0)
                task = task with { Operands = [Nothing(task), .. task.Operands.Skip(1)] };
            links.Add(new ChainLink(task, value, i == 0 ? 0 : operands.Count - 1));
            operands.AddRange(task.Operands.Skip(i == 0 ? 0 : 1));
        }
        return new ConvolutionChainTask(kind, links, operands);
    }

    private bool IsReadElsewhere(Node between) => _users[between].Count() != 1 || graph.Roots.Contains(between);

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
