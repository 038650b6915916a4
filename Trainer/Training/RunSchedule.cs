namespace FocalNet.Trainer.Training;

/// <summary>How long a run is, and its learning rates and validations on the way.</summary>
/// <remarks>
/// With epochs given, the rate changes with the epoch, as published. With steps alone it changes with the step
/// along the same curve, so that a short run anneals too; its warm-up is then at most a tenth of the run.
/// </remarks>
internal sealed class RunSchedule
{
    private readonly LearningRateSchedule _rates;
    private readonly bool _isByEpoch;
    private readonly long _interval;

    public RunSchedule(TrainingOptions options, int stepsPerEpoch)
    {
        StepsPerEpoch = stepsPerEpoch;
        if (options.Epochs is { } epochs)
        {
            _isByEpoch = true;
            _rates = new LearningRateSchedule(options.LearningRate, epochs, options.WarmUpEpochs);
            TotalSteps = Math.Min(options.Steps ?? long.MaxValue, (long)epochs * stepsPerEpoch);
        }
        else
        {
            TotalSteps = options.Steps ?? throw new ArgumentException("A run needs a length in epochs or in steps.", nameof(options));
            var length = (int)Math.Min(TotalSteps, int.MaxValue);
            var warmUp = (int)Math.Min((long)options.WarmUpEpochs * stepsPerEpoch, length / 10);
            _rates = new LearningRateSchedule(options.LearningRate, length, warmUp);
        }

        _interval = Math.Max(1, (TotalSteps + options.Validations - 1) / options.Validations);
    }

    public long TotalSteps { get; }

    public int StepsPerEpoch { get; }

    /// <summary>The epoch of a step, both from 1.</summary>
    public int EpochOf(long step) => (int)((step - 1) / StepsPerEpoch) + 1;

    /// <summary>The learning rate of a step, from 1.</summary>
    public double RateOf(long step) => _rates.RateOf(_isByEpoch ? EpochOf(step) : (int)step);

    /// <summary>Whether the network is validated and saved after a step.</summary>
    public bool IsValidatedAfter(long step) => step % _interval == 0 || step == TotalSteps;
}
