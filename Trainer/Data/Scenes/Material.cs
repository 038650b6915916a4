using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>What a surface looks like before light falls on it.</summary>
internal enum Pattern
{
    Plain,
    Fractal,
    Bricks,
    Tiles,
    Stripes,
    Checker,
    Wood,
    Marble,
    Facade,
    Speckle,
    Panels,
    Patchwork,
}

/// <summary>
/// A textured surface. Colours are linear light (the square of what a picture shows). Patterns finer than a
/// pixel fade to their mean, so that distant surfaces do not shimmer.
/// </summary>
internal sealed record Material(Pattern Pattern, Vector3 First, Vector3 Second, float Scale, int Seed)
{
    /// <summary>Light that it gives off by itself, as a multiple of its colour.</summary>
    public float Emission { get; init; }

    /// <summary>Strength of the highlight, 0…1.</summary>
    public float Gloss { get; init; }

    /// <summary>Strength of the fine unevenness that every real surface has.</summary>
    public float Grain { get; init; } = 0.25f;

    /// <summary>Size of the coarsest unevenness, in metres; null takes a quarter of the pattern's.</summary>
    public float? GrainSize { get; init; }

    /// <summary>The colour at a place on the surface, in the surface's own units.</summary>
    /// <param name="uv">The place.</param>
    /// <param name="footprint">The size of a pixel there.</param>
    public Vector3 ColourAt(Vector2 uv, float footprint)
    {
        var place = uv / Scale;
        var pixel = footprint / Scale;
        var fade = Noise.Step(0.35f, 1.1f, pixel);
        var share = fade >= 1f ? MeanShare : Noise.Mix(ShareAt(place, pixel), MeanShare, fade);
        var fine = uv / (GrainSize ?? 0.27f * Scale);
        var finePixel = footprint / (GrainSize ?? 0.27f * Scale);
        var grain = 1f + Grain * (Noise.Fractal(fine.X, fine.Y, Seed + 71, 6, finePixel) - 0.5f) * 2f;
        return Vector3.Lerp(First, Second, share) * grain;
    }

    private float MeanShare => Pattern switch
    {
        Pattern.Plain => 0f,
        Pattern.Bricks or Pattern.Tiles => 0.2f,
        Pattern.Facade => 0.35f,
        _ => 0.5f,
    };

    /// <summary>How much of the second colour is at a place, 0…1.</summary>
    private float ShareAt(Vector2 p, float pixel) => Pattern switch
    {
        Pattern.Plain => 0f,
        Pattern.Fractal => Noise.Step(0.25f, 0.75f, Noise.Fractal(p.X, p.Y, Seed, 7, pixel)),
        Pattern.Bricks => Masonry(p.X - 0.5f * MathF.Abs(MathF.Floor(p.Y * 2f) % 2f), p.Y * 2f, 0.05f, 0.1f),
        Pattern.Tiles => Masonry(p.X, p.Y, 0.03f, 0.03f),
        Pattern.Stripes => Noise.Step(0.45f, 0.55f, MathF.Abs(Fraction(p.X) - 0.5f) * 2f),
        Pattern.Checker => ((int)MathF.Floor(p.X) + (int)MathF.Floor(p.Y)) & 1,
        Pattern.Wood => WoodGrain(p, pixel),
        Pattern.Marble => 0.5f + 0.5f * MathF.Sin(6f * (p.X + 0.6f * p.Y) + 9f * Noise.Fractal(p.X, p.Y, Seed, 7, pixel)),
        Pattern.Facade => Windows(p),
        Pattern.Speckle => Noise.Step(0.55f, 0.75f, Noise.Value(p.X * 2f, p.Y * 2f, Seed)),
        Pattern.Panels => Frames(p),
        Pattern.Patchwork => Noise.Hash((int)MathF.Floor(p.X), (int)MathF.Floor(p.Y), Seed),
        _ => throw new InvalidOperationException($"The pattern {Pattern} has no texture."),
    };

    private float Masonry(float x, float y, float jointX, float jointY)
    {
        var (u, v) = (Fraction(x), Fraction(y));
        var isJoint = u < jointX || v < jointY;
        var stone = Noise.Hash((int)MathF.Floor(x), (int)MathF.Floor(y), Seed);
        return isJoint ? 1f : 0.35f * stone * stone;
    }

    private float WoodGrain(Vector2 p, float pixel)
    {
        var board = MathF.Floor(p.Y);
        var tone = 0.35f * Noise.Hash((int)board, 3, Seed);
        var seam = Fraction(p.Y) < 0.03f ? 0.5f : 0f;
        var rings = Noise.Fractal(p.X * 0.7f + 17f * board, p.Y * 9f, Seed, 4, pixel * 9f);
        return Math.Clamp(tone + seam + 0.8f * (rings - 0.25f), 0f, 1f);
    }

    private float Windows(Vector2 p)
    {
        var (u, v) = (Fraction(p.X), Fraction(p.Y));
        if (u is < 0.22f or > 0.78f || v is < 0.2f or > 0.82f)
        {
            // The floor's ledge shows as a thin shade.
            return v > 0.95f ? 0.25f : 0f;
        }

        var isBar = MathF.Abs(u - 0.5f) < 0.025f || MathF.Abs(v - 0.55f) < 0.02f;
        var tone = Noise.Hash((int)MathF.Floor(p.X), (int)MathF.Floor(p.Y), Seed);
        return isBar ? 0.1f : 0.6f + 0.4f * tone - 0.25f * v;
    }

    private static float Frames(Vector2 p)
    {
        var (u, v) = (Fraction(p.X), Fraction(p.Y));
        var edge = MathF.Min(MathF.Min(u, 1f - u), MathF.Min(v, 1f - v));
        var isHandle = MathF.Abs(u - 0.5f) < 0.1f && MathF.Abs(v - 0.7f) < 0.03f;
        return edge < 0.02f || isHandle ? 1f : edge is > 0.08f and < 0.1f ? 0.5f : 0.05f;
    }

    private static float Fraction(float x) => x - MathF.Floor(x);
}
