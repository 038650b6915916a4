using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Training;

public sealed class ProgressEstimatorTests
{
    [Fact]
    public void An_even_pace_gives_the_exact_rest()
    {
        var progress = new ProgressEstimator(100);
        var state = default(ProgressState);
        for (var i = 1; i <= 40; i++)
        {
            state = progress.Report(i, TimeSpan.FromSeconds(2 * i));
        }

        Assert.Equal(0.4, state.Fraction, 1e-12);
        Assert.Equal(0.5, state.PerSecond!.Value, 1e-9);
        Assert.Equal(120, state.Remaining!.Value.TotalSeconds, 1e-6);
    }

    [Fact]
    public void A_slow_start_is_forgotten()
    {
        var progress = new ProgressEstimator(1000);
        progress.Report(1, TimeSpan.FromSeconds(60));
        var state = default(ProgressState);
        for (var i = 1; i <= 60; i++)
        {
            state = progress.Report(1 + i, TimeSpan.FromSeconds(60 + i));
        }

        Assert.Equal(1.0, state.PerSecond!.Value, 1e-9);
    }

    [Fact]
    public void What_an_earlier_run_did_counts_as_done_but_not_as_fast()
    {
        var state = new ProgressEstimator(100, alreadyDone: 50).Report(51, TimeSpan.FromSeconds(10));
        Assert.Equal(0.51, state.Fraction, 1e-12);
        Assert.Equal(0.1, state.PerSecond!.Value, 1e-12);
        Assert.Equal(490, state.Remaining!.Value.TotalSeconds, 1e-6);
    }

    [Fact]
    public void Progress_and_time_never_go_back()
    {
        var progress = new ProgressEstimator(10);
        progress.Report(5, TimeSpan.FromSeconds(5));
        var state = progress.Report(3, TimeSpan.FromSeconds(4));
        Assert.Equal(5, state.Done);
        Assert.Equal(1.0, progress.Report(12, TimeSpan.FromSeconds(6)).Fraction);
        Assert.Equal(TimeSpan.Zero, progress.Report(12, TimeSpan.FromSeconds(7)).Remaining);
    }

    [Fact]
    public void Nothing_is_promised_before_anything_is_known()
    {
        var state = new ProgressEstimator(10).Report(0, TimeSpan.FromSeconds(3));
        Assert.Null(state.PerSecond);
        Assert.Null(state.Remaining);
        Assert.Equal(1.0, new ProgressEstimator(0).Report(0, TimeSpan.Zero).Fraction);
    }

    [Theory]
    [InlineData(45.9, "45s")]
    [InlineData(725, "12m05s")]
    [InlineData(12000, "3h20m")]
    [InlineData(187200, "2d04h")]
    public void Times_are_short(double seconds, string expected) =>
        Assert.Equal(expected, ProgressEstimator.Describe(TimeSpan.FromSeconds(seconds)));
}
