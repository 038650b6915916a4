using System.Diagnostics;
using System.Globalization;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Data;

namespace FocalNet.Trainer.Training;

/// <summary>
/// What a run leaves behind, and when: validates, keeps the last, the best and the newest numbered checkpoints, and writes record,
/// journal and pictures. The order of writing is such that a process killed anywhere can go on from what is there.
/// </summary>
internal sealed class RunWriter : IDisposable
{
    // Someone who has just started a long run wants to see within two minutes that it does something sensible.
    private static readonly TimeSpan FirstPicture = TimeSpan.FromSeconds(60);

    private readonly TrainingOptions _options;
    private readonly NetworkEntry _network;
    private readonly ITrainingObserver _observer;
    private readonly RunFolder _folder;
    private readonly IDisposable _lock;
    private readonly Validation _validation;
    private readonly RunRecord _record;
    private readonly RunJournal _journal;
    private readonly List<ValidationReport> _validations;
    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly Stopwatch _sinceSaved = Stopwatch.StartNew();
    private ValidationReport? _best;
    private long _lastSaved;
    private bool _isShown;

    /// <summary>Loads the pictures to validate with, and creates or opens the folder last.</summary>
    public RunWriter(
        TrainingOptions options, TrainingData data, NetworkEntry network, IDevice device, ITrainingObserver observer, int processes, ResumePoint? resume,
        CancellationToken cancellation)
    {
        (_options, _network, _observer) = (options, network, observer);
        _validation = new Validation(network, device, data.Held, options.ValidationPictures, cancellation);
        try
        {
            _folder = resume?.Folder ?? RunFolder.Create(options.Out);
            _lock = _folder.Lock();
            _journal = new RunJournal(_folder, resume?.Step, TimeProvider.System);
            if (resume is not null)
            {
                _folder.Clean(resume.Step);
            }
        }
        catch
        {
            _journal?.Dispose();
            _lock?.Dispose();
            _validation.Dispose();
            throw;
        }

        _record = new RunRecord(options, data, device, processes, resume?.Record, resume?.Step ?? 0);
        _validations = [.. resume?.Validations ?? []];
        _best = _validations.LastOrDefault(report => report.IsBest);
        _lastSaved = resume?.Step ?? 0;
        LastGood = resume?.Checkpoint is null ? null : _folder.Last;
    }

    /// <summary>The newest file to go on from; null before the first.</summary>
    public string? LastGood { get; private set; }

    /// <summary>Before the first step: the record, and the validation to compare later ones with.</summary>
    public void Begin(TrainingSteps steps, long step, CancellationToken cancellation)
    {
        SaveRecord(step, "running");
        if (_validations.Count == 0)
        {
            Validate(steps, step, cancellation);
        }
    }

    /// <summary>After each step, before anything is made of it.</summary>
    public void Stepped(StepReport report, int epoch)
    {
        var losses = report.Result.Losses.Select(loss => KeyValuePair.Create(loss.Key == "loss" ? "total" : loss.Key["loss.".Length..], (double)loss.Value));
        _journal.Step(new TrainingStep(report.Step, epoch, [.. losses], report.Result.GradientNorm, report.LearningRate), report.Psnr);
    }

    /// <summary>Validates where the schedule says so, and saves there and where the policy says so.</summary>
    public void SaveIfDue(TrainingSteps steps, long step, SamplerPosition next, bool isValidated)
    {
        if (isValidated)
        {
            Validate(steps, step, CancellationToken.None);
            Save(steps, step, next);
        }
        else if (_options.Saving.IsDue(step, _sinceSaved.Elapsed))
        {
            Save(steps, step, next);
        }

        if (!_isShown && _sinceStart.Elapsed > FirstPicture)
        {
            Show(step, Restored(steps, step));
        }
    }

    /// <summary>After the last step, or at the request to stop.</summary>
    public void End(TrainingSteps steps, long step, SamplerPosition next, bool isInterrupted)
    {
        if (!isInterrupted)
        {
            ShowBest();
        }
        else
        {
            SaveIfBehind(steps, step, next);
        }

        _journal.Flush();
        SaveRecord(step, isInterrupted ? "interrupted" : "finished");
    }

    /// <summary>Saves what was trained since the last checkpoint.</summary>
    public void SaveIfBehind(TrainingSteps steps, long step, SamplerPosition next)
    {
        if (step > _lastSaved)
        {
            Save(steps, step, next);
        }
    }

    public TrainingOutcome Outcome(long step, bool isInterrupted) => new(_folder, step, _validation.Before, _best, isInterrupted);

    public void Dispose()
    {
        _journal.Dispose();
        _lock.Dispose();
        _validation.Dispose();
    }

    private void Validate(TrainingSteps steps, long step, CancellationToken cancellation)
    {
        var result = Guard(step, () => _validation.Score(steps.Weights, cancellation));
        // Random weights are not worth keeping, however they score; weights that were given are the ones to beat.
        var isBest = (step > 0 || _options.Weights is not null) && (_best is null || result.Scores.Psnr > _best.After.Psnr);
        var report = new ValidationReport(step, _validation.Before, result.Scores, result.Clean, isBest);
        _validations.Add(report);
        if (isBest)
        {
            _best = report;
            _folder.SaveBest(path => NetworkWeights.Save(path, _network, steps.Weights, new Dictionary<string, string>
            {
                ["task"] = _options.Task.Name,
                ["step"] = step.ToString(CultureInfo.InvariantCulture),
                ["version"] = RunFolder.Version,
                ["psnr"] = result.Scores.Psnr.ToString("F4", CultureInfo.InvariantCulture),
                ["psnrClean"] = result.Clean.Psnr.ToString("F4", CultureInfo.InvariantCulture),
                ["preset"] = Validation.PresetName,
            }));
            LastGood ??= _folder.Best;
        }

        _journal.Validation(report);
        _journal.Sheet(step, Validation.Sheet(result.Shown));
        _isShown |= step > 0;
        _observer.Validated(report);
    }

    private void Save(TrainingSteps steps, long step, SamplerPosition next)
    {
        _journal.Flush();
        var notes = ResumePoint.Notes(_options, step, next, _validations);
        _folder.SaveCheckpoint(step, _options.Saving.Keep, path => TrainingCheckpoint.Save(path, steps.Session, steps.Average, notes));
        (LastGood, _lastSaved) = (_folder.Last, step);
        _sinceSaved.Restart();
        SaveRecord(step, "running");
        _observer.Saved(step, _folder.Last);
    }

    /// <summary>What the best weights make of held-out pictures, for eyes.</summary>
    private void ShowBest()
    {
        var shown = _validation.Show(NetworkWeights.Flatten(WeightFile.Read(_folder.Best), _network));
        _folder.SaveSheet(Validation.Sheet(shown));
        if (_options.Data is null)
        {
            _folder.SaveExamples(shown);
        }
    }

    private IReadOnlyList<ValidatedPair> Restored(TrainingSteps steps, long step) => Guard(step, () => _validation.Show(steps.Weights));

    private void Show(long step, IReadOnlyList<ValidatedPair> shown)
    {
        _journal.Sheet(step, Validation.Sheet(shown));
        _isShown = true;
    }

    private T Guard<T>(long step, Func<T> restore)
    {
        try
        {
            return restore();
        }
        catch (RestorationException) when (step > 0)
        {
            throw new DivergenceException(step, "restored picture", [.. _validation.Pairs.Select(pair => pair.Name)], LastGood);
        }
    }

    private void SaveRecord(long step, string state) => _folder.SaveRecord(_record.ToJson(_validations, step, state));
}
