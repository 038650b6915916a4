using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Tests.Data;

public sealed class ProceduralSourceTests
{
    [Fact]
    public void Kept_and_redrawn_scenes_are_the_same()
    {
        var options = ProceduralOptions.ForTraining(DrawnDegradations.Haze, seed: 3, count: 7, size: 24);
        var kept = new ProceduralSource(options);
        var redrawn = new ProceduralSource(options with { CacheBytes = 0 });
        for (var i = 0; i < 7; i++)
        {
            var (a, b) = (kept.Load(i, new SeededRandom(9, i)), redrawn.Load(i, new SeededRandom(9, i)));
            Assert.Equal(a.Name, b.Name);
            Assert.Equal(a.Input.Pixels, b.Input.Pixels);
            Assert.Equal(a.Target.Pixels, b.Target.Pixels);
        }
    }

    [Fact]
    public void Training_varies_the_haze_and_validation_does_not()
    {
        var training = new ProceduralSource(ProceduralOptions.ForTraining(DrawnDegradations.Haze, 3, 5, 24));
        Assert.NotEqual(training.Load(0, new SeededRandom(1)).Input.Pixels, training.Load(0, new SeededRandom(2)).Input.Pixels);
        Assert.Equal(training.Load(0, new SeededRandom(1)).Target.Pixels, training.Load(0, new SeededRandom(2)).Target.Pixels);

        var validation = new ProceduralSource(ProceduralOptions.ForValidation(DrawnDegradations.Haze, 4, 24));
        Assert.Equal(validation.Load(1, new SeededRandom(1)).Input.Pixels, validation.Load(1, new SeededRandom(2)).Input.Pixels);
        Assert.StartsWith("Waterfront", validation.Load(1, new SeededRandom(1)).Name, StringComparison.Ordinal);
    }

    /// <summary>Some scenes are shown as they are and some nearly so, each time by a new draw; what is judged by is always degraded.</summary>
    [Theory]
    [InlineData("dehaze")]
    [InlineData("desnow")]
    [InlineData("deblur")]
    public void Some_training_scenes_are_shown_clean_and_some_slightly_degraded(string name)
    {
        const int Draws = 400;
        var task = RestorationTasks.TryFind(name)!;
        var source = task.TrainingScenes(3, 5, 24);
        var differences = Enumerable.Range(0, Draws).Select(i => Difference(source.Load(i % 5, new SeededRandom(8, i)))).ToArray();
        Assert.Equal(differences, Enumerable.Range(0, Draws).Select(i => Difference(source.Load(i % 5, new SeededRandom(8, i)))));
        // Four standard deviations of a share of 400.
        Assert.InRange(differences.Count(value => value == 0) / (double)Draws, task.Shares.Clean - 0.065, task.Shares.Clean + 0.065);
        Assert.InRange(task.Shares.Clean, 0.1, 0.2);

        var fully = new ProceduralSource(ProceduralOptions.ForTraining(task.Degradation, 3, 5, 24));
        var slightly = new ProceduralSource(ProceduralOptions.ForTraining(task.Degradation, 3, 5, 24, new DegradationShares(0, 1)));
        double Mean(IPairSource pairs) => Enumerable.Range(0, 50).Average(i => Difference(pairs.Load(i % 5, new SeededRandom(8, i))));
        Assert.InRange(Mean(slightly), 1e-4, 0.5 * Mean(fully));

        var held = task.ValidationScenes(8, 24);
        Assert.All(Enumerable.Range(0, 8), i => Assert.NotEqual(0, Difference(held.Load(i, new SeededRandom(1)))));
        Assert.DoesNotContain("clean", held.Description, StringComparison.Ordinal);
        Assert.Contains("12 % shown clean", source.Description, StringComparison.Ordinal);
    }

    private static double Difference(PicturePair pair) => pair.Input.Pixels.Zip(pair.Target.Pixels, (a, b) => Math.Abs(a - b)).Average();

    [Fact]
    public void Both_pictures_are_of_8_bits()
    {
        var pair = new ProceduralSource(ProceduralOptions.ForTraining(DrawnDegradations.Haze, 3, 5, 24)).Load(2, new SeededRandom(1));
        Assert.Equal(PixelFormats.QuantizeTo8Bits(pair.Input.Pixels), pair.Input.Pixels);
        Assert.Equal(PixelFormats.QuantizeTo8Bits(pair.Target.Pixels), pair.Target.Pixels);
        Assert.NotEqual(pair.Input.Pixels, pair.Target.Pixels);
    }

    [Fact]
    public void Random_numbers_are_the_same_everywhere()
    {
        // Computed once; a change would break every saved run.
        var random = new SeededRandom(1, 2, 3);
        ulong[] first = [random.NextBits(), random.NextBits()];
        Assert.Equal((ulong[])[5741144458563851617UL, 4469297732110945267UL], first);
    }
}
