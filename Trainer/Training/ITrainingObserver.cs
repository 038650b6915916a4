using FocalNet.Model;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Training;

/// <summary>What a run is about to do.</summary>
/// <param name="Folder">Where it writes.</param>
/// <param name="Data">What it trains on.</param>
/// <param name="Network">What it trains.</param>
/// <param name="Parameters">Their number.</param>
/// <param name="Schedule">How long.</param>
/// <param name="Device">What it computes on.</param>
/// <param name="ResumedAt">Steps that were taken before; null for a new run.</param>
/// <param name="Processes">Processes that train together.</param>
internal sealed record TrainingStart(
    string Folder, TrainingData Data, NetworkEntry Network, int Parameters, RunSchedule Schedule, string Device, long? ResumedAt, int Processes);

/// <summary>What one step did.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Result">Losses and gradient norm.</param>
/// <param name="LearningRate">Used in this step.</param>
/// <param name="Psnr">Of the batch's restored pictures, before the step, in dB.</param>
internal sealed record StepReport(long Step, StepResult Result, double LearningRate, double Psnr);

/// <summary>A validation.</summary>
/// <param name="Step">Steps taken so far.</param>
/// <param name="Before">Scores of the degraded pictures.</param>
/// <param name="After">Scores of the restored ones.</param>
/// <param name="Clean">Scores of clean pictures that were restored too, against themselves; null where an earlier version of the program took none.</param>
/// <param name="IsBest">Whether these are the best weights so far, by the PSNR of <paramref name="After"/>.</param>
internal sealed record ValidationReport(long Step, PictureScores Before, PictureScores After, PictureScores? Clean, bool IsBest);

/// <summary>Is told how a run goes, on the run's own thread.</summary>
internal interface ITrainingObserver
{
    void Started(TrainingStart start);

    void Stepped(StepReport report);

    void Validated(ValidationReport report);

    /// <param name="step">Steps taken.</param>
    /// <param name="path">The checkpoint that was written.</param>
    void Saved(long step, string path);
}
