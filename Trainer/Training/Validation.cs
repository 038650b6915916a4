using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Reports;
using FocalNet.Trainer.Restoring;

namespace FocalNet.Trainer.Training;

/// <summary>What a network makes of a held-out pair.</summary>
internal sealed record ValidatedPair(PicturePair Pair, Picture Restored, PictureScores Before, PictureScores After);

/// <summary>A validation.</summary>
/// <param name="Scores">Averages over the restored pictures.</param>
/// <param name="Clean">Averages over what the network made of the targets, which it should leave as they are.</param>
/// <param name="Shown">The first pairs with what the network made of them.</param>
internal sealed record ValidationResult(PictureScores Scores, PictureScores Clean, IReadOnlyList<ValidatedPair> Shown);

/// <summary>Restores held-out pictures and compares them with the truth, by the preset "standard".</summary>
internal sealed class Validation : IDisposable
{
    /// <summary>How scores are taken, in every line and file of a run.</summary>
    public const MetricPreset Preset = MetricPreset.Standard;

    /// <summary>Its name.</summary>
    public const string PresetName = "standard";

    private const int ShownPairs = 4;

    private readonly List<PicturePair> _pairs;
    private readonly List<PictureScores> _before;
    private readonly Restorer _restorer;

    /// <param name="network">The network.</param>
    /// <param name="device">Where to run; stays the caller's.</param>
    /// <param name="source">Held-out pairs.</param>
    /// <param name="count">At most so many are used, evenly over the source.</param>
    /// <param name="cancellation">Stops the loading.</param>
    public Validation(NetworkEntry network, IDevice device, IPairSource source, int count, CancellationToken cancellation)
    {
        count = Math.Min(count, source.Count);
        _pairs = [];
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var index = (int)((long)i * source.Count / count);
            _pairs.Add(source.Load(index, new SeededRandom(index)));
        }

        _before = [.. _pairs.Select(pair => PictureMetrics.Compare(pair.Input, pair.Target, Preset))];
        _restorer = Restorer.Create(network, NetworkWeights.Initial(network, 0), device);
    }

    public IReadOnlyList<PicturePair> Pairs => _pairs;

    /// <summary>Average scores of the degraded pictures themselves.</summary>
    public PictureScores Before => PictureScores.Average(_before);

    /// <summary>What a network with these parameters makes of all pairs, and of pictures that lack nothing.</summary>
    /// <exception cref="RestorationException">The network gave values that are no numbers.</exception>
    public ValidationResult Score(ReadOnlySpan<float> parameters, CancellationToken cancellation)
    {
        _restorer.SetParameters(parameters);
        var (scores, clean) = (new List<PictureScores>(), new List<PictureScores>());
        var shown = new List<ValidatedPair>();
        for (var i = 0; i < _pairs.Count; i++)
        {
            var pair = Validate(i, cancellation);
            scores.Add(pair.After);
            clean.Add(PictureMetrics.Compare(PictureRestoration.Restore(_restorer, pair.Pair.Target, null, cancellation), pair.Pair.Target, Preset));
            if (i < ShownPairs)
            {
                shown.Add(pair);
            }
        }

        return new ValidationResult(PictureScores.Average(scores), PictureScores.Average(clean), shown);
    }

    /// <summary>The first pairs with what a network with these parameters makes of them.</summary>
    /// <exception cref="RestorationException">The network gave values that are no numbers.</exception>
    public IReadOnlyList<ValidatedPair> Show(ReadOnlySpan<float> parameters)
    {
        _restorer.SetParameters(parameters);
        return [.. Enumerable.Range(0, Math.Min(ShownPairs, _pairs.Count)).Select(i => Validate(i, CancellationToken.None))];
    }

    /// <summary>Before, after and truth, a row for each pair.</summary>
    public static Picture Sheet(IReadOnlyList<ValidatedPair> pairs) => ComparisonSheet.Compose([.. pairs.Select(pair => (IReadOnlyList<LabelledPicture>)
    [
        new(Label("before", pair.Before), pair.Pair.Input),
        new(Label("after", pair.After), pair.Restored),
        new("truth", pair.Pair.Target),
    ])]);

    public void Dispose() => _restorer.Dispose();

    private static string Label(string text, PictureScores scores) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{text} {scores.Psnr:F1} dB");

    private ValidatedPair Validate(int index, CancellationToken cancellation)
    {
        var pair = _pairs[index];
        var restored = PictureRestoration.Restore(_restorer, pair.Input, null, cancellation);
        return new ValidatedPair(pair, restored, _before[index], PictureMetrics.Compare(restored, pair.Target, Preset));
    }
}
