using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Tests.Data;

public sealed class SceneTests
{
    public static TheoryData<string> Families => new(Enum.GetNames<SceneFamily>());

    [Fact]
    public void Every_family_either_trains_or_judges()
    {
        Assert.Empty(SceneFamilies.Training.Intersect(SceneFamilies.HeldOut));
        Assert.Equal(Enum.GetValues<SceneFamily>(), SceneFamilies.Training.Concat(SceneFamilies.HeldOut).Order());
        Assert.Equal(SceneFamilies.Training, ProceduralOptions.ForTraining(DrawnDegradations.Haze, 1, 10, 32).Families);
        Assert.Equal(SceneFamilies.HeldOut, ProceduralOptions.ForValidation(DrawnDegradations.Haze, 10, 32).Families);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task The_same_key_gives_the_same_scene_and_another_key_another(string name)
    {
        var family = Enum.Parse<SceneFamily>(name);
        var scene = SceneRenderer.Render(family, 5, 3, 40, 32);
        var again = await Task.Run(() => SceneRenderer.Render(family, 5, 3, 40, 32));
        Assert.Equal(scene.Colours, again.Colours);
        Assert.Equal(scene.Depth, again.Depth);
        Assert.NotEqual(scene.Colours, SceneRenderer.Render(family, 5, 4, 40, 32).Colours);
        Assert.NotEqual(scene.Colours, SceneRenderer.Render(family, 6, 3, 40, 32).Colours);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Scenes_have_the_range_the_contrast_the_edges_and_the_depth_of_pictures(string name)
    {
        for (var index = 0; index < 12; index++)
        {
            var scene = SceneRenderer.Render(Enum.Parse<SceneFamily>(name), 2, index, 48, 48);
            Assert.All(scene.Colours, value => Assert.InRange(value, 0f, 1f));
            Assert.All(scene.Depth, value => Assert.True(value > 0f && float.IsFinite(value)));
            var mean = scene.Colours.Average();
            Assert.InRange(mean, 0.2f, 0.7f);
            Assert.True(Deviation(scene.Colours, mean) > 0.04, $"{name} {index} is flat.");
            Assert.True(scene.Depth.Max() > 2f * scene.Depth.Min(), $"{name} {index} has no depth.");
            Assert.True(EdgeShare(scene) > 0.03, $"{name} {index} has hardly an edge.");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Haze_costs_about_as_much_as_in_published_sets(string name)
    {
        var values = new List<double>();
        for (var index = 0; index < 30; index++)
        {
            var scene = SceneRenderer.Render(Enum.Parse<SceneFamily>(name), 3, index, 32, 32);
            var hazy = Haze.Draw(new SeededRandom(4, index), scene).Apply(scene.Colours, scene.Depth);
            values.Add(PictureMetrics.Psnr(hazy, scene.Colours));
        }

        values.Sort();
        Assert.InRange(values[15], 11, 17);
        Assert.InRange(values[3], 8, 13);
        Assert.InRange(values[26], 15, 22);
    }

    [Fact]
    public void Depth_is_the_distance_along_the_ray()
    {
        // A floor one below the eye and a level view: depth at a pixel is 1/sin(angle below the horizon).
        var floor = new PlaneShape(new Material(Pattern.Plain, new(0.5f), new(0.5f), 1f, 1), default, System.Numerics.Vector3.UnitY);
        var world = new World
        {
            Shapes = [floor],
            Eye = new Eye(new(0f, 1f, 0f), 0f, 0f, 0.5f),
            Lighting = new Lighting { SunDirection = System.Numerics.Vector3.UnitY, Sun = new(1f), Ambient = new(0.3f) },
            Sky = new Sky(new(0.5f), new(0.5f), new(1f), 0f, 1),
            FarDepth = 100f,
        };
        var scene = RayCaster.Draw(world, 64, 64);
        Assert.Equal(100f, scene.Depth[0]);
        var (x, y) = ((40 + 0.5 - 32) / 64, (60 + 0.5 - 32) / 64);
        Assert.Equal(Math.Sqrt(1 + x * x + y * y) / y, scene.Depth[60 * 64 + 40], 1e-4);
    }

    private static double Deviation(float[] values, float mean) => Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));

    private static double EdgeShare(Scene scene)
    {
        var edges = 0;
        for (var i = 0; i + 1 < scene.Depth.Length; i++)
        {
            edges += (i + 1) % scene.Width != 0 && Math.Abs(scene.Colours[i] - scene.Colours[i + 1]) > 0.06f ? 1 : 0;
        }

        return edges / (double)scene.Depth.Length;
    }
}
