using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Training;

/// <summary>How a run ended.</summary>
/// <param name="Folder">Where its files are.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Before">Validation scores of the degraded pictures.</param>
/// <param name="Best">The best validation.</param>
/// <param name="IsInterrupted">Whether it was asked to stop before its end.</param>
internal sealed record TrainingOutcome(RunFolder Folder, long Steps, PictureScores Before, ValidationReport? Best, bool IsInterrupted);

/// <summary>
/// Trains a network: batches from another thread, a step, a line in the log, and now and then a validation and checkpoints.
/// The same options and number of threads give the same checkpoints, bit for bit.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private const int BatchesAhead = 2;
    private const int ExamplePairs = 4;
    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(10);

    private readonly TrainingOptions _options;
    private readonly ITrainingObserver _observer;
    private readonly RunFolder _folder;
    private readonly NetworkEntry _network;
    private readonly TrainingSession _session;
    private readonly TrainingData _data;
    private readonly BatchAssembler _assembler;
    private readonly RunSchedule _schedule;
    private readonly Validation _validation;
    private readonly RunRecord _record;
    private ValidationReport? _best;
    private string? _lastGood;
    private long _lastSaved;
    private float[] _restored = [];

    /// <summary>Opens all that the run needs, and creates its folder last.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="device">Where to run; stays the caller's.</param>
    /// <param name="observer">Is told how it goes.</param>
    /// <param name="cancellation">Stops the preparation.</param>
    public TrainingRun(TrainingOptions options, IDevice device, ITrainingObserver observer, CancellationToken cancellation)
    {
        (_options, _observer) = (options, observer);
        _network = NetworkCatalog.Find(options.Network);
        _data = TrainingData.Open(options, cancellation);
        var parameters = options.Weights is { } weights
            ? NetworkWeights.Flatten(WeightFile.Read(weights), _network)
            : NetworkWeights.Initial(_network, (ulong)options.Seed);
        _folder = RunFolder.Create(options.Out);
        _session = new TrainingSession(_network, device, parameters);
        try
        {
            var batches = new BatchOptions
            {
                BatchSize = options.Batch, Crop = options.Crop, FlipProbability = options.Flip, SizeMultiple = _session.Divisor,
            };
            _assembler = new BatchAssembler(_data.Train, batches, options.Seed);
            _schedule = new RunSchedule(options, _assembler.Sampler.StepsPerEpoch);
            _validation = new Validation(_network, device, _data.Held, options.ValidationPictures, cancellation);
            _record = new RunRecord(options, _data, device);
        }
        catch
        {
            _session.Dispose();
            throw;
        }

        observer.Started(new TrainingStart(_data, _network, _session.ParameterCount, _schedule, device.Description));
    }

    /// <summary>Runs to the end, or until it is asked to stop: then the step in progress is finished and saved.</summary>
    /// <exception cref="DivergenceException">The loss or its gradient is no longer a number.</exception>
    /// <exception cref="RunFolderException">A file could not be written.</exception>
    public TrainingOutcome Run(CancellationToken cancellation)
    {
        _folder.SaveRecord(_record.ToJson(null));
        using var log = new TrainingLog(_folder.Log, lastStep: 0);
        Validate(0, cancellation);
        var saved = Stopwatch.StartNew();
        long step = 0;
        using (var batches = new BatchPrefetcher(_assembler, SamplerPosition.Start, BatchesAhead))
        {
            while (step < _schedule.TotalSteps && TryTake(batches, cancellation) is { } batch)
            {
                using (batch)
                {
                    Step(++step, batch, log);
                }

                if (_schedule.IsValidatedAfter(step))
                {
                    Validate(step, CancellationToken.None);
                    saved.Restart();
                }
                else if (saved.Elapsed > SaveInterval)
                {
                    SaveLast(step, null);
                    saved.Restart();
                }
            }
        }

        if (step == _schedule.TotalSteps)
        {
            ShowBest();
        }
        else if (step > _lastSaved)
        {
            SaveLast(step, null);
        }

        var outcome = new TrainingOutcome(_folder, step, _validation.Before, _best, IsInterrupted: step < _schedule.TotalSteps);
        _folder.SaveRecord(_record.ToJson(outcome));
        return outcome;
    }

    public void Dispose()
    {
        _validation.Dispose();
        _session.Dispose();
    }

    /// <summary>The next batch, or null if the run is to stop.</summary>
    private static Batch? TryTake(BatchPrefetcher batches, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return null;
        }

        try
        {
            return batches.Next(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private void Step(long step, Batch batch, TrainingLog log)
    {
        var rate = _schedule.RateOf(step);
        // Without the token: a step that is cut off half-way would leave moments and parameters of different steps.
        var result = _session.Step(batch.Input, batch.Target, batch.Count, batch.Height, batch.Width, rate, _options.Clip);
        var losses = result.Losses.Select(loss => KeyValuePair.Create(loss.Key == "loss" ? "total" : loss.Key["loss.".Length..], (double)loss.Value));
        log.Write(new TrainingStep(step, batch.Position.Epoch, [.. losses], result.GradientNorm, rate));
        if (!float.IsFinite(result.Loss) || !float.IsFinite(result.GradientNorm))
        {
            throw new DivergenceException(step, float.IsFinite(result.Loss) ? "gradient" : "loss", batch.Names, _lastGood);
        }

        Array.Resize(ref _restored, batch.Target.Length);
        _session.ReadRestored(_restored);
        _observer.Stepped(new StepReport(step, result, rate, PictureMetrics.Psnr(_restored, batch.Target)));
    }

    private void Validate(long step, CancellationToken cancellation)
    {
        var parameters = _session.ReadParameters();
        PictureScores scores;
        try
        {
            scores = _validation.Score(parameters, cancellation);
        }
        catch (RestorationException) when (step > 0)
        {
            throw new DivergenceException(step, "restored picture", [.. _validation.Pairs.Select(pair => pair.Name)], _lastGood);
        }

        // Random weights are not worth keeping, however they score; weights that were given are the ones to beat.
        var isBest = (step > 0 || _options.Weights is not null) && (_best is null || scores.Psnr > _best.After.Psnr);
        var report = new ValidationReport(step, _validation.Before, scores, isBest);
        if (isBest)
        {
            _best = report;
            _folder.SaveCheckpoint(_folder.Best, _options, _network, parameters, new CheckpointNote(step, scores.Psnr));
            _lastGood = _folder.Best;
        }

        if (step > 0)
        {
            SaveLast(step, scores.Psnr);
        }

        _record.Add(report);
        _observer.Validated(report);
    }

    private void SaveLast(long step, double? psnr)
    {
        _folder.SaveCheckpoint(_folder.Last, _options, _network, _session.ReadParameters(), new CheckpointNote(step, psnr));
        _lastGood = _folder.Last;
        _lastSaved = step;
    }

    /// <summary>What the best weights make of held-out pictures, for eyes.</summary>
    private void ShowBest()
    {
        var parameters = NetworkWeights.Flatten(WeightFile.Read(_folder.Best), _network);
        var shown = _validation.Show(parameters, ExamplePairs);
        _folder.SaveSheet(Validation.Sheet(shown));
        if (_options.Data is null)
        {
            _folder.SaveExamples(shown);
        }
    }
}
