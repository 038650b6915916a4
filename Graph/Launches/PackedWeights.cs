using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>
/// The weights of dense convolutions in the order in which tensor cores take them: each once, those of parameters all in one task,
/// before the first run where nothing changes them.
/// </summary>
internal sealed class PackedWeights(NetworkGraph graph, Placement placement, ElementType precision)
{
    // A kernel takes 4 KB of parameters, which 500 pointers and the run's extents would fill.
    private const int MostJobs = 200;

    // 16 bytes in bf16.
    private const int WholeChannels = 8;

    private readonly Dictionary<(Node, ConvolutionSettings, bool), TaskOperand> _places = [];
    private readonly List<PackJob> _jobs = [];
    private readonly List<TaskOperand> _operands = [];
    private readonly bool _changing = graph.Assignments.Any(a => a.State.Op is StateOp { StateName: StateOp.Parameters });

    /// <summary>What is packed when parameters change from outside.</summary>
    public IReadOnlyList<LaunchTask> Prepare => _changing ? [] : Tasks;

    /// <summary>What is packed at the start of each run.</summary>
    public IReadOnlyList<LaunchTask> OfParameters => _changing ? Tasks : [];

    private IReadOnlyList<LaunchTask> Tasks => [.. Enumerable.Range(0, (_jobs.Count + MostJobs - 1) / MostJobs).Select(i => new PackTask(
        [.. _jobs.Skip(i * MostJobs).Take(MostJobs)], precision, [.. _operands.Skip(2 * i * MostJobs).Take(2 * MostJobs)]))];

    // A chunk of 16 bytes in float; blocks of channels that packed weights have.
    private const int MostPictureChannels = 4, PictureBlock = 16;

    // dense_convolution.cu has so many bits for the taps along an axis; of the gradient a row of taps has all the accumulators that a thread can keep.
    private const int MostTaps = 12, MostGradientTaps = 9;

    // few_channel_gradient.cu keeps all that the taps of a tile see of so many channels in shared memory.
    private const int FewChannels = 4, MostStride = 2, MostReach = 8;

    /// <summary>
    /// Whether tensor cores take a kernel: a dense convolution that reads channels in whole 16-byte accesses, with few taps along
    /// an axis, or one that reads a picture. A weight's gradient may also have few input channels.
    /// </summary>
    public static bool Takes(KernelGroup group) => group.Kind switch
    {
        KernelKind.Convolution => (group.Anchor!.Inputs[1].Shape.C % WholeChannels == 0 && HasFewTaps(group.Anchor.Inputs[1].Shape)) || ReadsPicture(group),
        KernelKind.TransposedConvolution => (group.Anchor!.Inputs[1].Shape.N.Value % WholeChannels == 0 && HasFewTaps(group.Anchor.Inputs[1].Shape)) || ReadsPicture(group),
        KernelKind.WeightGradient => HasFewChannels(group.Anchor!) || (group.Anchor!.Shape is { W.Value: <= MostGradientTaps } weight && weight.C % WholeChannels == 0),
        _ => false,
    };

    /// <summary>Whether a kernel is what picture_convolution.cu computes: a 3×3 convolution of stride 1, or its adjoint, that reads the few channels of pictures.</summary>
    public static bool ReadsPicture(KernelGroup group)
    {
        if (group.Anchor is not { Op: ConvolutionOp { Settings: { Stride: 1, Padding: 1, Dilation: 1 } } or TransposedConvolutionOp { Settings: { Stride: 1, Padding: 1, Dilation: 1 } } } anchor)
            return false;
        Shape weight = anchor.Inputs[1].Shape;
        (int read, int written) = anchor.Op is ConvolutionOp ? (weight.C, weight.N.Value) : (weight.N.Value, weight.C);
        return weight.H.Value == 3 && weight.W.Value == 3 && read <= MostPictureChannels && written % PictureBlock == 0;
    }

    /// <summary>Whether the gradient of a dense convolution's weight has few input channels, such as a picture's: columns of the product are then taps × channels.</summary>
    /// <param name="gradient">The gradient.</param>
    public static bool HasFewChannels(Node gradient)
    {
        ConvolutionSettings settings = ((ConvolutionWeightGradientOp)gradient.Op).Settings;
        Shape weight = gradient.Shape;
        return weight.C <= FewChannels && settings.Stride <= MostStride && (weight.H.Value - 1) * settings.Dilation <= MostReach && (weight.W.Value - 1) * settings.Dilation <= MostReach;
    }

    /// <summary>Whether a block that tensor cores compute a part of a weight's gradient with has one for each of several taps, of many channels: 128 sums a thread.</summary>
    /// <param name="gradient">The gradient.</param>
    public static bool HasManySums(Node gradient) => gradient.Shape is var weight && weight.N.Value > 16 && weight.H.Value * weight.W.Value > 4 && !HasFewChannels(gradient);

    private static bool HasFewTaps(Shape weight) => weight.H.Value <= MostTaps && weight.W.Value <= MostTaps;

    /// <summary>The packed form of a convolution's weight.</summary>
    /// <param name="convolution">The convolution, or its adjoint.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="tasks">Receives the packing of a weight that a run computes.</param>
    public TaskOperand Of(Node convolution, TaskOperand weight, List<LaunchTask> tasks)
    {
        Node node = convolution.Inputs[1];
        bool transposed = convolution.Op is TransposedConvolutionOp;
        ConvolutionSettings settings = convolution.Op is TransposedConvolutionOp t ? t.Settings : ((ConvolutionOp)convolution.Op).Settings;
        if (_places.TryGetValue((node, settings, transposed), out TaskOperand packed))
            return packed;
        var job = new PackJob(node.Shape, settings, transposed, Chunks(node.Shape, settings, transposed));
        var shape = Shape.Flat(checked(4 * job.Chunks));
        bool parameter = node.Op is ParameterOp;
        packed = new TaskOperand(new Place(placement.NewBuffer("packed", shape, persistent: parameter && !_changing), 0), shape, IsWritten: false);
        _places.Add((node, settings, transposed), packed);
        if (parameter)
        {
            _jobs.Add(job);
            _operands.Add(weight);
            _operands.Add(packed with { IsWritten = true });
        }
        else
        {
            tasks.Add(new PackTask([job], precision, [weight, packed with { IsWritten = true }]));
        }
        return packed;
    }

    /// <summary>Notes which weights chains read.</summary>
    public void NoteChains(IEnumerable<LaunchTask> tasks)
    {
        var inChains = new HashSet<PlannedBuffer>(
            tasks.OfType<ConvolutionChainTask>().SelectMany(t => t.Links).Select(l => l.Task.Operands[1].Place.Buffer));
        for (int i = 0; i < _jobs.Count; i++)
            _jobs[i] = _jobs[i] with { InChain = inChains.Contains(_operands[(2 * i) + 1].Place.Buffer) };
    }

    // pack_convolution.cu: by phase of the written pixels, then steps of two chunks of k, then 16 channels written, 32 chunks each.
    private int Chunks(Shape weight, ConvolutionSettings settings, bool transposed)
    {
        int read = transposed ? weight.N.Value : weight.C, written = transposed ? weight.C : weight.N.Value, phases = transposed ? settings.Stride : 1;
        int ofChunk = precision == ElementType.BFloat16 ? 8 : 4, tapChunks = (read + ofChunk - 1) / ofChunk, steps = 0;
        for (int phase = 0; phase < phases * phases; phase++)
            steps += (Taps(weight.H.Value, phase / phases) * Taps(weight.W.Value, phase % phases) * tapChunks + 1) / 2;
        return steps * ((written + 15) / 16) * 32;

        int Taps(int kernel, int phase) => transposed
            ? Enumerable.Range(0, kernel).Count(k => (phase + settings.Padding - k * settings.Dilation) % settings.Stride == 0)
            : kernel;
    }
}
