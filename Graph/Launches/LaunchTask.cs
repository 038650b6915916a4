using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>What a task reads or writes.</summary>
/// <param name="Place">Where it lies.</param>
/// <param name="Shape">What of it is meant.</param>
/// <param name="IsWritten">Is a result.</param>
public readonly record struct TaskOperand(Place Place, Shape Shape, bool IsWritten);

/// <summary>Tasks of one family are alike in what they ask of a multiprocessor, so that they share a launch well.</summary>
public enum TaskFamily
{
    /// <summary>Dense convolutions and their adjoints with respect to the input.</summary>
    Dense,

    /// <summary>Gradients of parameters: weight gradients, and sums over all pixels, which those of biases are.</summary>
    Gradient,

    /// <summary>Weight gradients whose sums fill the registers of a multiprocessor, so that it has room for one block: what waits for memory is better off elsewhere.</summary>
    LargeGradient,

    /// <summary>Pixel by pixel: element-wise arithmetic, depthwise convolutions, resampling, reductions.</summary>
    Pixel,

    /// <summary>Fourier transforms.</summary>
    Trig,

    /// <summary>Sums of partial results.</summary>
    Finish,

    /// <summary>Weights put into the order in which tensor cores take them.</summary>
    Pack,
}

/// <summary>
/// Work that one range of blocks of a launch does, on a device that starts kernels by launches and can't wait for a whole
/// result within one. What needs a complete result is a task of its own.
/// </summary>
/// <param name="Operands">In the order in which its text takes them.</param>
/// <param name="Domain">Shape over which it runs.</param>
/// <param name="Origin">Where it was declared.</param>
public abstract record LaunchTask(IReadOnlyList<TaskOperand> Operands, Shape Domain, Origin Origin)
{
    /// <summary>Its family.</summary>
    public abstract TaskFamily Family { get; }

    /// <summary>For people.</summary>
    public abstract string Description { get; }
}

/// <summary>How the reductions of a task come together.</summary>
public enum TaskReduction
{
    /// <summary>There are none, or those of each pixel's channels alone.</summary>
    None,

    /// <summary>A fixed number of chunks of each picture leaves partial results.</summary>
    ByPicture,

    /// <summary>A fixed number of chunks of the whole batch leaves partial results.</summary>
    ByBatch,

    /// <summary>One thread gathers all that one result is made of, in order.</summary>
    Gathered,
}

/// <summary>A fused kernel, or the part of one whose reductions come together in one way.</summary>
/// <param name="Group">The nodes it computes.</param>
/// <param name="Body">What it does with each element. A chunked reduction's operand is the buffer of partial results.</param>
/// <param name="Operands">Those of the body.</param>
/// <param name="Input">Shape of the anchor's main operand; the domain where there is none.</param>
/// <param name="Reduction">How its reductions come together.</param>
/// <param name="Chunks">Chunks that leave partial results: of each picture, or of the batch.</param>
/// <param name="OnTensorCores">A dense convolution that tensor cores take; its second operand is then packed, but for weight gradients.</param>
/// <param name="Precision">Elements that tensor cores multiply.</param>
/// <param name="InputStep">2: the first operand is twice as large as the anchor's, which is every second pixel of it.</param>
/// <param name="Pieces">
/// Of what the anchor's first operand is put together where it is not in memory as it is read; none: it is in memory. In a chain, of what
/// lies behind the channels that the convolution before computes.
/// </param>
/// <param name="BiasOperand">Of a weight's gradient: number of the operand that receives partial sums for the bias, [chunks, output channels]; 0: none does.</param>
public sealed record KernelTask(
    KernelGroup Group, KernelBody Body, IReadOnlyList<TaskOperand> Operands, Shape Input, TaskReduction Reduction, int Chunks, bool OnTensorCores = false, ElementType Precision = ElementType.Float32,
    int InputStep = 1, IReadOnlyList<InputPiece>? Pieces = null, int BiasOperand = 0)
    : LaunchTask(Operands, Group.Domain, Group.Members[0].Origin)
{
    /// <summary>It is on tensor cores, and reads the few channels of a picture: 3×3, stride 1, or the adjoint.</summary>
    public bool ReadsPicture => OnTensorCores && PackedWeights.ReadsPicture(Group);

    /// <inheritdoc/>
    public override TaskFamily Family => Group.Kind switch
    {
        KernelKind.Convolution or KernelKind.TransposedConvolution => TaskFamily.Dense,
        KernelKind.WeightGradient when OnTensorCores && PackedWeights.HasManySums(Group.Anchor!) => TaskFamily.LargeGradient,
        KernelKind.WeightGradient or KernelKind.DepthwiseWeightGradient => TaskFamily.Gradient,
        KernelKind.Trig => TaskFamily.Trig,
        KernelKind.Map when Reduction == TaskReduction.ByBatch && Body.Stores.Count == 0 && !Domain.H.IsConstant => TaskFamily.Gradient,
        _ => TaskFamily.Pixel,
    };

    /// <inheritdoc/>
    public override string Description => Inputs + (Group.Anchor?.Op.Signature ?? (Body.Reductions.Count > 0 ? "reduce" : "map")) + (BiasOperand > 0 ? " and bias" : "");

    /// <summary>A weight's gradient whose product has taps × input channels as columns, for there are few of these.</summary>
    public bool HasFewChannels => OnTensorCores && Group.Kind == KernelKind.WeightGradient && PackedWeights.HasFewChannels(Group.Anchor!);

    private string Inputs => string.Concat((Pieces ?? []).Select(p => p switch
    {
        UpsampledPiece up => $"{up.Result.Op.Signature} on load → ",
        ComputedPiece computed => $"{computed.Map.Description} on load → ",
        _ => "",
    }));
}

/// <summary>
/// Adds partial results in a fixed order. Partial results are [pictures, chunks, elements] in memory.
/// </summary>
/// <param name="Kind">Sum or maximum.</param>
/// <param name="Chunks">Chunks of each picture, or of the batch if partial results have one picture.</param>
/// <param name="Elements">Results of one picture, or in all.</param>
/// <param name="PerPicture">Each picture has results of its own; else all pictures are added too.</param>
/// <param name="Result">The reduction.</param>
/// <param name="Operands">Partial results, results; with an epilogue partial results and what it takes.</param>
/// <param name="Epilogue">Arithmetic on each result, which is its anchor's value; it stores the result too.</param>
public sealed record FinishTask(
    ReduceKind Kind, int Chunks, int Elements, bool PerPicture, Node Result, IReadOnlyList<TaskOperand> Operands, KernelTask? Epilogue = null)
    : LaunchTask(Operands, Result.Shape, Result.Origin)
{
    /// <inheritdoc/>
    public override TaskFamily Family => TaskFamily.Finish;

    /// <inheritdoc/>
    public override string Description => $"finish {Kind.ToString().ToLowerInvariant()} of {Text.Of(Chunks)} chunks{(Epilogue is null ? "" : " and map")}";
}

/// <summary>A weight to be packed.</summary>
/// <param name="Weight">[O, I, kh, kw].</param>
/// <param name="Settings">The convolution's.</param>
/// <param name="Transposed">For the transposed convolution.</param>
/// <param name="Chunks">Chunks of 16 bytes that it takes packed.</param>
/// <param name="InChain">A chain of convolutions reads it, and no convolution by itself.</param>
public sealed record PackJob(Shape Weight, ConvolutionSettings Settings, bool Transposed, int Chunks, bool InChain = false);

/// <summary>Packs weights for tensor cores.</summary>
/// <param name="Jobs">The weights.</param>
/// <param name="Type">Elements of the packed weights.</param>
/// <param name="Operands">For each job the weight and its packed form.</param>
public sealed record PackTask(IReadOnlyList<PackJob> Jobs, ElementType Type, IReadOnlyList<TaskOperand> Operands)
    : LaunchTask(Operands, Shape.Flat(Jobs.Sum(j => j.Chunks)), Origin.Unknown)
{
    /// <inheritdoc/>
    public override TaskFamily Family => TaskFamily.Pack;

    /// <inheritdoc/>
    public override string Description => $"pack {Text.Of(Jobs.Count)} weights";
}

/// <summary>Tasks that start together, each in a range of blocks of its own. None reads what another writes.</summary>
/// <param name="Tasks">In order of their blocks.</param>
public sealed record Launch(IReadOnlyList<LaunchTask> Tasks)
{
    /// <summary>Kinds and origins, for reports.</summary>
    public string Description => string.Join(" + ", Tasks.GroupBy(t => t.Description).Select(g => g.Count() == 1 ? g.Key : $"{Text.Of(g.Count())}× {g.Key}"));
}
