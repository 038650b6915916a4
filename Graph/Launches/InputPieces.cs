using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>
/// Values that are never in memory because all that read them are convolutions on tensor cores, which resample or compute them on the way
/// in: the half of an MResBlock that is computed at half the size, and pictures' norms.
/// </summary>
internal sealed class InputPieces
{
    // What is computed at each read has to be little: of each pixel a 3×3 convolution reads nine times. A norm is three.
    private const int MostArithmetic = 4;

    // A piece begins with a 16-byte access in bf16.
    private const int WholeChannels = 8;

    private readonly NetworkGraph _graph;
    private readonly Placement _placement;
    private readonly Dictionary<Node, KernelTask> _makers = [];

    private InputPieces(NetworkGraph graph, Placement placement) => (_graph, _placement) = (graph, placement);

    /// <summary>Takes the tasks whose results can be read so out of a list, and lets the others read them so.</summary>
    /// <param name="tasks">In an order in which they may run one after another; is changed.</param>
    /// <param name="graph">What they compute.</param>
    /// <param name="placement">Where values lie.</param>
    /// <param name="decisions">Receives each attempt.</param>
    public static InputPieces Take(ref IReadOnlyList<LaunchTask> tasks, NetworkGraph graph, Placement placement, List<TaskDecision> decisions)
    {
        var pieces = new InputPieces(graph, placement);
        foreach (KernelTask task in tasks.OfType<KernelTask>())
        {
            if (ResultOf(task) is not { } result)
                continue;
            string? obstacle = pieces.Obstacle(result, tasks);
            decisions.Add(new TaskDecision(task, obstacle is null, obstacle ?? "done by the convolutions that read it, as they bring their tiles; never in memory"));
            if (obstacle is null)
                pieces._makers.Add(result, task);
        }
        if (pieces._makers.Count > 0)
        {
            var taken = new HashSet<LaunchTask>(pieces._makers.Values);
            tasks = [.. tasks.Where(t => !taken.Contains(t)).Select(t => t is KernelTask kernel ? pieces.Reading(kernel) : t)];
        }
        return pieces;
    }

    /// <summary>The nodes whose channels lie side by side in a value: a concatenation's, those of a slice; the node itself where it is no such view.</summary>
    public static IReadOnlyList<(Node Node, int Start, int Channels)> PartsOf(Node node)
    {
        if (node.Op is ConcatOp)
            return [.. node.Inputs.SelectMany(PartsOf)];
        if (node.Op is not SliceOp slice)
            return [(node, 0, node.Shape.C)];
        var parts = new List<(Node, int, int)>();
        int at = 0;
        foreach ((Node part, int start, int channels) in PartsOf(node.Inputs[0]))
        {
            int first = Math.Max(slice.Start, at), last = Math.Min(slice.Start + slice.Count, at + channels);
            if (first < last)
                parts.Add((part, start + first - at, last - first));
            at += channels;
        }
        return parts;
    }

    /// <summary>A task with operands for parts of its input, and the pieces that they make up.</summary>
    /// <param name="task">The task.</param>
    /// <param name="parts">Of its first operand.</param>
    public KernelTask With(KernelTask task, IEnumerable<(Node Node, int Start, int Channels)> parts)
    {
        List<TaskOperand> operands = [.. task.Operands];
        var pieces = new List<InputPiece>();
        foreach ((Node node, int start, int channels) in parts)
        {
            if (!_makers.TryGetValue(node, out KernelTask? maker))
            {
                AddPlain(operands, pieces, node, start, channels);
            }
            else if (maker.Group.Kind == KernelKind.Resample)
            {
                pieces.Add(new UpsampledPiece(channels, operands.Count, node));
                operands.Add(maker.Operands[0]);
            }
            else
            {
                pieces.Add(new ComputedPiece(channels, operands.Count, maker));
                operands.AddRange(maker.Operands.Select(o => o.IsWritten ? maker.Operands[0] : o));
            }
        }
        return task with { Operands = operands, Pieces = pieces };
    }

    // What follows the last piece in memory is the same piece.
    private void AddPlain(List<TaskOperand> operands, List<InputPiece> pieces, Node node, int start, int channels)
    {
        Place place = _placement.Of(node);
        var operand = new TaskOperand(place with { Channel = place.Channel + start }, node.Shape with { C = channels }, IsWritten: false);
        if (pieces.LastOrDefault() is PlainPiece last && operands[last.Operand] is var before && before.Place.Buffer == place.Buffer &&
            before.Place.Channel + last.Channels == operand.Place.Channel)
        {
            operands[last.Operand] = before with { Shape = before.Shape with { C = last.Channels + channels } };
            pieces[pieces.Count - 1] = last with { Channels = last.Channels + channels };
            return;
        }
        pieces.Add(new PlainPiece(channels, operands.Count));
        operands.Add(operand);
    }

    // The first operand is then none: its number stands for what the kernel reads anyway.
    private KernelTask Reading(KernelTask task)
    {
        IReadOnlyList<(Node Node, int Start, int Channels)> parts = PartsOf(task.Body.Operands[0]);
        if (!parts.Any(p => _makers.ContainsKey(p.Node)))
            return task;
        KernelTask reading = With(task, parts);
        return reading with { Operands = [reading.Operands[1], .. reading.Operands.Skip(1)] };
    }

    private static Node? ResultOf(KernelTask task)
    {
        if (task.Reduction != TaskReduction.None || task.Body.Reductions.Count > 0 || task.Body.Stores.Count != 1)
            return null;
        Node result = task.Body.Operands[task.Body.Stores[0].Operand];
        bool isResampled = task.Group is { Kind: KernelKind.Resample, Anchor.Op: ResampleOp { Kind: ResampleKind.BilinearDouble, Adjoint: false } } && task.Group.Anchor == result;
        return isResampled || IsNorm(task) ? result : null;
    }

    // Of one tensor, with numbers of each picture and channel, or of each channel.
    private static bool IsNorm(KernelTask task)
    {
        if (task.Group.Kind != KernelKind.Map || task.Domain.H.IsConstant || task.Domain.W.IsConstant)
            return false;
        int tensors = 0, arithmetic = 0;
        foreach (BodyValue value in task.Body.Values)
        {
            if (value is LoadValue load && (load.Access.Axes & Axes.Spatial) != Axes.None)
                tensors += load.Access.IsFull ? 1 : 2;
            else if (value is BinaryValue { Kind: BinaryKind.Add or BinaryKind.Subtract or BinaryKind.Multiply })
                arithmetic++;
            else if (value is UnaryValue or BinaryValue)
                return false;
        }
        return tensors == 1 && arithmetic <= MostArithmetic;
    }

    private string? Obstacle(Node result, IReadOnlyList<LaunchTask> tasks)
    {
        if (_graph.Roots.Any(root => Includes(root, result)))
            return "a result of the network is in memory";
        bool isRead = false;
        foreach (LaunchTask task in tasks)
        {
            foreach ((KernelTask kernel, int operand) in Readings(task, result))
            {
                if (task is FinishTask || operand > 0 || !TakesPieces(kernel, result))
                    return $"{task.Description} over {task.Domain} reads it too, and is no convolution on tensor cores that reads it in whole chunks";
                isRead = true;
            }
        }
        return isRead ? null : "nothing reads it";
    }

    /// <summary>A task reads a value, or a view that includes it.</summary>
    public static bool Reads(LaunchTask task, Node value) => Readings(task, value).Any();

    private static IEnumerable<(KernelTask Kernel, int Operand)> Readings(LaunchTask task, Node value)
    {
        foreach (KernelTask kernel in KernelsOf(task))
        {
            for (int i = 0; i < kernel.Body.Operands.Count; i++)
            {
                if (!kernel.Operands[i].IsWritten && Includes(kernel.Body.Operands[i], value))
                    yield return (kernel, i);
            }
        }
    }

    private static IEnumerable<KernelTask> KernelsOf(LaunchTask task) => task switch
    {
        KernelTask kernel => [kernel],
        ConvolutionChainTask chain => chain.Links.Select(l => l.Task),
        FinishTask { Epilogue: { } epilogue } => [epilogue],
        FinishMomentsTask moments => [moments.Epilogue],
        PooledConvolutionTask pooled => [pooled.Pools, pooled.Convolution],
        SummedMapTask summed => [summed.Map],
        _ => [],
    };

    private static bool TakesPieces(KernelTask task, Node result) =>
        task.OnTensorCores && task.InputStep == 1 && !task.Body.Values.Any(v => v is LoadValue { Operand: 0 }) &&
        PartsOf(task.Body.Operands[0]).All(p => p.Channels % WholeChannels == 0 && (p.Node != result || p.Channels == result.Shape.C));

    private static bool Includes(Node view, Node node) => view.Op switch
    {
        SliceOp or ConcatOp => PartsOf(view).Any(p => p.Node == node),
        _ => view == node || (KernelGroup.IsView(view) && view.Inputs.Any(i => Includes(i, node))),
    };
}
