namespace FocalNet.Trainer.Data.Scenes;

/// <summary>A clear picture with the true distance of every pixel.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="Colours">Planar RGB in 0…1, 3×H×W.</param>
/// <param name="Depth">Distance from the eye along the ray, in units of the scene, H×W; the sky's is finite too.</param>
internal sealed record Scene(int Width, int Height, float[] Colours, float[] Depth);

/// <summary>Kinds of scenes that differ in what is in them and how it is laid out.</summary>
internal enum SceneFamily
{
    /// <summary>Inside a room: walls, furniture, windows, pictures.</summary>
    Room,

    /// <summary>Open country: fields, trees and ridges at several distances, sky.</summary>
    Landscape,

    /// <summary>Between houses: facades, pavement, cars, lamp posts.</summary>
    Street,

    /// <summary>Things on a table or floor before a wall.</summary>
    StillLife,

    /// <summary>Leaves, trunks and fences, layer behind layer.</summary>
    Thicket,

    /// <summary>Rows of columns over a tiled floor.</summary>
    Colonnade,

    /// <summary>Water with reflections, piers and a skyline.</summary>
    Waterfront,
}

/// <summary>
/// Which families train and which are kept to judge by. A network that has only learnt the training
/// families' looks fails on the others, so their scores say whether it learnt to see haze.
/// </summary>
internal static class SceneFamilies
{
    public static IReadOnlyList<SceneFamily> Training { get; } =
        [SceneFamily.Room, SceneFamily.Landscape, SceneFamily.Street, SceneFamily.StillLife, SceneFamily.Thicket];

    public static IReadOnlyList<SceneFamily> HeldOut { get; } = [SceneFamily.Colonnade, SceneFamily.Waterfront];
}
