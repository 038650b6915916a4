using System.Numerics;

namespace FocalNet.Model;

/// <summary>
/// Exponential moving average of a network's parameters over training steps: a network that is usually better than any single step's.
/// After update n it is a = a + (1 − d)·(p − a) with d = min(decay, (1 + n)/(10 + n)), as in TensorFlow's ExponentialMovingAverage: a
/// young average follows fast, so that it does not stay at random weights.
/// </summary>
public sealed class ParameterAverage
{
    private readonly float[] _values;

    /// <summary>Starts an average, or goes on with one.</summary>
    /// <param name="decay">What stays of the average at each step, above 0 and below 1, such as 0.999.</param>
    /// <param name="start">The average so far: at the beginning the network's parameters.</param>
    /// <param name="updates">Updates so far.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is not between 0 and 1, or the number of updates is negative.</exception>
    public ParameterAverage(double decay, ReadOnlySpan<float> start, long updates = 0)
    {
        if (!(decay > 0 && decay < 1))
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "The decay of an average must be above 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfNegative(updates);
        (Decay, Updates, _values) = (decay, updates, start.ToArray());
    }

    /// <summary>What stays of the average at each step, once it is old enough.</summary>
    public double Decay { get; }

    /// <summary>Updates so far.</summary>
    public long Updates { get; private set; }

    /// <summary>The average, in the order of the parameters.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>Takes the parameters of another step in.</summary>
    /// <param name="parameters">As many as the average has.</param>
    /// <exception cref="ArgumentException">Their number is another one.</exception>
    public void Add(ReadOnlySpan<float> parameters)
    {
        if (parameters.Length != _values.Length)
            throw new ArgumentException($"The average is over {_values.Length} parameters; {parameters.Length} were given.", nameof(parameters));
        Updates++;
        var weight = (float)(1 - Math.Min(Decay, (1.0 + Updates) / (10.0 + Updates)));
        Span<float> average = _values;
        int i = 0;
        for (; i <= average.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var a = new Vector<float>(average[i..]);
            (a + weight * (new Vector<float>(parameters[i..]) - a)).CopyTo(average[i..]);
        }
        for (; i < average.Length; i++)
            average[i] += weight * (parameters[i] - average[i]);
    }
}
