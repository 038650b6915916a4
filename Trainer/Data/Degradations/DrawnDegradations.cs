using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Data.Degradations;

/// <summary>Takes something away from a clear scene: gives planar RGB, 3×H×W in 0…1, and leaves the scene as it is.</summary>
/// <param name="scene">The clear picture and its depth.</param>
/// <param name="random">Where all that is random about it comes from.</param>
internal delegate float[] Degradation(Scene scene, SeededRandom random);

/// <summary>The degradations that the tasks learn to undo, each drawn anew for every picture.</summary>
internal static class DrawnDegradations
{
    /// <summary>Light scattered on the way (<see cref="Degradations.Haze"/>).</summary>
    public static float[] Haze(Scene scene, SeededRandom random) =>
        Data.Degradations.Haze.Draw(random, scene).Apply(scene.Colours, scene.Depth);

    /// <summary>Falling flakes before a veil of those too far to be seen one by one (<see cref="Snowfall"/>).</summary>
    public static float[] Snow(Scene scene, SeededRandom random) => Snowfall.Draw(random, scene).Apply(scene, random);

    /// <summary>What a lens makes of all that is not at the distance it is set to (<see cref="Lens"/>).</summary>
    public static float[] Defocus(Scene scene, SeededRandom random) => DefocusBlur.Apply(scene, Lens.Draw(random, scene));
}
