using FocalNet.Trainer.Tests.Commands;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Training;

public sealed class RunScheduleTests
{
    private static readonly TrainingOptions Base = TrainingOptions.For(TinyNetwork.Dehaze, "data", "out");

    [Fact]
    public void By_epochs_the_rate_is_that_of_the_published_schedule()
    {
        var schedule = new RunSchedule(Base, stepsPerEpoch: 437);
        var published = new LearningRateSchedule(8e-4, 1000, 3);
        Assert.Equal(437_000, schedule.TotalSteps);
        Assert.Equal(published.RateOf(1), schedule.RateOf(437));
        Assert.Equal(published.RateOf(2), schedule.RateOf(438));
        Assert.Equal(published.RateOf(1000), schedule.RateOf(437_000));
    }

    [Fact]
    public void By_steps_alone_the_rate_rises_for_a_tenth_at_most_and_ends_near_the_floor()
    {
        var schedule = new RunSchedule(Base with { Epochs = null, Steps = 200 }, stepsPerEpoch: 100);
        Assert.Equal(200, schedule.TotalSteps);
        Assert.Equal(8e-4 / 20, schedule.RateOf(1), 12);
        Assert.Equal(8e-4, schedule.RateOf(20), 12);
        Assert.True(schedule.RateOf(200) < 1e-6 + 8e-4 * 0.001);
    }

    [Fact]
    public void Steps_beside_epochs_only_stop_the_run()
    {
        var schedule = new RunSchedule(Base with { Steps = 5 }, stepsPerEpoch: 2);
        Assert.Equal(5, schedule.TotalSteps);
        Assert.Equal(new LearningRateSchedule(8e-4, 1000, 3).RateOf(3), schedule.RateOf(5));
    }

    [Fact]
    public void Validations_are_spread_evenly_and_the_last_step_is_one()
    {
        var schedule = new RunSchedule(Base with { Epochs = null, Steps = 10, Validations = 4 }, stepsPerEpoch: 100);
        Assert.Equal([3, 6, 9, 10], Enumerable.Range(1, 10).Where(step => schedule.IsValidatedAfter(step)));
    }
}
