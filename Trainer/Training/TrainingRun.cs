using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Distributed;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Weights;

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
/// The same options give the same checkpoints, bit for bit, whatever the threads and however often the run was stopped and resumed.
/// </summary>
/// <remarks>
/// In a group of processes all take the same steps; the first one alone validates and writes. Before each step they agree on whether
/// to take it.
/// </remarks>
internal sealed class TrainingRun : IDisposable
{
    private const int BatchesAhead = 2;

    private readonly TrainingOptions _options;
    private readonly ITrainingObserver _observer;
    private readonly IProcessGroup _group;
    private readonly Agreement _agreement;
    private readonly TrainingData _data;
    private readonly RunSchedule _schedule;
    private readonly BatchAssembler _assembler;
    private readonly TrainingSteps _steps;
    private readonly RunWriter? _writer;
    private readonly SamplerPosition _start;
    private long _step;

    // The others may then wait for this process elsewhere than in an agreement.
    private bool _isExchanging;

    private TrainingRun(
        TrainingOptions options, IDevice device, ITrainingObserver observer, ResumePoint? resume, IProcessGroup group, Agreement agreement,
        CancellationToken cancellation)
    {
        (_options, _observer, _group, _agreement) = (options, observer, group, agreement);
        var network = NetworkCatalog.Find(options.Network);
        _data = TrainingData.Open(options, cancellation);
        resume?.RequireSame(options, _data, _group.Size);
        var parameters = resume?.Checkpoint is { } checkpoint ? checkpoint.Parameters
            : options.Weights is { } weights ? NetworkWeights.Flatten(WeightFile.Read(ShippedWeights.Resolve(weights, options.Task)), network)
            : NetworkWeights.Initial(network, (ulong)options.Seed);
        _steps = new TrainingSteps(options, network, device, parameters, resume, _group);
        try
        {
            var batches = new BatchOptions
            {
                BatchSize = options.Batch, Crop = options.Crop, FlipProbability = options.Flip, SizeMultiple = _steps.Session.Divisor,
                Division = new BatchDivision(options.Accumulate, _group.Size, _group.Rank),
            };
            _assembler = new BatchAssembler(_data.Train, batches, options.Seed);
            _schedule = new RunSchedule(options, _assembler.Sampler.UpdatesPerEpoch);
            (_step, _start) = (resume?.Step ?? 0, resume?.Next ?? SamplerPosition.Start);
            if (_start != _assembler.Sampler.StartOf(_step + 1))
            {
                throw new RunConfigurationException(resume!.Folder.Last, "the checkpoint's place in the data is not that of its step.", "The data set is another one than before.");
            }

            _writer = _group.Rank == 0 ? new RunWriter(options, _data, network, device, observer, _group.Size, resume, cancellation) : null;
        }
        catch
        {
            _steps.Dispose();
            throw;
        }

        if (_writer is not null)
        {
            _observer.Started(new TrainingStart(options.Out, _data, network, _steps.Session.ParameterCount, _schedule, device.Description, resume?.Step, _group.Size));
        }
    }

    /// <summary>Opens all that the run needs, and creates its folder last.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="device">Where to run; stays the caller's.</param>
    /// <param name="observer">Is told how it goes, in the first process only.</param>
    /// <param name="cancellation">Stops the preparation.</param>
    /// <param name="resume">The run to go on with; null begins one.</param>
    /// <param name="group">The processes that train together; stays the caller's. Null for this one alone.</param>
    /// <param name="agreement">Theirs.</param>
    /// <exception cref="RunConfigurationException">The run to go on with has other options or data.</exception>
    /// <exception cref="RunFolderException">The folder can't be used.</exception>
    /// <exception cref="OtherProcessException">Another process of the group has failed to open the run.</exception>
    public static TrainingRun Open(
        TrainingOptions options, IDevice device, ITrainingObserver observer, CancellationToken cancellation, ResumePoint? resume = null,
        IProcessGroup? group = null, Agreement? agreement = null)
    {
        group ??= new SingleProcess();
        agreement ??= new Agreement(group);
        TrainingRun run;
        try
        {
            run = new TrainingRun(options, device, observer, resume, group, agreement, cancellation);
        }
        catch
        {
            agreement.Fail();
            throw;
        }

        if (agreement.On(Wish.GoOn) == Wish.Fail)
        {
            run.Dispose();
            throw new OtherProcessException();
        }

        return run;
    }

    /// <summary>Runs to the end, or until it is asked to stop: then the step in progress is finished and saved.</summary>
    /// <exception cref="DivergenceException">The loss or its gradient is no longer a number.</exception>
    /// <exception cref="RunFolderException">A file could not be written.</exception>
    public TrainingOutcome Run(CancellationToken cancellation)
    {
        try
        {
            _writer?.Begin(_steps, _step, cancellation);
            if (_step < _schedule.TotalSteps)
            {
                using var batches = new BatchPrefetcher(_assembler, _start, BatchesAhead);
                while (_step < _schedule.TotalSteps && Take(batches, cancellation) is { } taken)
                {
                    Step(taken);
                }
            }

            var isInterrupted = _step < _schedule.TotalSteps;
            _writer?.End(_steps, _step, Next, isInterrupted);
            return _agreement.On(Wish.GoOn) == Wish.Fail
                ? throw new OtherProcessException()
                : _writer?.Outcome(_step, isInterrupted) ?? new TrainingOutcome(null!, _step, default, null, isInterrupted);
        }
        catch when (!_isExchanging)
        {
            _agreement.Fail();
            throw;
        }
    }

    public void Dispose()
    {
        _writer?.Dispose();
        _steps.Dispose();
    }

    private SamplerPosition Next => _assembler.Sampler.StartOf(_step + 1);

    private void Step(IReadOnlyList<Batch> taken)
    {
        _step++;
        var rate = _schedule.RateOf(_step);
        try
        {
            _isExchanging = true;
            var report = _steps.Take(_step, taken, rate);
            _isExchanging = false;
            _writer?.Stepped(report, taken[0].Position.Epoch);
            if (!float.IsFinite(report.Result.Loss) || !float.IsFinite(report.Result.GradientNorm))
            {
                // Losses and gradient are averages: every process sees this.
                _agreement.FailTogether();
                throw new DivergenceException(
                    _step, float.IsFinite(report.Result.Loss) ? "gradient" : "loss", [.. taken.SelectMany(batch => batch.Names)], _writer?.LastGood);
            }

            if (_writer is not null)
            {
                _observer.Stepped(report);
            }
        }
        finally
        {
            foreach (var batch in taken)
            {
                batch.Dispose();
            }
        }

        var isValidated = _schedule.IsValidatedAfter(_step);
        if (isValidated)
        {
            RequireSameWeights();
        }

        _writer?.SaveIfDue(_steps, _step, Next, isValidated);
    }

    /// <summary>Equal averages and equal arithmetic keep the weights of all processes equal to the bit; other processors might not.</summary>
    private void RequireSameWeights()
    {
        if (_group.Size == 1)
        {
            return;
        }

        var code = BitConverter.ToInt32(SHA256.HashData(MemoryMarshal.AsBytes(_steps.Weights)));
        if (_group.Max(code) != ~_group.Max(~code))
        {
            _agreement.FailTogether();
            throw new DistributedException(FormattableString.Invariant(
                $"At step {_step} the processes have different weights: they run on processors or with versions that compute differently. Use equal machines, or --precision strict."));
        }
    }

    /// <summary>The batches of the next step, or null if the run is to stop: if any process was asked to, all do.</summary>
    private List<Batch>? Take(BatchPrefetcher batches, CancellationToken cancellation)
    {
        var taken = new List<Batch>();
        Exception? failure = null;
        try
        {
            for (var i = 0; i < _options.Accumulate && !cancellation.IsCancellationRequested; i++)
            {
                taken.Add(batches.Next(cancellation));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Said below.
        }
        catch (Exception e)
        {
            failure = e;
        }

        var isComplete = taken.Count == _options.Accumulate;
        var wish = _agreement.On(failure is not null ? Wish.Fail : isComplete ? Wish.GoOn : Wish.Stop);
        if (wish == Wish.GoOn)
        {
            return taken;
        }

        taken.ForEach(batch => batch.Dispose());
        if (wish == Wish.Fail)
        {
            _writer?.SaveIfBehind(_steps, _step, Next);
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return wish == Wish.Stop ? null : throw new OtherProcessException();
    }
}

/// <summary>Another process of the group has failed, and says itself why.</summary>
internal sealed class OtherProcessException() : Exception("Training stops because another of its processes has failed; its message says why.");
