using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Data.Degradations;

/// <summary>
/// Haze by the atmospheric scattering model (Koschmieder 1924; Narasimhan and Nayar 2002):
/// I = J·t + A·(1 − t) with t = exp(−β·d).
/// </summary>
/// <param name="Beta">Scattering coefficient, per unit of depth.</param>
/// <param name="Red">Airlight, red.</param>
/// <param name="Green">Airlight, green.</param>
/// <param name="Blue">Airlight, blue.</param>
internal readonly record struct Haze(float Beta, float Red, float Green, float Blue)
{
    /// <summary>
    /// Haze for a scene, in the spirit of RESIDE (Li et al. 2019), whose A is 0.7…1 and whose β is 0.6…1.8 over
    /// depths of about one: A likewise with a slight tint, and β such that at the scene's geometric mean depth
    /// between 30 and 80 per cent of the light arrives, whatever the scene's unit of length.
    /// </summary>
    /// <param name="random">Where it comes from.</param>
    /// <param name="scene">What it lies over.</param>
    /// <param name="isSlight">Less than that: between 80 and 98 per cent arrive.</param>
    public static Haze Draw(SeededRandom random, Scene scene, bool isSlight = false)
    {
        var beta = BetaFor(isSlight ? random.Range(0.8f, 0.98f) : random.Range(0.3f, 0.8f), scene.Depth);
        var airlight = random.Range(0.7f, 1f);
        float Tinted() => Math.Clamp(airlight + random.Range(-0.04f, 0.04f), 0.7f, 1f);
        return new Haze(beta, Tinted(), Tinted(), Tinted());
    }

    /// <summary>The coefficient with which this share of the light arrives from the geometric mean of the depths.</summary>
    public static float BetaFor(float transmission, ReadOnlySpan<float> depths)
    {
        var sum = 0.0;
        foreach (var depth in depths)
        {
            // The arithmetic mean would be the sky's, and leave the foreground clear.
            sum += Math.Log(Math.Max(depth, 1e-3f));
        }

        return -MathF.Log(transmission) / (float)Math.Exp(sum / depths.Length);
    }

    /// <summary>The hazy picture, planar RGB as the clear one.</summary>
    /// <param name="colours">3×H×W.</param>
    /// <param name="depth">H×W.</param>
    public float[] Apply(ReadOnlySpan<float> colours, ReadOnlySpan<float> depth)
    {
        if (colours.Length != 3 * depth.Length)
        {
            throw new ArgumentException($"{depth.Length} depths belong to {3 * depth.Length} colour values, not {colours.Length}.", nameof(depth));
        }

        var hazy = new float[colours.Length];
        ReadOnlySpan<float> airlight = [Red, Green, Blue];
        for (var i = 0; i < depth.Length; i++)
        {
            var transmission = MathF.Exp(-Beta * depth[i]);
            for (var channel = 0; channel < 3; channel++)
            {
                var at = channel * depth.Length + i;
                hazy[at] = colours[at] * transmission + airlight[channel] * (1f - transmission);
            }
        }

        return hazy;
    }
}
