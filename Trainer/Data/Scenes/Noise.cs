using System.Runtime.CompilerServices;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Value noise over the plane and its fractal sum, from an integer hash: the same everywhere.</summary>
internal static class Noise
{
    /// <summary>A number in 0 ≤ x &lt; 1 for a lattice point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Hash(int x, int y, int seed)
    {
        var h = (uint)x * 0x8DA6B343u ^ (uint)y * 0xD8163841u ^ (uint)seed * 0xCB1AB31Fu;
        h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
        h = (h ^ (h >> 12)) * 0x297A2D39u;
        return (h ^ (h >> 15)) * (1f / 4294967808f);
    }

    /// <summary>Smooth noise in 0…1, with features of size one.</summary>
    public static float Value(float x, float y, int seed)
    {
        var left = MathF.Floor(x);
        var top = MathF.Floor(y);
        var (i, j) = ((int)left, (int)top);
        var u = Smooth(x - left);
        var v = Smooth(y - top);
        var upper = Mix(Hash(i, j, seed), Hash(i + 1, j, seed), u);
        var lower = Mix(Hash(i, j + 1, seed), Hash(i + 1, j + 1, seed), u);
        return Mix(upper, lower, v);
    }

    /// <summary>
    /// Octaves of noise in 0…1. Octaves finer than <paramref name="footprint"/>, the size of a pixel in the
    /// same units, are left out, since they would only alias.
    /// </summary>
    public static float Fractal(float x, float y, int seed, int octaves, float footprint = 0f)
    {
        var (sum, total, weight, frequency) = (0f, 0f, 1f, 1f);
        for (var octave = 0; octave < octaves; octave++)
        {
            total += weight;
            sum += footprint * frequency > 0.7f ? weight * 0.5f : weight * Value(x * frequency, y * frequency, seed + octave);
            weight *= 0.55f;
            frequency *= 2.03f;
        }

        return sum / total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Mix(float a, float b, float t) => a + (b - a) * t;

    /// <summary>0 below <paramref name="from"/>, 1 above <paramref name="to"/>, smooth between.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Step(float from, float to, float x) => Smooth(Math.Clamp((x - from) / (to - from), 0f, 1f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Smooth(float t) => t * t * (3f - 2f * t);
}
