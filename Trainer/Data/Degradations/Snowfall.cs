using System.Numerics;
using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Data.Degradations;

/// <summary>
/// Falling snow. Flakes are spread evenly in space, so a camera sees them in sizes whose frequency falls with the fourth
/// power: many specks, a few large ones close to it. Each hides what is behind it, moves during the exposure, which draws it out
/// and makes it translucent, and is the less sharp the farther it is from where the lens is set to. Flakes too far to be
/// seen one by one are a veil. All of it adds up as light.
/// </summary>
internal sealed record Snowfall
{
    /// <summary>The share of the picture that flakes would hide if none overlapped and nothing stood before them.</summary>
    public required float Coverage { get; init; }

    /// <summary>Radius in pixels of the smallest flakes that are drawn one by one.</summary>
    public required float SmallestRadius { get; init; }

    /// <summary>Radius in pixels of the largest.</summary>
    public required float LargestRadius { get; init; }

    /// <summary>Distance of the largest; those of half the radius are twice as far.</summary>
    public required float NearestDistance { get; init; }

    /// <summary>How far a flake falls during the exposure, in diameters.</summary>
    public required float Streak { get; init; }

    /// <summary>Direction of the fall, from straight down, in radians.</summary>
    public required float Angle { get; init; }

    /// <summary>Standard deviation of the single flakes' directions.</summary>
    public required float Turbulence { get; init; }

    /// <summary>Diameter of the lens's opening, in diameters of a flake: how unsharp close flakes are.</summary>
    public required float Opening { get; init; }

    /// <summary>Distance that the lens is set to.</summary>
    public required float FocusDistance { get; init; }

    /// <summary>How much light a flake holds back at its middle while it is there, 0…1.</summary>
    public required float Opacity { get; init; }

    /// <summary>The light of a flake, linear.</summary>
    public required Vector3 Light { get; init; }

    /// <summary>The veil; its airlight is linear here.</summary>
    public required Haze Veil { get; init; }

    /// <summary>Anything between a few sharp specks and a blizzard, over a scene in metres.</summary>
    /// <param name="random">Where it comes from.</param>
    /// <param name="scene">What it falls before.</param>
    /// <param name="isSlight">Less than that: single flakes, hardly a veil.</param>
    public static Snowfall Draw(SeededRandom random, Scene scene, bool isSlight = false)
    {
        var smallest = random.Range(0.45f, 1.1f);
        var brightness = random.Range(0.8f, 1f);
        var isStill = random.Chance(0.3);
        float Tinted(float shift) => LinearLight.Decode(Math.Clamp(brightness + shift, 0f, 1f));
        var blue = random.Range(0f, 0.03f);
        var veil = random.Range(0.6f, 0.92f);
        return new Snowfall
        {
            Coverage = isSlight ? random.Range(0.002f, 0.03f) : MathF.Exp(random.Range(MathF.Log(0.03f), MathF.Log(0.3f))),
            SmallestRadius = smallest,
            LargestRadius = smallest * random.Range(4f, 8f),
            NearestDistance = random.Range(0.4f, 0.9f),
            Streak = isStill ? random.Range(0f, 0.3f) : MathF.Exp(random.Range(MathF.Log(0.4f), MathF.Log(6f))),
            Angle = random.Range(-0.9f, 0.9f),
            Turbulence = random.Range(0.03f, 0.3f),
            Opening = MathF.Exp(random.Range(MathF.Log(0.1f), MathF.Log(1.5f))),
            FocusDistance = random.Range(2f, 12f),
            Opacity = random.Range(0.6f, 1f),
            Light = new Vector3(Tinted(-blue), Tinted(-0.5f * blue), Tinted(0f)),
            Veil = new Haze(Haze.BetaFor(random.Range(isSlight ? 0.95f : 0.75f, 1f), scene.Depth), LinearLight.Decode(veil - blue), LinearLight.Decode(veil - 0.5f * blue), LinearLight.Decode(veil)),
        };
    }

    /// <summary>The picture with snow, planar RGB.</summary>
    /// <param name="scene">The clear picture and its depth, in the unit of <see cref="NearestDistance"/>.</param>
    /// <param name="random">Places the flakes.</param>
    public float[] Apply(Scene scene, SeededRandom random)
    {
        var light = Veil.Apply(LinearLight.Decode(scene.Colours), scene.Depth);
        // From far to near, as each hides what is behind it.
        foreach (var flake in Flakes(scene.Width, scene.Height, random).OrderBy(flake => flake.Radius))
        {
            flake.Draw(scene, light);
        }

        LinearLight.Encode(light);
        return light;
    }

    /// <summary>The mean area of a flake's disc, in pixels: of radii r with frequency r⁻⁴ between the two ends.</summary>
    private float MeanArea
    {
        get
        {
            var (a, b) = (SmallestRadius, LargestRadius);
            return b - a < 1e-3f * a ? MathF.PI * a * a : 3f * MathF.PI * (1f / a - 1f / b) / (1f / (a * a * a) - 1f / (b * b * b));
        }
    }

    private IEnumerable<Flake> Flakes(int width, int height, SeededRandom random)
    {
        // Those whose middle is just outside of the picture reach into it.
        var margin = 2f * LargestRadius;
        var (acrossAll, downAll) = (width + 2f * margin, height + 2f * margin);
        var count = (int)MathF.Round(Coverage * acrossAll * downAll / MeanArea);
        var (smallest, largest) = (MathF.Pow(SmallestRadius, -3f), MathF.Pow(LargestRadius, -3f));
        for (var i = 0; i < count; i++)
        {
            var radius = MathF.Pow(random.Range(largest, smallest), -1f / 3f);
            var distance = NearestDistance * LargestRadius / radius;
            var angle = Angle + Turbulence * Normal(random);
            var length = 2f * radius * Streak * random.Range(0.7f, 1.3f);
            var (sine, cosine) = MathF.SinCos(angle);
            yield return new Flake
            {
                X = random.Range(-margin, width + margin),
                Y = random.Range(-margin, height + margin),
                Radius = radius,
                Distance = distance,
                Way = new Vector2(sine * length, cosine * length),
                Blur = Opening * radius * MathF.Abs(1f - distance / FocusDistance),
                Opacity = Opacity * random.Range(0.7f, 1f),
                Light = Light * random.Range(0.8f, 1.1f),
                Seed = random.Range(0, 1 << 20),
            };
        }
    }

    /// <summary>Nearly normal: the sum of four even numbers, brought to deviation one.</summary>
    private static float Normal(SeededRandom random) =>
        (random.Range(-1f, 1f) + random.Range(-1f, 1f) + random.Range(-1f, 1f) + random.Range(-1f, 1f)) * 0.866f;
}
