namespace FocalNet.Trainer.Data.Degradations;

/// <summary>
/// Between the numbers of a picture and amounts of light, by the sRGB curve (IEC 61966-2-1). Flakes and lenses
/// mix light: the mean of the numbers of black and white would be darker than half of white's light.
/// By tables of 4096 steps with interpolation, exact to 1e-5.
/// </summary>
internal static class LinearLight
{
    private const int Steps = 4096;
    private static readonly float[] Decoded = Table(shown => shown <= 0.04045 ? shown / 12.92 : Math.Pow((shown + 0.055) / 1.055, 2.4));

    // Over the square root of the light, over which the curve is nearly straight.
    private static readonly float[] Encoded = Table(root => root * root is var light && light <= 0.0031308 ? 12.92 * light : 1.055 * Math.Pow(light, 1 / 2.4) - 0.055);

    /// <summary>The light of a number of a picture; both 0…1, what lies outside is clamped.</summary>
    public static float Decode(float shown) => Look(Decoded, shown);

    /// <summary>The number of a picture that shows this light.</summary>
    public static float Encode(float light) => Look(Encoded, MathF.Sqrt(Math.Clamp(light, 0f, 1f)));

    public static float[] Decode(ReadOnlySpan<float> shown)
    {
        var light = new float[shown.Length];
        for (var i = 0; i < light.Length; i++)
        {
            light[i] = Decode(shown[i]);
        }

        return light;
    }

    /// <summary>In place.</summary>
    public static void Encode(Span<float> light)
    {
        foreach (ref var value in light)
        {
            value = Encode(value);
        }
    }

    private static float Look(float[] table, float place)
    {
        var scaled = Math.Clamp(place, 0f, 1f) * Steps;
        var step = Math.Min((int)scaled, Steps - 1);
        return table[step] + (table[step + 1] - table[step]) * (scaled - step);
    }

    private static float[] Table(Func<double, double> curve) => [.. Enumerable.Range(0, Steps + 1).Select(i => (float)curve((double)i / Steps))];
}
