using System.Text.Json;
using FocalNet.Tests.Shared;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Rates_are_those_of_the_published_schedulers()
    {
        foreach (var task in GoldenData.Json("schedule/lr").EnumerateObject())
        {
            var schedule = new LearningRateSchedule(Number(task.Value, "base_lr"), (int)Number(task.Value, "num_epoch"),
                (int)Number(task.Value, "warmup_epochs"), Number(task.Value, "eta_min"));
            var epoch = 0;
            foreach (var expected in task.Value.GetProperty("lr_used_in_epoch_1_to_N").EnumerateArray())
            {
                epoch++;
                Compare.RelativeScalar($"{task.Name}, epoch {epoch}", schedule.RateOf(epoch), expected.GetDouble(), 1e-9).Require();
            }

            Assert.Equal(schedule.Epochs, epoch);
        }
    }

    [Fact]
    public void Without_warm_up_the_first_epoch_has_the_peak()
    {
        var schedule = new LearningRateSchedule(1e-3, 10, 0);
        Assert.Equal(1e-3, schedule.RateOf(1), 1e-15);
        Assert.True(schedule.RateOf(10) > schedule.Floor);
        Assert.Equal(schedule.RateOf(10), schedule.RateOf(11));
    }

    [Fact]
    public void All_epochs_may_be_warm_up() => Assert.Equal(1e-3, new LearningRateSchedule(1e-3, 3, 3).RateOf(3), 1e-15);

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
