using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Tests.Data.Degradations;

public sealed class HazeTests
{
    [Fact]
    public void The_formula_is_the_scattering_model()
    {
        var haze = new Haze(0.5f, 0.9f, 0.8f, 0.7f);
        float[] colours = [0.2f, 0.4f, 0.6f, 0.1f, 0.3f, 0.5f];
        float[] depth = [0f, 2f];
        var hazy = haze.Apply(colours, depth);
        var t = Math.Exp(-1.0);
        double[] expected =
        [
            0.2, 0.4 * t + 0.9 * (1 - t),
            0.6, 0.1 * t + 0.8 * (1 - t),
            0.3, 0.5 * t + 0.7 * (1 - t),
        ];
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], hazy[i], 1e-6);
        }
    }

    [Fact]
    public void Far_away_only_airlight_is_left() =>
        Assert.Equal([0.9f, 0.8f, 0.7f], new Haze(1f, 0.9f, 0.8f, 0.7f).Apply([0f, 0f, 0f], [1000f]));

    [Fact]
    public void Drawn_haze_has_near_white_airlight_and_a_visible_effect()
    {
        var depth = Enumerable.Range(1, 100).Select(i => (float)i).ToArray();
        var scene = new Scene(10, 10, new float[300], depth);
        var mean = Math.Exp(depth.Average(d => Math.Log(d)));
        for (var i = 0; i < 200; i++)
        {
            var haze = Haze.Draw(new SeededRandom(1, i), scene);
            float[] airlight = [haze.Red, haze.Green, haze.Blue];
            Assert.All(airlight, value => Assert.InRange(value, 0.7f, 1f));
            Assert.True(airlight.Max() - airlight.Min() <= 0.0801f);
            Assert.InRange(Math.Exp(-haze.Beta * mean), 0.2999, 0.8001);
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused() =>
        Assert.Throws<ArgumentException>(() => new Haze(1f, 1f, 1f, 1f).Apply(new float[5], new float[2]));
}
