using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Data.Degradations;

/// <summary>Takes something away from a clear scene: gives planar RGB, 3×H×W in 0…1, and leaves the scene as it is.</summary>
/// <param name="scene">The clear picture and its depth.</param>
/// <param name="random">Where all that is random about it comes from.</param>
/// <param name="isSlight">Whether hardly anything is taken away.</param>
internal delegate float[] Degradation(Scene scene, SeededRandom random, bool isSlight = false);

/// <summary>The degradations that the tasks learn to undo, each drawn anew for every picture.</summary>
internal static class DrawnDegradations
{
    /// <summary>Light scattered on the way (<see cref="Degradations.Haze"/>).</summary>
    public static float[] Haze(Scene scene, SeededRandom random, bool isSlight = false) =>
        Data.Degradations.Haze.Draw(random, scene, isSlight).Apply(scene.Colours, scene.Depth);

    /// <summary>Falling flakes before a veil of those too far to be seen one by one (<see cref="Snowfall"/>).</summary>
    public static float[] Snow(Scene scene, SeededRandom random, bool isSlight = false) => Snowfall.Draw(random, scene, isSlight).Apply(scene, random);

    /// <summary>What a lens makes of all that is not at the distance it is set to (<see cref="Lens"/>).</summary>
    public static float[] Defocus(Scene scene, SeededRandom random, bool isSlight = false) => DefocusBlur.Apply(scene, Lens.Draw(random, scene, isSlight));
}

/// <summary>
/// How often a network sees pictures that lack little or nothing while it learns. One that has never seen any takes every
/// picture for a degraded one and changes it by what it has learnt to expect.
/// </summary>
/// <param name="Clean">Share of pairs whose input is the target itself.</param>
/// <param name="Slight">Share of pairs that are slightly degraded.</param>
internal readonly record struct DegradationShares(double Clean, double Slight)
{
    /// <summary>The picture that a network sees: as it is, slightly or fully degraded.</summary>
    public float[] Apply(Degradation degradation, Scene scene, SeededRandom random)
    {
        if (this == default)
        {
            return degradation(scene, random);
        }

        var place = random.NextDouble();
        return place < Clean ? scene.Colours : degradation(scene, random, place < Clean + Slight);
    }
}
