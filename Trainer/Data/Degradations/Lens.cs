using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Data.Degradations;

/// <summary>
/// A thin lens with an opening of straight or rounded blades, set to a distance. A point at distance z becomes a figure of the
/// opening's form with the radius a/2 · f/(s − f) · |z − s|/z, for opening a, focal length f and the distance s
/// that is sharp; with everything but z in one number, strength · |1/s − 1/z|.
/// </summary>
internal sealed record Lens
{
    /// <summary>The distance that is sharp.</summary>
    public required float FocusDistance { get; init; }

    /// <summary>Radius in pixels times distance: what is infinitely far has the radius strength / focus distance.</summary>
    public required float Strength { get; init; }

    /// <summary>No point gets larger than this, in pixels, however near it is.</summary>
    public required float LargestRadius { get; init; }

    /// <summary>Blades of the opening; below 3 it is a circle.</summary>
    public int Blades { get; init; }

    /// <summary>Of the opening, in radians.</summary>
    public float Rotation { get; init; }

    /// <summary>0 for straight blades, 1 for a circle.</summary>
    public float Roundness { get; init; }

    /// <summary>
    /// A lens for a scene: set to some distance of those in it, or, as happens, to one nearer than all of them; and as wide open as
    /// makes the places 1.8 to 3 pixels in radius on average, if that makes none but the outermost twentieth larger than 7.
    /// </summary>
    /// <param name="random">Where it comes from.</param>
    /// <param name="scene">What it is set to.</param>
    /// <param name="isSlight">Less than that: 0.2 to 1.4 pixels on average.</param>
    public static Lens Draw(SeededRandom random, Scene scene, bool isSlight = false)
    {
        var inverse = Array.ConvertAll(scene.Depth, depth => 1f / MathF.Max(depth, 1e-3f));
        Array.Sort(inverse);
        var (far, near) = (inverse[inverse.Length / 20], inverse[^(inverse.Length / 20 + 1)]);
        var focus = random.Range(far, 1.6f * near);
        var spread = MathF.Max(MathF.Max(focus - far, near - focus), 1e-6f);
        var mean = MathF.Max(inverse.Average(value => MathF.Abs(value - focus)), 1e-6f);
        var radius = MathF.Min((isSlight ? random.Range(0.2f, 1.4f) : random.Range(1.8f, 3f)) * spread / mean, 7f);
        var isRound = random.Chance(0.4);
        return new Lens
        {
            FocusDistance = 1f / focus,
            Strength = radius / spread,
            LargestRadius = 1.2f * radius,
            Blades = isRound ? 0 : random.Range(5, 10),
            Rotation = random.Range(0f, 2f * MathF.PI),
            Roundness = random.Range(0f, 0.8f),
        };
    }

    /// <summary>Radius of the circle of confusion in pixels; negative for what is nearer than the focus.</summary>
    public float RadiusAt(float distance) =>
        Math.Clamp(Strength * (1f / FocusDistance - 1f / MathF.Max(distance, 1e-3f)), -LargestRadius, LargestRadius);

    /// <summary>The smallest value of <see cref="EdgeAt"/>: at the middle of a blade.</summary>
    public float SmallestEdge => Blades < 3 ? 1f : MathF.Cos(MathF.PI / Blades) * (1f - Roundness) + Roundness;

    /// <summary>
    /// Distance of the opening's edge from its middle, as a share of the radius of the circle around it.
    /// </summary>
    /// <param name="angle">In radians; what is nearer than the focus is turned by π.</param>
    public float EdgeAt(float angle)
    {
        if (Blades < 3)
        {
            return 1f;
        }

        var sector = 2f * MathF.PI / Blades;
        var within = angle - Rotation - sector * MathF.Floor((angle - Rotation) / sector) - sector / 2f;
        var straight = MathF.Cos(sector / 2f) / MathF.Cos(within);
        return straight + (1f - straight) * Roundness;
    }
}
