using System.Globalization;

namespace FocalNet.Trainer.Training;

/// <summary>When training saves itself beside its validations, and how many checkpoints it keeps. It changes no result.</summary>
/// <param name="EverySteps">After so many steps; null where the time decides.</param>
/// <param name="EveryTime">After so much time; null where steps decide.</param>
/// <param name="Keep">How many numbered checkpoints stay, the newest; 0 writes none.</param>
internal sealed record CheckpointPolicy(long? EverySteps, TimeSpan? EveryTime, int Keep)
{
    public static CheckpointPolicy Default { get; } = new(null, TimeSpan.FromMinutes(10), 2);

    /// <summary>The interval as text: 500, or 90s, 10m, 2h.</summary>
    public string Interval => EverySteps is { } steps
        ? steps.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{(long)EveryTime!.Value.TotalSeconds}s");

    public bool IsDue(long step, TimeSpan sinceLast) => EverySteps is { } steps ? step % steps == 0 : sinceLast >= EveryTime;

    /// <summary>Reads an interval; null if the text is none.</summary>
    public static CheckpointPolicy? TryParse(string text, int keep)
    {
        var unit = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? text[^1] : '\0';
        var number = unit == '\0' ? text : text[..^1];
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < 1 || value > int.MaxValue)
        {
            return null;
        }

        return unit switch
        {
            '\0' => new CheckpointPolicy(value, null, keep),
            's' => new CheckpointPolicy(null, TimeSpan.FromSeconds(value), keep),
            'm' => new CheckpointPolicy(null, TimeSpan.FromMinutes(value), keep),
            'h' => new CheckpointPolicy(null, TimeSpan.FromHours(value), keep),
            _ => null,
        };
    }
}
