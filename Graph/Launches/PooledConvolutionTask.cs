namespace FocalNet.Graph.Launches;

/// <summary>
/// A convolution of maps, each the maximum or the sum of a pixel's channels, such as the gate of a spatial selection: a block makes of the maps what
/// its results need, and computes it again at the border of its tile.
/// </summary>
/// <param name="Pools">Makes the maps, in the order in which the convolution reads them. Those that nothing else reads are not stored: their operand stands for nothing, and is not written.</param>
/// <param name="Convolution">The convolution. Its first operand is none.</param>
/// <param name="Operands">Those of the pools, then those of the convolution.</param>
public sealed record PooledConvolutionTask(KernelTask Pools, KernelTask Convolution, IReadOnlyList<TaskOperand> Operands)
    : LaunchTask(Operands, Convolution.Domain, Convolution.Origin)
{
    /// <summary>Operand i of the convolution is operand i + Shift.</summary>
    public int Shift => Pools.Operands.Count;

    /// <inheritdoc/>
    public override TaskFamily Family => TaskFamily.Pixel;

    /// <inheritdoc/>
    public override string Description => $"{Pools.Description} → {Convolution.Description}";
}
