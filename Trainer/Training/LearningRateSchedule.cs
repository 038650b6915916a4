namespace FocalNet.Trainer.Training;

/// <summary>
/// The published schedule: a linear warm-up over w epochs, then half a cosine down to the floor. For epoch
/// e = 1…N it is lr·e/w up to w, then f + (lr − f)·(1 + cos(π·(e − w − 1)/(N − w)))/2. The floor is that of the
/// published code, 1e-6; the paper's text says 1e-8.
/// </summary>
internal sealed record LearningRateSchedule
{
    public LearningRateSchedule(double peak, int epochs, int warmUpEpochs, double floor = 1e-6)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(peak);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(warmUpEpochs);
        ArgumentOutOfRangeException.ThrowIfNegative(floor);
        (Peak, Epochs, WarmUpEpochs, Floor) = (peak, epochs, warmUpEpochs, floor);
    }

    public double Peak { get; }

    public int Epochs { get; }

    public int WarmUpEpochs { get; }

    public double Floor { get; }

    /// <summary>The rate of an epoch, from 1; past the last epoch, that of the last.</summary>
    public double RateOf(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        epoch = Math.Min(epoch, Epochs);
        if (epoch <= WarmUpEpochs)
        {
            return Peak * epoch / WarmUpEpochs;
        }

        var turn = Math.PI * (epoch - WarmUpEpochs - 1) / (Epochs - WarmUpEpochs);
        return Floor + (Peak - Floor) * (1 + Math.Cos(turn)) / 2;
    }
}
