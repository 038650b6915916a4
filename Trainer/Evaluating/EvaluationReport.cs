using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Evaluating;

/// <summary>A pair that could not be scored, and why.</summary>
internal sealed record FailedPair(string Name, string Reason);

/// <summary>The scores of a data set.</summary>
/// <param name="Preset">How they were taken.</param>
/// <param name="Scores">Of each pair that could be read.</param>
/// <param name="Failures">The others.</param>
internal sealed record EvaluationReport(MetricPreset Preset, IReadOnlyList<PairScores> Scores, IReadOnlyList<FailedPair> Failures)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Pairs, scored or not.</summary>
    public int Count => Scores.Count + Failures.Count;

    /// <summary>"paper" or "standard".</summary>
    public string PresetName => Preset.ToString().ToLowerInvariant();

    /// <summary>The means over pictures; null if none could be scored.</summary>
    public PairScores? Average => Scores.Count == 0 ? null : new PairScores(
        FormattableString.Invariant($"average of {Scores.Count} of {Count} pictures, preset {PresetName}"),
        PictureScores.Average([.. Scores.Select(s => s.Before)]), PictureScores.Average([.. Scores.Select(s => s.After)]));

    /// <summary>
    /// A line for each pair, as RFC 4180 has it, numbers in the invariant form: the scores of the restored picture, those of the
    /// degraded one, and for a pair that failed the reason in their place.
    /// </summary>
    /// <exception cref="ImageException">The file could not be written.</exception>
    public void WriteCsv(string path)
    {
        var text = new StringBuilder("picture,preset,psnr,ssim,mae,psnr_input,ssim_input,mae_input,error\r\n");
        foreach (var pair in Scores)
        {
            text.Append(Line(pair.Name, PresetName, [.. Numbers(pair.After), .. Numbers(pair.Before)], ""));
        }

        foreach (var failure in Failures)
        {
            text.Append(Line(failure.Name, PresetName, ["", "", "", "", "", ""], failure.Reason));
        }

        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text.ToString())));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(ImageFailure.WriteFailed, path, $"the scores could not be written ({e.Message.TrimEnd('.')}).", "Name another file with --csv.", e);
        }
    }

    /// <summary>Everything as JSON; a PSNR of equal pictures is the text "Infinity", for which JSON has no number.</summary>
    public string ToJson(string network, string device, string data) => new JsonObject
    {
        ["preset"] = PresetName,
        ["network"] = network,
        ["device"] = device,
        ["data"] = data,
        ["average"] = Average is { } average ? Json(average) : null,
        ["pictures"] = new JsonArray([.. Scores.Select(pair => (JsonNode)Json(pair))]),
        ["failed"] = new JsonArray([.. Failures.Select(failure => (JsonNode)new JsonObject { ["name"] = failure.Name, ["error"] = failure.Reason })]),
    }.ToJsonString(Indented);

    private static JsonObject Json(PairScores pair) => new()
    {
        ["name"] = pair.Name,
        ["psnr"] = Number(pair.After.Psnr),
        ["ssim"] = pair.After.Ssim,
        ["mae"] = pair.After.MeanAbsoluteError,
        ["psnrInput"] = Number(pair.Before.Psnr),
        ["ssimInput"] = pair.Before.Ssim,
        ["maeInput"] = pair.Before.MeanAbsoluteError,
    };

    private static JsonNode Number(double value) =>
        double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));

    private static IEnumerable<string> Numbers(PictureScores scores) =>
        new[] { scores.Psnr, scores.Ssim, scores.MeanAbsoluteError }.Select(value => value.ToString("R", CultureInfo.InvariantCulture));

    private static string Line(string name, string preset, string[] numbers, string error) => string.Join(',', [Field(name), preset, .. numbers, Field(error)]) + "\r\n";

    /// <summary>In quotes where it would otherwise end early; quotes in it are doubled.</summary>
    private static string Field(string text) =>
        text.AsSpan().ContainsAny("\",\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
