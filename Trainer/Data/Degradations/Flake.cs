using System.Numerics;
using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Data.Degradations;

/// <summary>One snowflake: an uneven disc, drawn along its way.</summary>
internal readonly record struct Flake
{
    // Below this a disc would fall between pixels; it is drawn larger and fainter instead.
    private const float SmallestDrawn = 0.6f;

    // From here on an outline can be seen; it bulges by so much at most.
    private const float SmallestUneven = 1.3f, LargestBulge = 1.3f;

    public required float X { get; init; }

    public required float Y { get; init; }

    /// <summary>In pixels.</summary>
    public required float Radius { get; init; }

    /// <summary>From the eye, in the unit of the scene's depth.</summary>
    public required float Distance { get; init; }

    /// <summary>Where it goes during the exposure, in pixels.</summary>
    public required Vector2 Way { get; init; }

    /// <summary>Radius of its circle of confusion, in pixels.</summary>
    public required float Blur { get; init; }

    /// <summary>Light held back at its middle if it stood still and were sharp.</summary>
    public required float Opacity { get; init; }

    /// <summary>Linear.</summary>
    public required Vector3 Light { get; init; }

    public required int Seed { get; init; }

    /// <summary>Lays it over a linear picture, wherever the scene is farther away than the flake.</summary>
    public void Draw(Scene scene, float[] light)
    {
        var radius = MathF.Max(Radius, SmallestDrawn);
        var outer = (radius + Softness(radius)) * (IsUneven ? LargestBulge : 1f);
        var (left, right) = (Math.Max(0, (int)(MathF.Min(X, X + Way.X) - outer)), Math.Min(scene.Width - 1, (int)(MathF.Max(X, X + Way.X) + outer)));
        var (top, bottom) = (Math.Max(0, (int)(MathF.Min(Y, Y + Way.Y) - outer)), Math.Min(scene.Height - 1, (int)(MathF.Max(Y, Y + Way.Y) + outer)));
        var pixels = scene.Width * scene.Height;
        for (var y = top; y <= bottom; y++)
        {
            for (var x = left; x <= right; x++)
            {
                var at = y * scene.Width + x;
                if (scene.Depth[at] <= Distance)
                {
                    continue;
                }

                var alpha = HeldBack(new Vector2(x + 0.5f - X, y + 0.5f - Y), radius);
                light[at] += (Light.X - light[at]) * alpha;
                light[pixels + at] += (Light.Y - light[pixels + at]) * alpha;
                light[2 * pixels + at] += (Light.Z - light[2 * pixels + at]) * alpha;
            }
        }
    }

    private bool IsUneven => Radius >= SmallestUneven;

    /// <summary>Its edge goes from full to nothing over twice this: a flake is a loose heap of crystals, and the lens adds its part.</summary>
    private float Softness(float radius) => MathF.Max(MathF.Max(Blur, 0.5f), 0.4f * radius);

    /// <summary>The share of a place's light that it holds back during the exposure.</summary>
    /// <param name="place">From its middle at the start.</param>
    /// <param name="radius">As drawn.</param>
    private float HeldBack(Vector2 place, float radius)
    {
        var softness = Softness(radius);
        var length = Way.Length();
        // What is drawn larger than it is, or spread by the lens, is fainter.
        var spread = MathF.Max(radius, softness);
        var opacity = Opacity * (Radius / radius) * (Radius / radius) * (radius / spread) * (radius / spread);
        if (length < 0.5f * radius)
        {
            return opacity * (1f - Noise.Step(radius - softness, radius + softness, Bent(place - 0.5f * Way)));
        }

        // The time for which a moving disc covers a place: longest in the middle of its way, less towards its sides and ends.
        var along = Vector2.Dot(place, Way) / length;
        var across = MathF.Abs(place.X * Way.Y - place.Y * Way.X) / length;
        var outer = MathF.Max(radius, softness);
        var half = across < outer ? MathF.Sqrt(outer * outer - across * across) : 0f;
        return opacity * MathF.Max(0f, MathF.Min(along + half, length) - MathF.Max(along - half, 0f)) / length;
    }

    /// <summary>Distance from its middle, bent by noise around it, so that the outline is uneven.</summary>
    private float Bent(Vector2 away)
    {
        var distance = away.Length();
        if (!IsUneven || distance < 1e-3f)
        {
            return distance;
        }

        var direction = away / distance * 1.7f;
        return distance / (0.8f + (LargestBulge - 0.8f) * Noise.Value(direction.X + 8f, direction.Y + 8f, Seed));
    }
}
