using FocalNet.Cuda.Tests.Support;
using FocalNet.Generators.Emission.Cuda;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;
using FocalNet.Graph.Reference;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Runs one emitted kernel on random operands, and the nodes that it is to compute in the float64 interpreter on the same.
/// Operands that lie in one buffer share it, as in a plan.
/// </summary>
internal sealed partial class KernelOracle : IReferenceValues, IDisposable
{
    private readonly EmittedKernelCase _case;
    private readonly RunExtents _size;
    private readonly Random _random;
    private readonly Dictionary<PlannedBuffer, CudaBuffer> _buffers = [];
    private readonly Dictionary<PlannedBuffer, float[]> _before = [];
    private readonly Dictionary<PlannedBuffer, ReferenceTensor> _packed = [];
    private readonly bool _warpgroups;
    private double _slack;

    // The emulator's sm_90 is sm_90a, where groups of four warps read weights in an order of their own.
    public KernelOracle(EmittedKernelCase kernel, RunExtents size, int seed, int architecture = 90)
    {
        _warpgroups = architecture == 90;
        _case = kernel;
        _size = size;
        _random = new Random(seed);
        TaskOperand[] operands = [.. kernel.Launch.Tasks.SelectMany(t => t.Operands)];
        foreach (PlannedBuffer root in operands.Select(o => o.Place.Buffer.Root).Distinct())
        {
            // What a kernel only writes is poison before.
            bool isRead = operands.Any(o => o.Place.Buffer.Root == root && !o.IsWritten);
            AddBuffer(root, isRead);
        }
        foreach (KernelTask task in kernel.Launch.Tasks.SelectMany(KernelsOf).Where(t => t.OnTensorCores && t.Group.TakesBody))
            PackWeight(task, kernel.Launch.Tasks.OfType<ConvolutionChainTask>().Any(c => c.Links.Any(l => l.Task == task)));
    }

    private static IEnumerable<KernelTask> KernelsOf(LaunchTask task) => task switch
    {
        KernelTask kernel => [kernel],
        ConvolutionChainTask chain => chain.Links.Select(l => l.Task),
        _ => [],
    };

    // Tensor cores read packed weights: here they are packed in C#, of random numbers that their elements hold exactly.
    private void PackWeight(KernelTask task, bool inChain)
    {
        Node anchor = task.Group.Anchor!;
        if (_packed.ContainsKey(task.Operands[1].Place.Buffer))
            return;
        bool narrow = task.Precision == ElementType.BFloat16, transposed = anchor.Op is TransposedConvolutionOp;
        var weight = new ReferenceTensor(anchor.Inputs[1].Shape.At(_size));
        for (int i = 0; i < weight.Data.Length; i++)
            weight.Data[i] = narrow ? Bits.FromBrain(Bits.ToBrain(Value(false, false))) : Value(false, false);
        ConvolutionSettings settings = transposed ? ((TransposedConvolutionOp)anchor.Op).Settings : ((ConvolutionOp)anchor.Op).Settings;
        var job = new PackJob(anchor.Inputs[1].Shape, settings, transposed, task.Operands[1].Shape.C / 4, inChain);
        _buffers[task.Operands[1].Place.Buffer].Write<byte>(PackedReference.Of(job, weight, narrow, _warpgroups));
        _packed.Add(task.Operands[1].Place.Buffer, weight);
    }

    private void CheckPack(PackTask task)
    {
        for (int i = 0; i < task.Jobs.Count; i++)
        {
            byte[] expected = PackedReference.Of(task.Jobs[i], Read(task.Operands[2 * i], task.Jobs[i].Weight, now: false), task.Type == ElementType.BFloat16, _warpgroups);
            Assert.Equal(expected, _buffers[task.Operands[(2 * i) + 1].Place.Buffer].Read<byte>());
            Counts = (Counts.Compared + (expected.Length / 4), Counts.NotANumber);
        }
    }

    /// <summary>Values that were compared, and those of them that are no number on both sides.</summary>
    public (long Compared, long NotANumber) Counts { get; private set; }

    /// <summary>Launches and compares every result.</summary>
    /// <param name="module">The kernel's module.</param>
    /// <param name="launchSeed">Of the emulator's schedule.</param>
    public void Check(CudaModule module, ulong launchSeed)
    {
        object[] arguments = [.. _case.Launch.Tasks.SelectMany(t => t.Operands).Select(o => (object)Pointer(o)), _size.N, _size.H, _size.W];
        module.Launch(_case.Kernel.Name, GridText.Blocks(_case.Grid, _size), CudaKernelText.Threads, _case.Kernel.SharedBytes, launchSeed, arguments);
        foreach (LaunchTask task in _case.Launch.Tasks)
        {
            switch (task)
            {
                case FinishTask finish:
                    CheckFinish(finish);
                    break;
                case FinishMomentsTask moments:
                    CheckMoments(moments);
                    break;
                case PackTask pack:
                    CheckPack(pack);
                    break;
                case ConvolutionChainTask chain:
                    CheckChain(chain);
                    break;
                case PooledConvolutionTask pooled:
                    CheckPooled(pooled);
                    break;
                case SummedMapTask summed:
                    CheckSummed(summed);
                    break;
                default:
                    CheckKernel((KernelTask)task, []);
                    break;
            }
        }
    }

    private void CheckFinish(FinishTask task)
    {
        double[] expected = Added(task);
        if (task.Epilogue is { } epilogue)
        {
            var total = new ReferenceTensor(task.Result.Shape.At(_size), expected);
            CheckKernel(epilogue, new() { [task.Result] = total });
            return;
        }
        // Sums of n random numbers of either sign: rounding is small beside the terms, not beside the sum.
        float[] actual = task.PerPicture
            ? Gather(task.Operands[1], task.Operands[1].Shape, now: true, memoryOrder: true)
            : [.. Contents(task.Operands[1], now: true).Take(task.Elements)];
        Compare("sum", actual, expected, Math.Sqrt(task.Chunks));
    }

    private double[] Added(FinishTask task)
    {
        float[] partial = _before[task.Operands[0].Place.Buffer];
        int pictures = task.Operands[0].Shape.N.At(_size);
        var added = new double[task.PerPicture ? pictures * task.Elements : task.Elements];
        Array.Fill(added, task.Kind == ReduceKind.Sum ? 0 : double.NegativeInfinity);
        for (int i = 0; i < partial.Length; i++)
        {
            int target = (task.PerPicture ? i / (task.Chunks * task.Elements) * task.Elements : 0) + i % task.Elements;
            added[target] = task.Kind == ReduceKind.Sum ? added[target] + partial[i] : Math.Max(added[target], partial[i]);
        }
        return added;
    }

    private void CheckKernel(KernelTask task, Dictionary<Node, ReferenceTensor> values)
    {
        if (task.OnTensorCores && task.Group.TakesBody)
            values[task.Body.Operands[1]] = _packed[task.Operands[1].Place.Buffer];
        if (task.Pieces is { } pieces && !values.ContainsKey(task.Body.Operands[0]))
        {
            double slack = _slack;
            values[task.Body.Operands[0]] = SideBySide(task.Body.Operands[0].Shape, [.. pieces.Select(p => Read(task, p))]);
            CheckKernel(task, values);
            _slack = slack;
            return;
        }
        if (task.InputStep != 1)
        {
            Node large = task.Body.Operands[0].Inputs[0];
            values[large] = Read(task.Operands[0], large.Shape, now: false);
            ReferenceTensor small = Evaluate(task.Body.Operands[0], values);
            values[task.Body.Operands[0]] = IsMultiplied(task, 0) ? Rounded(small) : small;
        }
        for (int i = 0; i < task.Body.Operands.Count; i++)
        {
            if (!task.Operands[i].IsWritten && !values.ContainsKey(task.Body.Operands[i]) && IsItsOwn(task, i))
                values[task.Body.Operands[i]] = IsMultiplied(task, i) ? Rounded(Read(task.Operands[i], task.Body.Operands[i].Shape, now: false)) : Read(task.Operands[i], task.Body.Operands[i].Shape, now: false);
        }
        (Dictionary<Node, ReferenceTensor> Lower, Dictionary<Node, ReferenceTensor> Upper)? around = Around(task, values);
        foreach (Node node in task.Body.Computed)
            values[node] = Evaluate(node, values);
        foreach (BodyStore store in task.Body.Stores)
        {
            Node node = task.Body.Operands[store.Operand];
            TaskOperand operand = task.Operands[store.Operand];
            ReferenceTensor expected = Evaluate(node, values);
            if (task.Group.TakesBody)
                Compare(node.Op.Name, Nearest(Gather(operand, node.Shape, now: true, memoryOrder: false), node, expected, around), expected.Data, 1, IsNarrow(operand));
            else
                ComparePartial(task, operand, InMemoryOrder(expected), ReduceKind.Sum, task.Chunks, expected.Data.Length, perPicture: false);
        }
        foreach (BodyReduction reduction in task.Body.Reductions)
            CheckReduction(task, reduction, values);
        if (task.BiasOperand > 0)
            CheckBias(task, values[task.Body.Operands[1]]);
    }

    // A transform is a sum of which float32 has about five digits of the largest term. Where its sign decides what follows, and it lies around zero,
    // both signs are right, and zero: here are the results for a little less and for a little more.
    private (Dictionary<Node, ReferenceTensor> Lower, Dictionary<Node, ReferenceTensor> Upper)? Around(KernelTask task, Dictionary<Node, ReferenceTensor> values)
    {
        if (task.Group.Kind != KernelKind.Trig)
            return null;
        Node anchor = task.Group.Anchor!;
        ReferenceTensor exact = Evaluate(anchor, values);
        double slack = 1e-5 * Math.Max(1, exact.Data.Select(Math.Abs).DefaultIfEmpty(0).Max());
        Dictionary<Node, ReferenceTensor> Shifted(double by)
        {
            var shifted = new Dictionary<Node, ReferenceTensor>(values) { [anchor] = new(exact.Extents, [.. exact.Data.Select(v => v + by)]) };
            foreach (Node node in task.Body.Computed.Where(n => n != anchor))
                shifted[node] = Evaluate(node, shifted);
            return shifted;
        }
        return (Shifted(-slack), Shifted(slack));
    }

    // What lies between the results for a little less and a little more is replaced by the expected value; of a smooth function that is within the tolerance anyway.
    private float[] Nearest(
        float[] actual, Node node, ReferenceTensor expected, (Dictionary<Node, ReferenceTensor> Lower, Dictionary<Node, ReferenceTensor> Upper)? around)
    {
        if (around is not { } values)
            return actual;
        double[] low = Evaluate(node, values.Lower).Data, high = Evaluate(node, values.Upper).Data;
        return [.. actual.Select((value, i) => (float)Math.Min(low[i], high[i]) <= value && value <= (float)Math.Max(low[i], high[i]) ? (float)expected.Data[i] : value)];
    }

    private void CheckBias(KernelTask task, ReferenceTensor gradient)
    {
        var sums = new double[gradient.Extents[1]];
        gradient.ForEach((i, _, c, _, _) => sums[c] += gradient.Data[i]);
        ComparePartial(task, task.Operands[task.BiasOperand], sums, ReduceKind.Sum, task.Chunks, sums.Length, perPicture: false);
    }

    // In bf16 also what is stored as float32 is multiplied as bf16.
    private static bool IsMultiplied(KernelTask task, int operand) =>
        task is { OnTensorCores: true, Precision: ElementType.BFloat16 } && (operand == 0 || (operand == 1 && !task.Group.TakesBody));

    private static ReferenceTensor Rounded(ReferenceTensor value) => new(value.Extents, [.. value.Data.Select(v => (double)Bits.FromBrain(Bits.ToBrain((float)v)))]);

    // An operand of a chain whose value stays in shared memory stands for nothing.
    private static bool IsItsOwn(KernelTask task, int operand) => task.Operands[operand].Shape == task.Body.Operands[operand].Shape;

    private void CheckReduction(KernelTask task, BodyReduction reduction, Dictionary<Node, ReferenceTensor> values)
    {
        Node node = task.Body.Operands[reduction.Operand];
        TaskOperand operand = task.Operands[reduction.Operand];
        // What stays in shared memory is seen in what becomes of it.
        if (!operand.IsWritten)
            return;
        ReferenceTensor expected = Evaluate(node, values);
        if (reduction.Mode != ReductionMode.Chunked || task.Reduction == TaskReduction.Gathered)
        {
            Compare(node.Op.Name, Gather(operand, node.Shape, now: true, memoryOrder: false), expected.Data, 1, IsNarrow(operand));
            return;
        }
        int elements = reduction.Access.Axes.HasFlag(Axes.C) ? task.Domain.C : 1;
        ComparePartial(task, operand, InMemoryOrder(expected), reduction.Kind, task.Chunks, elements, reduction.Access.Axes.HasFlag(Axes.N));
    }

    // Partial results are added here, in double.
    private void ComparePartial(KernelTask task, TaskOperand operand, double[] expected, ReduceKind kind, int chunks, int elements, bool perPicture)
    {
        float[] partial = Contents(operand, now: true);
        var actual = new double[expected.Length];
        Array.Fill(actual, kind == ReduceKind.Sum ? 0 : double.NegativeInfinity);
        for (int i = 0; i < partial.Length; i++)
        {
            int target = (perPicture ? i / (chunks * elements) * elements : 0) + i % elements;
            actual[target] = kind == ReduceKind.Sum ? actual[target] + partial[i] : Math.Max(actual[target], partial[i]);
        }
        Compare(task.Description, [.. actual.Select(a => (float)a)], expected, Math.Sqrt(task.Input.Elements(_size) / (double)task.Input.C));
    }

    private ReferenceTensor Evaluate(Node node, Dictionary<Node, ReferenceTensor> values)
    {
        if (values.TryGetValue(node, out ReferenceTensor? known))
            return known;
        return node.Op.Evaluate(new EvaluationContext(node, [.. node.Inputs.Select(i => Evaluate(i, values))], _size, this));
    }

    private void Compare(string what, float[] actual, double[] expected, double scale, bool narrow = false)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Where(e => !double.IsNaN(e) && !double.IsInfinity(e)).Select(Math.Abs).DefaultIfEmpty(0).Max();
        // A sum of float32 products is off by some roundings of its largest terms; bf16 results are rounded to 8 bits on top.
        double absolute = 1e-5 * Math.Max(largest, scale) + _slack, relative = narrow ? 1.0 / 256 : 2e-5;
        long bad = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            if (double.IsNaN(expected[i]) && float.IsNaN(actual[i]))
            {
                bad++;
                continue;
            }
            if ((float)expected[i] == actual[i])
                continue;
            double error = Math.Abs(actual[i] - expected[i]);
            if (!(error <= absolute + relative * Math.Abs(expected[i])))
                Assert.Fail($"{_case}, {_size}, {what}, element {i}: {actual[i]} instead of {expected[i]} (largest {largest}).\n{_case.Kernel.Text}");
        }
        Counts = (Counts.Compared + actual.Length, Counts.NotANumber + bad);
    }

    private void AddBuffer(PlannedBuffer root, bool isRead)
    {
        long elements = root.Shape.Elements(_size);
        bool narrow = root.Type == ElementType.BFloat16;
        CudaBuffer buffer = narrow ? CudaBuffer.Uninitialised<ushort>(root.Name, elements) : CudaBuffer.Uninitialised<float>(root.Name, elements);
        _buffers.Add(root, buffer);
        if (!isRead)
            return;
        // Statistics, states and parameters are positive, as variances and second moments are; quarters, so that maxima have ties.
        // Partial results have either sign, but for those of a variance, whose root follows the sum at once.
        bool positive = root.Shape.H.IsConstant && (root.Name != "partial" || _case.Launch.Tasks.Any(t => t is FinishTask { Epilogue: not null }));
        bool quarters = _random.Next(3) == 0;
        float[] values = [.. Enumerable.Range(0, checked((int)elements)).Select(_ => Value(positive, quarters))];
        if (narrow)
            buffer.Write<ushort>(Array.ConvertAll(values, Bits.ToBrain));
        else
            buffer.Write<float>(values);
        _before.Add(root, narrow ? Array.ConvertAll(values, v => Bits.FromBrain(Bits.ToBrain(v))) : values);
    }

    private float Value(bool positive, bool quarters)
    {
        float value = quarters ? (_random.Next(9) - 4) / 4f : _random.NextSingle() * 2 - 1;
        return positive ? 0.25f + Math.Abs(value) : value;
    }

    private CudaPointer Pointer(TaskOperand operand) =>
        _buffers[operand.Place.Buffer.Root].At(Start(operand) * (IsNarrow(operand) ? 2 : 4));

    private static bool IsNarrow(TaskOperand operand) => operand.Place.Buffer.Root.Type == ElementType.BFloat16;

    private static long Start(TaskOperand operand)
    {
        long offset = operand.Place.Channel;
        for (PlannedBuffer part = operand.Place.Buffer; part.Whole is not null; part = part.Whole)
            offset += part.OffsetInWhole;
        return offset;
    }

    private float[] Contents(TaskOperand operand, bool now)
    {
        PlannedBuffer root = operand.Place.Buffer.Root;
        float[] all = !now ? _before[root] : IsNarrow(operand) ? Array.ConvertAll(_buffers[root].Read<ushort>(), Bits.FromBrain) : _buffers[root].Read<float>();
        return all[(int)Start(operand)..];
    }

    private ReferenceTensor Read(TaskOperand operand, Shape shape, bool now) =>
        new(shape.At(_size), [.. Gather(operand, shape, now, memoryOrder: false).Select(v => (double)v)]);

    private float[] Gather(TaskOperand operand, Shape shape, bool now, bool memoryOrder)
    {
        float[] memory = Contents(operand, now);
        int pitch = operand.Place.Buffer.Shape.C;
        var tensor = new ReferenceTensor(shape.At(_size));
        var values = new float[tensor.Data.Length];
        tensor.ForEach((i, n, c, h, w) =>
            values[memoryOrder ? tensor.MemoryIndex(n, c, h, w) : i] = memory[((n * tensor.Extents[2] + h) * tensor.Extents[3] + w) * pitch + c]);
        return values;
    }

    private static double[] InMemoryOrder(ReferenceTensor tensor)
    {
        var result = new double[tensor.Data.Length];
        tensor.ForEach((i, n, c, h, w) => result[tensor.MemoryIndex(n, c, h, w)] = tensor.Data[i]);
        return result;
    }

    ReferenceTensor IReferenceValues.Input(string name) => throw new InvalidOperationException(name);

    ReferenceTensor IReferenceValues.Parameter(ParameterOp parameter) => throw new InvalidOperationException(parameter.ParameterName);

    ReferenceTensor IReferenceValues.State(StateOp state) => throw new InvalidOperationException(state.StateName);

    public void Dispose()
    {
        foreach (CudaBuffer buffer in _buffers.Values)
            buffer.Dispose();
    }
}
