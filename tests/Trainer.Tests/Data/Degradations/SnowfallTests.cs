using System.Numerics;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Tests.Data.Degradations;

public sealed class SnowfallTests
{
    private static readonly Snowfall Calm = new()
    {
        Coverage = 0.2f, SmallestRadius = 0.8f, LargestRadius = 5f, NearestDistance = 1f, Streak = 0f, Angle = 0f, Turbulence = 0f, Opening = 0f,
        FocusDistance = 5f, Opacity = 1f, Light = Vector3.One, Veil = new Haze(0f, 0f, 0f, 0f),
    };

    [Fact]
    public void The_same_key_gives_the_same_snow_and_another_key_another()
    {
        var scene = SceneRenderer.Render(SceneFamily.Street, 1, 1, 64, 48);
        Assert.Equal(Degradations(scene, 3), Degradations(scene, 3));
        Assert.NotEqual(Degradations(scene, 3), Degradations(scene, 4));

        static float[] Degradations(Scene scene, int key) => DrawnDegradations.Snow(scene, new SeededRandom(key));
    }

    [Fact]
    public void Flakes_never_darken_a_black_scene_and_cover_about_as_much_as_told()
    {
        var snow = Calm.Apply(Flat(256, 256, 0f, depth: 1000f), new SeededRandom(1));
        Assert.All(snow, value => Assert.InRange(value, 0f, 1f));
        // Overlapping takes a part away: 1 − e^−c of what would be covered.
        var covered = snow.Take(256 * 256).Average(LinearLight.Decode);
        Assert.InRange(covered, 0.7f * (1f - MathF.Exp(-0.2f)), 1.2f * (1f - MathF.Exp(-0.2f)));
    }

    [Fact]
    public void What_is_nearer_than_every_flake_hides_the_snow()
    {
        var scene = Flat(64, 64, 0.3f, depth: 0.9f);
        var snow = Calm.Apply(scene, new SeededRandom(1));
        for (var i = 0; i < snow.Length; i++)
        {
            Assert.Equal(scene.Colours[i], snow[i], 1e-4f);
        }
    }

    /// <summary>
    /// In a dense fall of specks before a few large flakes, these show whole: drawn the other way round, the specks would lie over them, and
    /// no large part of the picture were smooth.
    /// </summary>
    [Fact]
    public void Near_flakes_lie_over_far_ones()
    {
        var dense = Calm with { Coverage = 8f, SmallestRadius = 0.7f, LargestRadius = 14f, Light = new Vector3(0.5f) };
        var snow = dense.Apply(Flat(128, 128, 0f, depth: 1000f), new SeededRandom(2));
        var changes = Enumerable.Range(0, 127 * 128).Select(i => MathF.Abs(snow[i / 127 * 128 + i % 127 + 1] - snow[i / 127 * 128 + i % 127])).Order().ToArray();
        Assert.InRange(changes[changes.Length / 10], 0f, 0.0006f);
    }

    [Fact]
    public void Nearer_surfaces_show_fewer_flakes()
    {
        var depth = new float[128 * 128];
        for (var i = 0; i < depth.Length; i++)
        {
            depth[i] = i % 128 < 64 ? 2f : 100f;
        }

        var snow = Calm.Apply(new Scene(128, 128, new float[3 * depth.Length], depth), new SeededRandom(1));
        var near = Enumerable.Range(0, depth.Length).Where(i => i % 128 < 64).Average(i => LinearLight.Decode(snow[i]));
        var far = Enumerable.Range(0, depth.Length).Where(i => i % 128 >= 64).Average(i => LinearLight.Decode(snow[i]));
        Assert.InRange(near, 0.01f, 0.7f * far);
    }

    [Fact]
    public void Streaks_point_along_the_fall_and_hold_back_as_much_light_in_all()
    {
        var scene = Flat(256, 256, 0f, depth: 1000f);
        var sparse = Calm with { Coverage = 0.01f, SmallestRadius = 3f, LargestRadius = 3.01f };
        float[] Red(Snowfall snowfall) => [.. snowfall.Apply(scene, new SeededRandom(5)).Take(256 * 256).Select(LinearLight.Decode)];
        var (still, down, across) = (Red(sparse), Red(sparse with { Streak = 6f }), Red(sparse with { Streak = 6f, Angle = MathF.PI / 2f }));
        Assert.InRange(down.Sum() / still.Sum(), 0.75f, 1.25f);
        Assert.True(down.Max() < 0.5f * still.Max());
        // A streak changes little along its way.
        Assert.True(Change(down, 256) < 0.6f * Change(down, 1));
        Assert.True(Change(across, 1) < 0.6f * Change(across, 256));

        static float Change(float[] plane, int step) => Enumerable.Range(0, plane.Length - step).Sum(i => MathF.Abs(plane[i + step] - plane[i]));
    }

    [Fact]
    public void A_flake_out_of_focus_is_wider_and_fainter()
    {
        var sharp = new Flake { X = 16f, Y = 16f, Radius = 2f, Distance = 1f, Way = default, Blur = 0f, Opacity = 1f, Light = Vector3.One, Seed = 1 };
        var (a, b) = (Drawn(sharp), Drawn(sharp with { Blur = 5f }));
        Assert.True(b.Max() < 0.4f * a.Max());
        Assert.True(b.Count(value => value > 0f) > 2 * a.Count(value => value > 0f));

        static float[] Drawn(Flake flake)
        {
            var light = new float[3 * 32 * 32];
            flake.Draw(Flat(32, 32, 0f, depth: 10f), light);
            return light[..(32 * 32)];
        }
    }

    [Fact]
    public void Flakes_of_fourth_power_sizes_have_the_mean_area_that_their_number_is_reckoned_with()
    {
        // Large and small alike: the number of flakes is coverage over mean area.
        foreach (var (smallest, largest) in ((float, float)[])[(1f, 1.5f), (1.2f, 9f), (2f, 2.0001f)])
        {
            var snowfall = Calm with { SmallestRadius = smallest, LargestRadius = largest, Coverage = 0.05f };
            var snow = snowfall.Apply(Flat(384, 384, 0f, depth: 1e6f), new SeededRandom(11));
            Assert.InRange(snow.Take(384 * 384).Average(LinearLight.Decode), 0.032f, 0.065f);
        }
    }

    [Fact]
    public void Drawn_snow_goes_from_specks_to_a_blizzard_and_brightens_dark_scenes()
    {
        var scene = Flat(96, 96, 0.1f, depth: 20f);
        var means = Enumerable.Range(0, 60).Select(i => Degradation(i).Average()).ToList();
        Assert.All(means, mean => Assert.True(mean > 0.1f));
        Assert.True(means.Max() > 0.3f && means.Min() < 0.2f);

        float[] Degradation(int key) => DrawnDegradations.Snow(scene, new SeededRandom(9, key));
    }

    private static Scene Flat(int width, int height, float value, float depth)
    {
        var (colours, depths) = (new float[3 * width * height], new float[width * height]);
        Array.Fill(colours, value);
        Array.Fill(depths, depth);
        return new Scene(width, height, colours, depths);
    }
}
