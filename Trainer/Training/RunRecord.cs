using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Runtime;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Training;

/// <summary>What a run was asked to do and how it went, for <c>run.json</c>, from which it can be resumed and repeated.</summary>
internal sealed class RunRecord
{
    private readonly TrainingOptions _options;
    private readonly JsonObject _fixed;
    private readonly JsonArray _resumed = [];
    private readonly double _secondsBefore;
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;

    /// <param name="options">What is done.</param>
    /// <param name="data">With what.</param>
    /// <param name="device">Where.</param>
    /// <param name="processes">By how many processes.</param>
    /// <param name="before">The record of the run that goes on; null for a new one.</param>
    /// <param name="step">The step that it goes on from.</param>
    public RunRecord(TrainingOptions options, TrainingData data, IDevice device, int processes, JsonElement? before, long step)
    {
        _options = options;
        var now = Text(_started);
        var started = now;
        if (before is { } earlier)
        {
            started = earlier.TryGetProperty("started", out var first) ? first.GetString() : now;
            if (earlier.TryGetProperty("resumed", out var list) && list.ValueKind == JsonValueKind.Array)
            {
                _resumed = (JsonArray)JsonNode.Parse(list.GetRawText())!;
            }

            _secondsBefore = earlier.TryGetProperty("seconds", out var seconds) && seconds.ValueKind == JsonValueKind.Number ? seconds.GetDouble() : 0;
            _resumed.Add(new JsonObject { ["step"] = step, ["time"] = now, ["version"] = RunFolder.Version });
        }

        _fixed = new JsonObject
        {
            ["version"] = RunFolder.Version,
            ["task"] = options.Task.Name,
            ["started"] = started,
            ["resumed"] = _resumed,
            ["device"] = device.Description,
            ["processes"] = processes,
            ["trainingData"] = data.Train.Description,
            ["validationData"] = data.Held.Description,
            ["dataFingerprint"] = DataFingerprint.Of(data),
            ["metricPreset"] = Validation.PresetName,
        };
    }

    /// <summary>The keys that a record has.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "version", "task", "started", "resumed", "device", "processes", "trainingData", "validationData", "dataFingerprint", "metricPreset", "options", "state",
        "steps", "seconds", "validations",
    ];

    /// <param name="validations">So far.</param>
    /// <param name="step">Steps taken so far.</param>
    /// <param name="state">"running", "interrupted" or "finished".</param>
    public JsonObject ToJson(IEnumerable<ValidationReport> validations, long step, string state)
    {
        var json = (JsonObject)_fixed.DeepClone();
        json["options"] = RunConfiguration.ToJson(_options);
        json["state"] = state;
        json["steps"] = step;
        json["seconds"] = Math.Round(_secondsBefore + (DateTimeOffset.UtcNow - _started).TotalSeconds, 1);
        json["validations"] = Validations(validations);
        return json;
    }

    /// <summary>Validations as JSON, exactly.</summary>
    public static JsonArray Validations(IEnumerable<ValidationReport> validations) => new([.. validations.Select(JsonNode (report) => new JsonObject
    {
        ["step"] = report.Step,
        ["psnrBefore"] = Number(report.Before.Psnr),
        ["psnr"] = Number(report.After.Psnr),
        ["ssimBefore"] = Number(report.Before.Ssim),
        ["ssim"] = Number(report.After.Ssim),
        ["maeBefore"] = Number(report.Before.MeanAbsoluteError),
        ["mae"] = Number(report.After.MeanAbsoluteError),
        ["psnrClean"] = Number(report.Clean?.Psnr),
        ["ssimClean"] = Number(report.Clean?.Ssim),
        ["maeClean"] = Number(report.Clean?.MeanAbsoluteError),
        ["isBest"] = report.IsBest,
    })]);

    /// <summary>Reads what <see cref="Validations(IEnumerable{ValidationReport})"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static IReadOnlyList<ValidationReport> Validations(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return
            [
                .. document.RootElement.EnumerateArray().Select(item => new ValidationReport(
                    item.GetProperty("step").GetInt64(),
                    new PictureScores(Number(item.GetProperty("psnrBefore")), Number(item.GetProperty("ssimBefore")), Number(item.GetProperty("maeBefore"))),
                    new PictureScores(Number(item.GetProperty("psnr")), Number(item.GetProperty("ssim")), Number(item.GetProperty("mae"))),
                    Clean(item),
                    item.GetProperty("isBest").GetBoolean())),
            ];
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    private static PictureScores? Clean(JsonElement item) => item.TryGetProperty("psnrClean", out var psnr) && psnr.ValueKind != JsonValueKind.Null
        ? new PictureScores(Number(psnr), Number(item.GetProperty("ssimClean")), Number(item.GetProperty("maeClean")))
        : null;

    // Equal pictures have an infinite PSNR, for which JSON has no number.
    private static JsonNode Number(double value) =>
        double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));

    private static JsonNode? Number(double? value) => value is { } number ? Number(number) : null;

    private static double Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetDouble();

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
