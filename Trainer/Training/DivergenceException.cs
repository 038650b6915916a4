namespace FocalNet.Trainer.Training;

/// <summary>The loss or its gradient is no longer a number. The message has the step, the pictures and the last good checkpoint.</summary>
internal sealed class DivergenceException(long step, string quantity, IReadOnlyList<string> names, string? checkpoint) : Exception(Describe(step, quantity, names, checkpoint))
{
    public long Step { get; } = step;

    public IReadOnlyList<string> Names { get; } = names;

    /// <summary>The last checkpoint from before; null if none was written yet.</summary>
    public string? Checkpoint { get; } = checkpoint;

    private static string Describe(long step, string quantity, IReadOnlyList<string> names, string? checkpoint) =>
        FormattableString.Invariant($"The {quantity} is no finite number at step {step}, for the pictures {string.Join(", ", names)}. ")
        + (checkpoint is null ? "No checkpoint had been written yet. " : $"The last good checkpoint is '{checkpoint}'. ")
        + "Try a lower --lr or --clip.";
}
