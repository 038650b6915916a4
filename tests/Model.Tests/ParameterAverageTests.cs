using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

public sealed class ParameterAverageTests
{
    /// <summary>Against the formula in double, over more numbers than a vector has lanes.</summary>
    [Fact]
    public void The_average_is_that_of_its_formula()
    {
        const double Decay = 0.4;
        float[] start = [.. Enumerable.Range(0, 37).Select(i => i * 0.25f)];
        double[] expected = [.. start.Select(value => (double)value)];
        var average = new ParameterAverage(Decay, start);
        for (int step = 1; step <= 12; step++)
        {
            float[] parameters = [.. start.Select((value, i) => value * step - i)];
            average.Add(parameters);
            double decay = Math.Min(Decay, (1.0 + step) / (10 + step));
            for (int i = 0; i < expected.Length; i++)
                expected[i] += (1 - decay) * (parameters[i] - expected[i]);
        }
        Compare.RelativeL2("average", average.Values.ToArray(), Array.ConvertAll(expected, value => (float)value), 1e-6).Require();
        Assert.Equal(12, average.Updates);
    }

    [Fact]
    public void An_average_that_goes_on_is_the_same()
    {
        var whole = new ParameterAverage(0.9, [1, 2, 3]);
        whole.Add([4, 5, 6]);
        var resumed = new ParameterAverage(0.9, whole.Values, whole.Updates);
        whole.Add([7, 8, 9]);
        resumed.Add([7, 8, 9]);
        Assert.Equal(whole.Values.ToArray(), resumed.Values.ToArray());
    }

    [Fact]
    public void Decays_and_lengths_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterAverage(1, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterAverage(double.NaN, [1]));
        Assert.Throws<ArgumentException>(() => new ParameterAverage(0.5, [1]).Add([1, 2]));
    }
}
