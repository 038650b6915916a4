using System.Diagnostics;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>Shows how a training run goes: rate, loss, PSNR and remaining time.</summary>
internal sealed class TrainingProgress(IProgressDisplay display, TrainingOptions options) : ITrainingObserver
{
    // Single batches differ more than what there is to see; the curve is that of the last fifty or so.
    private const double Smoothing = 0.02;

    private readonly Stopwatch _watch = new();
    private ProgressEstimator? _estimator;
    private RunSchedule? _schedule;
    private double? _loss, _psnr;

    public void Started(TrainingStart start)
    {
        _schedule = start.Schedule;
        _estimator = new ProgressEstimator(start.Schedule.TotalSteps, start.ResumedAt ?? 0);
        display.Line(FormattableString.Invariant($"network   {start.Network.Name}, {start.Parameters:N0} parameters"));
        display.Line($"training  {start.Data.Train.Description}");
        if (options.Preset is { } preset)
        {
            display.Line($"settings  {preset}: {options.Task.Presets.First(p => p.Name == preset).Description}");
        }

        display.Line($"held out  {start.Data.Held.Description}");
        if (!start.Data.IsHeldOut)
        {
            display.Line("          the data set has no test/ folder: validation is on pictures that are trained on");
        }

        var batches = options.Accumulate * start.Processes is > 1 and var count ? FormattableString.Invariant($"{count} batches of ") : "";
        var average = options.AverageDecay > 0 ? FormattableString.Invariant($", average of weights {options.AverageDecay}") : "";
        display.Line(FormattableString.Invariant(
            $"run       {start.Schedule.TotalSteps:N0} steps of {batches}{options.Batch} × {(options.Crop == 0 ? "whole pictures" : $"{options.Crop}²")}, learning rate {options.LearningRate}{average}, seed {options.Seed}, into {options.Out}"));
        if (start.ResumedAt is { } step)
        {
            display.Line(step == 0 ? "resumed   from the beginning: the run had not saved a step yet" : FormattableString.Invariant($"resumed   after step {step}"));
        }

        display.Line();
        _watch.Start();
    }

    public void Stepped(StepReport report)
    {
        _loss = Smooth(_loss, report.Result.Loss);
        _psnr = Smooth(_psnr, report.Psnr);
        var state = _estimator!.Report(report.Step, _watch.Elapsed);
        var rate = state.PerSecond is { } perSecond ? FormattableString.Invariant($"{perSecond:F2} steps/s") : "…";
        var remaining = state.Remaining is { } time ? ProgressEstimator.Describe(time) : "…";
        display.Update(state.Fraction, FormattableString.Invariant(
            $"step {report.Step}/{state.Total}  {rate}  loss {_loss:F3}  PSNR {_psnr:F2} dB (batches, not rounded)  ETA {remaining}"));
    }

    public void Validated(ValidationReport report)
    {
        var (before, after) = (report.Before, report.After);
        var clean = report.Clean is { } scores ? FormattableString.Invariant($"; clean pictures come out at {scores.Psnr:F2} dB") : "";
        var note = report.Step == 0 ? "" : report.IsBest ? "  (best so far)" : "";
        display.Line(FormattableString.Invariant(
            $"{ProgressEstimator.Describe(_watch.Elapsed),7}  step {report.Step}/{_schedule!.TotalSteps}: held-out PSNR ({Validation.PresetName}) {after.Psnr:F2} dB, input {before.Psnr:F2} dB, gain {after.Psnr - before.Psnr:+0.00;-0.00} dB{clean}{note}"));
    }

    public void Saved(long step, string path)
    {
        // Validations say enough; checkpoints between them are no news to people.
    }

    private static double Smooth(double? before, double now) => before is { } value ? value + Smoothing * (now - value) : now;
}
