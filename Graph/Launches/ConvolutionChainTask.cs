using FocalNet.Graph.Fusion;

namespace FocalNet.Graph.Launches;

/// <summary>Which convolutions follow each other in one kernel.</summary>
public enum ChainKind
{
    /// <summary>Two narrow 3×3 convolutions, which residual blocks are at full resolution.</summary>
    ResidualBlock,
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
/// <param name="Operands">Those of the first, then those of the others without their first.</param>
public sealed record ConvolutionChainTask(ChainKind Kind, IReadOnlyList<ChainLink> Links, IReadOnlyList<TaskOperand> Operands)
    : LaunchTask(Operands, Links[Links.Count - 1].Task.Domain, Links[0].Task.Origin)
{
    /// <inheritdoc/>
    public override TaskFamily Family => TaskFamily.Dense;

    /// <inheritdoc/>
    public override string Description => $"{Name} of {string.Join(" → ", Links.Select(l => l.Task.Description))}";

    private string Name => Kind switch
    {
        ChainKind.ResidualBlock => "residual block",
        _ => throw new InvalidOperationException(Kind.ToString()),
    };
}
