using System.Text.Json.Nodes;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>How a training run goes, for programs: one JSON object a line, each with its "event". Numbers that JSON has no form for are null.</summary>
internal sealed class TrainingJson(Terminal terminal) : ITrainingObserver
{
    public void Started(TrainingStart start) => Write("started", new JsonObject
    {
        ["folder"] = start.Folder,
        ["network"] = start.Network.Name,
        ["parameters"] = start.Parameters,
        ["device"] = start.Device,
        ["processes"] = start.Processes,
        ["trainingData"] = start.Data.Train.Description,
        ["validationData"] = start.Data.Held.Description,
        ["isHeldOut"] = start.Data.IsHeldOut,
        ["steps"] = start.Schedule.TotalSteps,
        ["resumedAt"] = start.ResumedAt,
    });

    public void Stepped(StepReport report) => Write("step", new JsonObject
    {
        ["step"] = report.Step,
        ["loss"] = Number(report.Result.Loss),
        ["gradientNorm"] = Number(report.Result.GradientNorm),
        ["learningRate"] = report.LearningRate,
        ["psnr"] = Number(report.Psnr),
    });

    public void Validated(ValidationReport report) => Write("validation", new JsonObject
    {
        ["step"] = report.Step,
        ["before"] = Scores(report.Before),
        ["after"] = Scores(report.After),
        ["clean"] = report.Clean is { } clean ? Scores(clean) : null,
        ["isBest"] = report.IsBest,
        ["preset"] = Validation.PresetName,
    });

    public void Saved(long step, string path) => Write("saved", new JsonObject { ["step"] = step, ["path"] = path });

    public void Finished(TrainingOutcome outcome) => Write("finished", new JsonObject
    {
        ["state"] = outcome.IsInterrupted ? "interrupted" : "finished",
        ["steps"] = outcome.Steps,
        ["best"] = outcome.Best is { } best ? Scores(best.After) : null,
        ["preset"] = Validation.PresetName,
        ["weights"] = outcome.Best is null ? null : outcome.Folder.Best,
    });

    /// <summary>A run that was to be resumed and has nothing left to do.</summary>
    public void Finished(ResumePoint run) => Write("finished", new JsonObject { ["state"] = "finished", ["steps"] = run.Step, ["weights"] = run.Folder.Best });

    public void Failed(string error) => Write("failed", new JsonObject { ["error"] = error });

    private static JsonObject Scores(PictureScores scores) =>
        new() { ["psnr"] = Number(scores.Psnr), ["ssim"] = Number(scores.Ssim), ["mae"] = Number(scores.MeanAbsoluteError) };

    private static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    private void Write(string name, JsonObject content)
    {
        content.Insert(0, "event", name);
        terminal.Line(content.ToJsonString());
    }
}
