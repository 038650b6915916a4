using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Colours and materials that scenes share, varied by chance. Colours come out in linear light.</summary>
internal static class Palette
{
    /// <summary>From what a picture shows (0…1) to linear light.</summary>
    public static Vector3 Shown(float red, float green, float blue) => new(red * red, green * green, blue * blue);

    /// <summary>Hue in turns, saturation and value 0…1.</summary>
    public static Vector3 Hue(float hue, float saturation, float value)
    {
        Span<float> channels = stackalloc float[3];
        for (var i = 0; i < 3; i++)
        {
            var place = (hue - i / 3f + 1f) % 1f;
            var weight = Math.Clamp(MathF.Abs(6f * place - 3f) - 1f, 0f, 1f);
            channels[i] = value * (1f - saturation + saturation * weight);
        }

        return Shown(channels[0], channels[1], channels[2]);
    }

    public static Vector3 Any(SeededRandom random) => random.Chance(0.45)
        ? Muted(random) * random.Range(0.15f, 1f)
        : Hue(random.Range(0f, 1f), random.Range(0.15f, 0.75f), random.Range(0.25f, 0.95f));

    /// <summary>Walls, stone, plaster: little colour.</summary>
    public static Vector3 Muted(SeededRandom random) => random.Chance(0.65)
        ? Hue(random.Range(0.02f, 0.15f), random.Range(0.02f, 0.3f), random.Range(0.4f, 0.95f))
        : Hue(random.Range(0f, 1f), random.Range(0f, 0.16f), random.Range(0.4f, 0.95f));

    public static Vector3 Brick(SeededRandom random) => Hue(random.Range(0f, 0.09f), random.Range(0.3f, 0.65f), random.Range(0.4f, 0.75f));

    public static Vector3 Leaf(SeededRandom random) => random.Chance(0.2)
        ? Hue(random.Range(0.03f, 0.14f), random.Range(0.5f, 0.8f), random.Range(0.4f, 0.75f))
        : Hue(random.Range(0.19f, 0.38f), random.Range(0.3f, 0.7f), random.Range(0.22f, 0.55f));

    public static Vector3 Wood(SeededRandom random) => Hue(random.Range(0.05f, 0.1f), random.Range(0.35f, 0.65f), random.Range(0.3f, 0.75f));

    public static Material Of(SeededRandom random, Pattern pattern, Vector3 first, Vector3 second, float scale) =>
        new(pattern, first, second, scale, random.Range(0, 1 << 20)) { Grain = random.Range(0.08f, 0.45f) };

    public static Material Of(SeededRandom random, Pattern pattern, Vector3 first, float scale) =>
        Of(random, pattern, first, first * random.Range(0.25f, 0.6f), scale);

    /// <summary>Any material for a thing of about one metre.</summary>
    public static Material Thing(SeededRandom random, float size)
    {
        var pattern = random.Pick(Pattern.Plain, Pattern.Plain, Pattern.Fractal, Pattern.Stripes, Pattern.Checker, Pattern.Wood,
            Pattern.Marble, Pattern.Speckle, Pattern.Panels, Pattern.Patchwork, Pattern.Bricks);
        var scale = size * (pattern is Pattern.Panels ? random.Range(0.7f, 1.1f) : random.Range(0.12f, 0.5f));
        return Of(random, pattern, Any(random), Any(random), scale) with { Gloss = random.Chance(0.5) ? random.Range(0f, 0.5f) : 0f };
    }

    public static Material Wall(SeededRandom random)
    {
        var pattern = random.Pick(Pattern.Plain, Pattern.Plain, Pattern.Stripes, Pattern.Bricks, Pattern.Fractal, Pattern.Speckle, Pattern.Patchwork);
        var first = pattern == Pattern.Bricks ? Brick(random) : Muted(random);
        var second = Vector3.Lerp(first, Muted(random), random.Range(0.2f, 0.8f));
        return Of(random, pattern, first, second, random.Range(0.25f, 0.9f));
    }

    public static Material Floor(SeededRandom random)
    {
        var pattern = random.Pick(Pattern.Wood, Pattern.Tiles, Pattern.Checker, Pattern.Fractal, Pattern.Marble);
        var first = pattern == Pattern.Wood ? Wood(random) : Muted(random);
        var material = Of(random, pattern, first, first * random.Range(0.15f, 0.7f), random.Range(0.3f, 1f));
        return material with { Gloss = random.Range(0f, 0.2f) };
    }

    public static Material Leaves(SeededRandom random, float size) =>
        Of(random, Pattern.Fractal, Leaf(random), size) with { Grain = random.Range(0.4f, 0.8f) };

    /// <summary>Daylight from somewhere above, from overcast to hard sun, towards evening warmer.</summary>
    public static Lighting Daylight(SeededRandom random)
    {
        var height = random.Range(0.25f, 1.2f);
        var turn = random.Range(0f, 2f * MathF.PI);
        // Mostly from behind the eye, as people take pictures.
        var towards = new Vector3(MathF.Cos(turn) * MathF.Cos(height), MathF.Sin(height), MathF.Sin(turn) * MathF.Cos(height) - 0.5f);
        var hardness = random.Range(0.15f, 1f);
        var warmth = random.Range(0f, 0.35f) * (1.4f - height);
        return new Lighting
        {
            SunDirection = Vector3.Normalize(towards),
            Sun = hardness * 1.6f * new Vector3(1f, 1f - 0.35f * warmth, 1f - 0.9f * warmth),
            Ambient = (1.1f - 0.6f * hardness) * new Vector3(0.85f, 0.93f, 1.05f),
        };
    }

    public static Sky DaySky(SeededRandom random)
    {
        var zenith = Hue(random.Range(0.54f, 0.63f), random.Range(0.2f, 0.75f), random.Range(0.55f, 0.95f));
        var horizon = Vector3.Lerp(zenith, Shown(0.95f, 0.93f, 0.9f), random.Range(0.4f, 0.9f));
        if (random.Chance(0.15))
        {
            horizon = Hue(random.Range(0.02f, 0.12f), random.Range(0.2f, 0.6f), 0.95f);
        }

        return new Sky(horizon * 1.3f, zenith * 1.2f, Shown(1f, 1f, 1f) * 1.3f, random.Range(0.1f, 0.75f), random.Range(0, 1 << 20));
    }
}
