namespace FocalNet.Graph.Launches;

/// <summary>
/// Arithmetic on each pixel that takes a sum over all pixels of its picture, such as a difference from the mean: each block adds the partial results, of
/// which there are few, for itself.
/// </summary>
/// <param name="Sum">Adds the partial results.</param>
/// <param name="Map">The arithmetic. Its operand for the sum stands for nothing.</param>
/// <param name="SumOperand">Number of that operand.</param>
/// <param name="Operands">The partial results; the sum, which is written if anything else reads it, and stands for nothing otherwise; then those of the arithmetic.</param>
public sealed record SummedMapTask(FinishTask Sum, KernelTask Map, int SumOperand, IReadOnlyList<TaskOperand> Operands)
    : LaunchTask(Operands, Map.Domain, Map.Origin)
{
    /// <summary>Operand i of the arithmetic is operand i + Shift.</summary>
    public const int Shift = 2;

    /// <inheritdoc/>
    public override TaskFamily Family => TaskFamily.Pixel;

    /// <inheritdoc/>
    public override string Description => $"{Sum.Description} → {Map.Description}";
}
