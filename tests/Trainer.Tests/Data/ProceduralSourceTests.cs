using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Images;

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
