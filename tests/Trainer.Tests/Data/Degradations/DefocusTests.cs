using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Data.Degradations;

public sealed class DefocusTests
{
    private static readonly Lens Round = new() { FocusDistance = 2f, Strength = 8f, LargestRadius = 20f };

    [Fact]
    public void The_radius_is_that_of_a_thin_lens()
    {
        // Opening 25 mm, focal length 50 mm, set to 2 m, 3000 pixels on 36 mm.
        const double A = 0.025, F = 0.05, S = 2, PixelsPerMetre = 3000 / 0.036;
        var lens = new Lens { FocusDistance = (float)S, Strength = (float)(A / 2 * F / (S - F) * S * PixelsPerMetre), LargestRadius = 1000f };
        foreach (var z in (double[])[0.5, 1, 2, 5, 100])
        {
            var expected = A / 2 * F / (S - F) * (z - S) / z * PixelsPerMetre;
            Assert.Equal(expected, lens.RadiusAt((float)z), 1e-3 * Math.Max(1, Math.Abs(expected)));
        }
    }

    [Fact]
    public void Weights_sum_to_one_and_cover_the_area_of_the_figure()
    {
        foreach (var radius in (float[])[0.2f, 0.5f, 0.9f, 2.3f, 6f])
        {
            var kernel = ApertureKernel.Of(Round, radius);
            Assert.Equal(1.0, kernel.Rows.Sum(row => row.Weights.Sum(weight => (double)weight)), 1e-5);
            if (radius > 2f)
            {
                var peak = kernel.Rows.Max(row => row.Weights.Max());
                Assert.Equal(Math.PI * radius * radius, 1 / peak, 0.05 * Math.PI * radius * radius);
            }
        }

        Assert.Equal(0, ApertureKernel.Of(Round, 0.4f).Reach);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(9)]
    public void Blades_make_a_polygon_that_turns_over_before_the_focus(int blades)
    {
        var lens = Round with { Blades = blades, Rotation = 0.4f };
        for (var i = 0; i < blades; i++)
        {
            Assert.Equal(1f, lens.EdgeAt(0.4f + i * 2f * MathF.PI / blades), 1e-4f);
            Assert.Equal(MathF.Cos(MathF.PI / blades), lens.EdgeAt(0.4f + (i + 0.5f) * 2f * MathF.PI / blades), 1e-4f);
        }

        Assert.True((lens with { Roundness = 0.5f }).SmallestEdge > lens.SmallestEdge);
        var (behind, before) = (Dense(ApertureKernel.Of(lens, 8f)), Dense(ApertureKernel.Of(lens, -8f)));
        for (var y = 0; y < behind.GetLength(0); y++)
        {
            for (var x = 0; x < behind.GetLength(1); x++)
            {
                Assert.Equal(behind[y, x], before[behind.GetLength(0) - 1 - y, behind.GetLength(1) - 1 - x], 2e-4f);
            }
        }
    }

    [Fact]
    public void What_is_in_focus_stays_as_it_is()
    {
        var scene = SceneRenderer.Render(SceneFamily.Room, 1, 1, 48, 40);
        var flat = scene with { Depth = [.. Enumerable.Repeat(2f, scene.Depth.Length)] };
        Assert.Equal(PixelFormats.QuantizeTo8Bits(flat.Colours), PixelFormats.QuantizeTo8Bits(DefocusBlur.Apply(flat, Round)));
    }

    /// <summary>Seams at edges of depth and at the picture's border would show here first.</summary>
    [Theory]
    [InlineData("Thicket")]
    [InlineData("Room")]
    [InlineData("Waterfront")]
    public void One_colour_stays_one_colour_whatever_the_depth(string family)
    {
        var scene = SceneRenderer.Render(Enum.Parse<SceneFamily>(family), 1, 3, 64, 64);
        var colours = new float[scene.Colours.Length];
        Array.Fill(colours, 0.6f);
        for (var i = 0; i < 6; i++)
        {
            var lens = Lens.Draw(new SeededRandom(2, i), scene);
            Assert.All(DefocusBlur.Apply(scene with { Colours = colours }, lens), value => Assert.Equal(0.6f, value, 1e-3f));
        }
    }

    [Theory]
    [InlineData(2f, 8f)] // sharp in front of blurred
    [InlineData(8f, 2f)] // blurred behind sharp, swapped sides
    [InlineData(2f, 0.7f)] // blurred in front of sharp
    public void Across_an_edge_of_depth_light_goes_from_one_side_to_the_other_without_a_seam(float left, float right)
    {
        const int Size = 64;
        var (colours, depth) = (new float[3 * Size * Size], new float[Size * Size]);
        for (var i = 0; i < depth.Length; i++)
        {
            var isLeft = i % Size < Size / 2;
            depth[i] = isLeft ? left : right;
            for (var channel = 0; channel < 3; channel++)
            {
                colours[channel * depth.Length + i] = isLeft ? 0.2f : 0.8f;
            }
        }

        var blurred = DefocusBlur.Apply(new Scene(Size, Size, colours, depth), Round);
        var row = blurred.AsSpan(Size / 2 * Size, Size).ToArray();
        Assert.All(row, value => Assert.InRange(value, 0.2f - 1e-3f, 0.8f + 1e-3f));
        for (var x = 1; x < Size; x++)
        {
            Assert.True(row[x] >= row[x - 1] - 1e-4f, $"from {row[x - 1]} to {row[x]} at {x}");
        }
    }

    [Fact]
    public void A_sharp_thing_keeps_its_edge_before_a_blurred_ground()
    {
        const int Size = 48;
        var (colours, depth) = (new float[3 * Size * Size], new float[Size * Size]);
        for (var i = 0; i < depth.Length; i++)
        {
            depth[i] = i % Size < Size / 2 ? 2f : 100f;
            colours[i] = i % Size < Size / 2 ? 1f : 0f;
        }

        var red = DefocusBlur.Apply(new Scene(Size, Size, colours, depth), Round);
        Assert.Equal(1f, red[Size / 2 * Size + Size / 2 - 1], 1e-3f);
        Assert.Equal(0f, red[Size / 2 * Size + Size / 2], 1e-3f);
    }

    [Fact]
    public void A_point_of_light_far_away_becomes_a_disc_of_its_radius_with_all_of_its_light()
    {
        const int Size = 41;
        var (colours, depth) = (new float[3 * Size * Size], new float[Size * Size]);
        Array.Fill(depth, 1e6f);
        colours[Size / 2 * Size + Size / 2] = 1f;
        var lens = Round with { Strength = 12f };
        var light = DefocusBlur.Apply(new Scene(Size, Size, colours, depth), lens).Take(Size * Size).Select(LinearLight.Decode).ToArray();
        Assert.Equal(1f, light.Sum(), 0.03f);
        for (var i = 0; i < light.Length; i++)
        {
            var distance = Math.Sqrt(Math.Pow(i % Size - Size / 2, 2) + Math.Pow(i / Size - Size / 2, 2));
            // The layers on both sides of the radius of 6 share it.
            if (distance < 4.5)
            {
                Assert.Equal(1 / (Math.PI * 36), light[i], 0.12 / (Math.PI * 36));
            }
            else if (distance > 7.3)
            {
                Assert.Equal(0f, light[i], 1e-5f);
            }
        }
    }

    /// <summary>Over ground that recedes evenly, stripes lose their contrast evenly: no row shows where one layer of blur ends and the next begins.</summary>
    [Fact]
    public void Blur_grows_without_steps()
    {
        const int Width = 64, Height = 160;
        const float Strength = 12f, Largest = 3f;
        var (colours, depth) = (new float[3 * Width * Height], new float[Width * Height]);
        for (var i = 0; i < depth.Length; i++)
        {
            var (x, y) = (i % Width, i / Width);
            depth[i] = 1f / (1f - Largest / Strength * y / (Height - 1));
            colours[i] = colours[depth.Length + i] = colours[2 * depth.Length + i] = x / 4 % 2 == 0 ? 0.2f : 0.8f;
        }

        var blurred = DefocusBlur.Apply(new Scene(Width, Height, colours, depth), new Lens { FocusDistance = 1f, Strength = Strength, LargestRadius = Largest });
        float Contrast(int y)
        {
            var row = blurred.AsSpan(y * Width + 8, 48).ToArray();
            var mean = row.Average();
            return MathF.Sqrt(row.Average(value => (value - mean) * (value - mean)));
        }

        // Rows at the ends lack light from beyond them.
        var contrasts = Enumerable.Range(8, Height - 16).Select(Contrast).ToArray();
        Assert.InRange(contrasts[^1] / contrasts[0], 0f, 0.4f);
        var largest = contrasts.Zip(contrasts.Skip(1), (a, b) => MathF.Abs(a - b)).Max();
        Assert.InRange(largest / (contrasts[0] - contrasts[^1]), 0f, 0.05f);
    }

    [Fact]
    public void Stripes_of_large_pictures_fit_together()
    {
        // More than the pixels from which threads share the rows.
        const int Width = 1100, Height = 1000;
        var random = new Random(1);
        var colours = new float[3 * Width * Height];
        var depth = new float[Width * Height];
        for (var i = 0; i < depth.Length; i++)
        {
            depth[i] = 1f + 4f * (i / Width) / Height;
            colours[i] = random.NextSingle();
        }

        // Rows 200 to 299 of the large picture, with what reaches into them, as a small one.
        const int From = 150, Rows = 200, Inner = 50;
        float[] Cut(float[] plane) => plane[(From * Width)..((From + Rows) * Width)];
        float[] small = [.. Cut(colours), .. new float[2 * Width * Rows]];
        var lens = Round with { Strength = 4f };
        var whole = Cut(DefocusBlur.Apply(new Scene(Width, Height, colours, depth), lens));
        var part = DefocusBlur.Apply(new Scene(Width, Rows, small, Cut(depth)), lens);
        Assert.Equal(0.0, Enumerable.Range(Inner * Width, (Rows - 2 * Inner) * Width).Max(i => Math.Abs(whole[i] - part[i])), 1e-6);
    }

    [Fact]
    public void Drawn_lenses_blur_something_in_every_scene_and_are_set_to_a_place_in_it_or_nearer()
    {
        for (var i = 0; i < 40; i++)
        {
            var scene = SceneRenderer.Render(SceneFamilies.Training[i % SceneFamilies.Training.Count], 5, i / 5, 48, 48);
            var lens = Lens.Draw(new SeededRandom(3, i), scene);
            var radii = scene.Depth.Select(depth => Math.Abs(lens.RadiusAt(depth))).ToList();
            Assert.InRange(radii.Max(), 1.5f, 8.41f);
            Assert.InRange(radii.Average(), 0.5f, 3.01f);
            Assert.InRange(lens.FocusDistance, 0.62f * scene.Depth.Min(), 1.01f * scene.Depth.Max());
        }
    }

    private static float[,] Dense(ApertureKernel kernel)
    {
        var size = 2 * kernel.Reach + 1;
        var weights = new float[size, size];
        foreach (var row in kernel.Rows)
        {
            for (var i = 0; i < row.Weights.Length; i++)
            {
                weights[row.Y + kernel.Reach, row.FirstX + kernel.Reach + i] = row.Weights[i];
            }
        }

        return weights;
    }
}
