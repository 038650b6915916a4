using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Launches;

/// <summary>Which convolutions follow each other in one kernel.</summary>
public enum ChainKind
{
    /// <summary>Two narrow 3×3 convolutions, which residual blocks are at full resolution.</summary>
    ResidualBlock,

    /// <summary>The adjoints of both with respect to their inputs, the second's first: how a gradient goes back through a residual block.</summary>
    ResidualBlockAdjoint,

    /// <summary>A transposed 4×4 convolution of stride 2, and a 1×1 convolution over what it computes and a skip connection behind it.</summary>
    UpConvolution,

    /// <summary>3×3 from a picture, 1×1, 3×3, 1×1, and mean and variance of each channel of each picture: the features of a shrunken picture (SCM).</summary>
    PictureFeatures,
}

/// <summary>A convolution of a chain.</summary>
/// <param name="Task">
/// The convolution, on tensor cores. What the next one reads is not stored, unless others need it; and what a later one reads of the one before
/// is no operand: its place stands for nothing.
/// </param>
/// <param name="Value">Index of the body's value that the next one reads; of the last one -1.</param>
/// <param name="Shift">Operand i of the task is operand i + Shift of the chain. The first operand of a later one is none.</param>
public sealed record ChainLink(KernelTask Task, int Value, int Shift);

/// <summary>
/// Convolutions one after another, what is between them never in memory but for what others need of it: a block computes it again at
/// the border of its tile.
/// </summary>
/// <param name="Kind">Which they are.</param>
/// <param name="Links">The convolutions.</param>
/// <param name="Operands">Those of the first, then those of the others without their first; then the partial moments, if there are any.</param>
/// <param name="Parts">Parts of each picture that leave moments; 0 where there are none.</param>
public sealed record ConvolutionChainTask(ChainKind Kind, IReadOnlyList<ChainLink> Links, IReadOnlyList<TaskOperand> Operands, int Parts = 0)
    : LaunchTask(Operands, Links[Links.Count - 1].Task.Domain, Links[0].Task.Origin)
{
    /// <inheritdoc/>
    public override TaskFamily Family => TaskFamily.Dense;

    /// <inheritdoc/>
    public override string Description => $"{Name} of {string.Join(" → ", Links.Select(l => l.Task.Description))}";

    private string Name => Kind switch
    {
        ChainKind.ResidualBlock => "residual block",
        ChainKind.ResidualBlockAdjoint => "adjoint of a residual block",
        ChainKind.UpConvolution => "up-convolution",
        ChainKind.PictureFeatures => "picture features and moments",
        _ => throw new InvalidOperationException(Kind.ToString()),
    };
}

/// <summary>
/// Puts moments of parts together in a fixed order: number, mean and sum of squared deviations, which lose no digits where the mean
/// is large. Partial moments are [pictures, parts, 3, elements] in memory.
/// </summary>
/// <param name="Parts">Parts of each picture.</param>
/// <param name="Elements">Channels.</param>
/// <param name="Mean">The mean, which is stored.</param>
/// <param name="Epilogue">Arithmetic on each variance, which is its anchor's value; it stores the variance too.</param>
/// <param name="Variance">The variance.</param>
/// <param name="Operands">Partial moments, mean, then those of the epilogue.</param>
public sealed record FinishMomentsTask(int Parts, int Elements, Node Mean, KernelTask Epilogue, Node Variance, IReadOnlyList<TaskOperand> Operands)
    : LaunchTask(Operands, Mean.Shape, Mean.Origin)
{
    /// <summary>Operand i of the epilogue is operand i + Shift.</summary>
    public const int Shift = 2;

    /// <inheritdoc/>
    public override TaskFamily Family => TaskFamily.Finish;

    /// <inheritdoc/>
    public override string Description => $"finish moments of {Text.Of(Parts)} parts and map";
}
