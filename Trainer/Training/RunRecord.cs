using System.Globalization;
using System.Text.Json.Nodes;
using FocalNet.Runtime;

namespace FocalNet.Trainer.Training;

/// <summary>What a run was asked to do and how it went, for <c>run.json</c>.</summary>
internal sealed class RunRecord(TrainingOptions options, TrainingData data, IDevice device)
{
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly JsonArray _validations = [];

    public void Add(ValidationReport report) => _validations.Add(new JsonObject
    {
        ["step"] = report.Step,
        ["psnrBefore"] = Number(report.Before.Psnr),
        ["psnr"] = Number(report.After.Psnr),
        ["ssimBefore"] = Number(report.Before.Ssim),
        ["ssim"] = Number(report.After.Ssim),
        ["isBest"] = report.IsBest,
    });

    /// <param name="outcome">Null while the run goes on.</param>
    public JsonObject ToJson(TrainingOutcome? outcome) => new()
    {
        ["version"] = RunFolder.Version,
        ["task"] = options.Task.Name,
        ["started"] = _started.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        ["device"] = device.Description,
        ["trainingData"] = data.Train.Description,
        ["validationData"] = data.Held.Description,
        ["metricPreset"] = "standard",
        ["options"] = Options(),
        ["state"] = outcome switch { null => "running", { IsInterrupted: true } => "interrupted", _ => "finished" },
        ["steps"] = outcome?.Steps,
        ["seconds"] = outcome is null ? null : Math.Round((DateTimeOffset.UtcNow - _started).TotalSeconds, 1),
        ["validations"] = _validations.DeepClone(),
    };

    // Equal pictures have an infinite PSNR, for which JSON has no number.
    private static JsonNode Number(double value) =>
        double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));

    // Under the names that the command line has for them.
    private JsonObject Options() => new()
    {
        ["network"] = options.Network,
        ["weights"] = options.Weights,
        ["data"] = options.Data,
        ["epochs"] = options.Epochs,
        ["steps"] = options.Steps,
        ["batch"] = options.Batch,
        ["crop"] = options.Crop,
        ["flip"] = options.Flip,
        ["lr"] = options.LearningRate,
        ["warmup-epochs"] = options.WarmUpEpochs,
        ["clip"] = options.Clip,
        ["seed"] = options.Seed,
    };
}
