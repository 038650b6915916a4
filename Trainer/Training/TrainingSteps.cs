using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Distributed;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Training;

/// <summary>
/// Takes the steps of a run: in one go where a process has one batch a step, otherwise as gradients that are averaged over batches
/// and processes before the optimizer sees them. Keeps the moving average of the weights where one is wanted.
/// </summary>
internal sealed class TrainingSteps : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly IProcessGroup _group;
    private readonly float[] _parameters;
    private float[] _restored = [];

    /// <param name="options">What is done.</param>
    /// <param name="network">What is trained.</param>
    /// <param name="device">Where to run; stays the caller's.</param>
    /// <param name="parameters">To start from.</param>
    /// <param name="resume">The run to go on with, if there is one.</param>
    /// <param name="group">The processes that train together.</param>
    public TrainingSteps(TrainingOptions options, NetworkEntry network, IDevice device, float[] parameters, ResumePoint? resume, IProcessGroup group)
    {
        (_options, _group) = (options, group);
        Session = new TrainingSession(network, device, parameters);
        try
        {
            resume?.Checkpoint?.Restore(Session);
        }
        catch
        {
            Session.Dispose();
            throw;
        }

        _parameters = new float[Session.ParameterCount];
        if (options.AverageDecay > 0)
        {
            Average = new ParameterAverage(options.AverageDecay, resume?.Checkpoint?.Average ?? parameters, resume?.Step ?? 0);
        }
    }

    public TrainingSession Session { get; }

    /// <summary>The moving average of the weights; null where none is kept.</summary>
    public ParameterAverage? Average { get; }

    /// <summary>The weights to validate, keep and restore with: the average where there is one.</summary>
    public ReadOnlySpan<float> Weights
    {
        get
        {
            if (Average is not null)
            {
                return Average.Values;
            }

            Session.ReadParameters(_parameters);
            return _parameters;
        }
    }

    /// <summary>One step, without a token: one that is cut off half-way would leave moments and parameters of different steps.</summary>
    public StepReport Take(long step, IReadOnlyList<Batch> batches, double rate)
    {
        var (result, psnr) = batches.Count == 1 && _group.Size == 1 ? Whole(batches[0], rate) : Averaged(batches, rate);
        if (Average is not null)
        {
            Session.ReadParameters(_parameters);
            Average.Add(_parameters);
        }

        return new StepReport(step, result, rate, psnr);
    }

    public void Dispose() => Session.Dispose();

    private (StepResult Result, double Psnr) Whole(Batch batch, double rate)
    {
        var result = Session.Step(batch.Input, batch.Target, batch.Count, batch.Height, batch.Width, rate, _options.Clip);
        return (result, Psnr(batch));
    }

    private (StepResult Result, double Psnr) Averaged(IReadOnlyList<Batch> batches, double rate)
    {
        var psnr = 0.0;
        foreach (var batch in batches)
        {
            Session.Accumulate(batch.Input, batch.Target, batch.Count, batch.Height, batch.Width);
            psnr += Psnr(batch) / batches.Count;
        }

        var result = Session.Update(rate, _options.Clip, _group.Average);
        // Losses of the process's own batches; the log is about all of them.
        string[] names = [.. result.Losses.Keys];
        float[] means = [.. names.Select(name => result.Losses[name]), (float)psnr];
        _group.Average(means);
        return (result with { Losses = names.Zip(means).ToDictionary() }, means[^1]);
    }

    private double Psnr(Batch batch)
    {
        Array.Resize(ref _restored, batch.Target.Length);
        Session.ReadRestored(_restored);
        return PictureMetrics.Psnr(_restored, batch.Target);
    }
}
