using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>
/// Turns scheduled kernels into tasks. A reduction whose result no block can complete alone leaves partial results in a buffer
/// of fixed shape, which a second task adds in order: results do not depend on how blocks are scheduled.
/// </summary>
internal sealed class TaskBuilder(FusedGraph fused, Placement placement, PackedWeights packed, ElementType precision)
{
    /// <summary>Chunks of a picture, or of a whole batch: enough blocks for a large device, few enough to add.</summary>
    private const int ChunksOfPicture = 64, ChunksOfBatch = 512;

    // Depthwise convolutions of stride 1 run in tiles, of some channels each: 18 tiles of a 64×64 map where the dilation is 3.
    private const int TileChunksOfPicture = 32, TileChunksOfBatch = 256;

    // A large weight has several tiles, which keep a device busy with fewer chunks. Square ones are residual blocks', two of which share a launch; others may have
    // one for themselves. What tensor cores do for a small one is little: a multiprocessor takes several chunks at a time, which wait for memory in turns.
    private const int SquarePartials = 1 << 22, WeightPartials = 5 << 20, MostWeightChunks = 64, SmallWeight = 1 << 14;

    private readonly List<LaunchTask> _tasks = [];

    /// <summary>The tasks of a run, without the packing of parameters.</summary>
    public IReadOnlyList<LaunchTask> Build(Scheduling scheduling)
    {
        foreach (KernelGroup group in scheduling.Order())
            AddKernel(group, scheduling.Bodies[group]);
        foreach (Assignment assignment in scheduling.CopiedStates)
            AddStateCopy(assignment);
        return _tasks;
    }

    private void AddKernel(KernelGroup group, KernelBody body)
    {
        if (!group.TakesBody)
        {
            AddWeightGradient(group, body);
            return;
        }
        // Gathered first: what follows may update a state in place that they read.
        foreach (BodyReduction reduction in body.Reductions.Where(r => IsGathered(r, group.Domain)))
        {
            KernelBody alone = body with { Stores = [], Reductions = [reduction] };
            _tasks.Add(new KernelTask(group, alone, Operands(alone), InputOf(group), TaskReduction.Gathered, 0));
        }
        KernelBody main = body with { Reductions = [.. body.Reductions.Where(r => !IsGathered(r, group.Domain))] };
        if (main.Stores.Count > 0 || main.Reductions.Count > 0)
            AddMain(group, main);
    }

    private void AddMain(KernelGroup group, KernelBody body)
    {
        BodyReduction[] chunked = [.. body.Reductions.Where(r => r.Mode == ReductionMode.Chunked)];
        TaskOperand[] operands = Operands(body);
        if (chunked.Length == 0)
        {
            bool tensorCores = PackedWeights.Takes(group);
            if (tensorCores)
                operands[1] = packed.Of(group.Anchor!, operands[1], _tasks);
            _tasks.Add(new KernelTask(group, body, operands, InputOf(group), TaskReduction.None, 0, tensorCores, precision));
            return;
        }
        bool byPicture = chunked.Any(r => r.Access.Axes.HasFlag(Axes.N));
        int chunks = IsInTiles(group) ? (byPicture ? TileChunksOfPicture : TileChunksOfBatch) : byPicture ? ChunksOfPicture : ChunksOfBatch;
        var finishing = new List<LaunchTask>();
        foreach (BodyReduction reduction in chunked)
        {
            TaskOperand result = operands[reduction.Operand];
            int elements = reduction.Access.Axes.HasFlag(Axes.C) ? group.Domain.C : 1;
            var shape = new Shape(byPicture ? group.Domain.N : 1, checked(chunks * elements), 1, 1);
            TaskOperand partial = Partial(shape);
            operands[reduction.Operand] = partial;
            finishing.Add(new FinishTask(
                reduction.Kind, chunks, elements, reduction.Access.Axes.HasFlag(Axes.N), body.Operands[reduction.Operand], [partial with { IsWritten = false }, result]));
        }
        _tasks.Add(new KernelTask(group, body, operands, InputOf(group), byPicture ? TaskReduction.ByPicture : TaskReduction.ByBatch, chunks));
        _tasks.AddRange(finishing);
    }

    private void AddWeightGradient(KernelGroup group, KernelBody body)
    {
        TaskOperand[] operands = Operands(body);
        bool tensorCores = PackedWeights.Takes(group);
        Shape weight = group.Anchor!.Shape;
        int result = body.Stores[0].Operand, elements = weight.ConstantElements, chunks = tensorCores && elements <= SmallWeight ? ChunksOfBatch : MostWeightChunks;
        while (chunks > 1 && chunks * (long)elements > (weight.N.Value == weight.C ? SquarePartials : WeightPartials))
            chunks /= 2;
        TaskOperand gradient = operands[result], partial = Partial(Shape.Flat(checked(chunks * elements)));
        operands[result] = partial;
        _tasks.Add(new KernelTask(group, body, operands, InputOf(group), TaskReduction.ByBatch, chunks, tensorCores, precision));
        _tasks.Add(new FinishTask(ReduceKind.Sum, chunks, elements, PerPicture: false, group.Anchor!, [partial with { IsWritten = false }, gradient]));
    }

    private void AddStateCopy(Assignment assignment)
    {
        var group = new KernelGroup(fused.Groups.Count + _tasks.Count, KernelKind.Map, null, assignment.State.Shape);
        group.Members.Add(assignment.Value);
        var body = new KernelBody(
            [new LoadValue(0, Access.Of(assignment.Value.Shape, assignment.State.Shape))], [new BodyStore(0, 1)], [], [assignment.Value, assignment.State]);
        _tasks.Add(new KernelTask(group, body, Operands(body), group.Domain, TaskReduction.None, 0));
    }

    private TaskOperand Partial(Shape shape) => new(new Place(placement.NewBuffer("partial", shape, persistent: false), 0), shape, IsWritten: true);

    private TaskOperand[] Operands(KernelBody body)
    {
        var written = new HashSet<int>(body.Stores.Select(s => s.Operand).Concat(body.Reductions.Select(r => r.Operand)));
        return [.. body.Operands.Select((node, i) => new TaskOperand(placement.Of(node), node.Shape, written.Contains(i)))];
    }

    private static Shape InputOf(KernelGroup group) => group.Anchor?.Inputs[0].Shape ?? group.Domain;

    private static bool IsInTiles(KernelGroup group) =>
        group.Anchor?.Op is ConvolutionOp { Settings: { Stride: 1, Depthwise: true } } or TransposedConvolutionOp { Settings: { Stride: 1, Depthwise: true } };

    // Over pictures alone, or rows alone: a result is made of few elements, and there are many results. So it is where a domain of
    // single pixels keeps its channels.
    private static bool IsGathered(BodyReduction reduction, Shape domain) => reduction.Mode == ReductionMode.Sequential ||
        (reduction.Mode == ReductionMode.Chunked && domain.H.IsOne && domain.W.IsOne && reduction.Access.Axes.HasFlag(Axes.C));
}
