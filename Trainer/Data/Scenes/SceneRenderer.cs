namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Scenes by number: the same family, seed, index and size give the same picture and depth.</summary>
internal static class SceneRenderer
{
    public static Scene Render(SceneFamily family, long seed, long index, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var random = new SeededRandom(seed, (int)family, index);
        var world = family switch
        {
            SceneFamily.Room => RoomScene.Build(random),
            SceneFamily.Landscape => LandscapeScene.Build(random),
            SceneFamily.Street => StreetScene.Build(random),
            SceneFamily.StillLife => StillLifeScene.Build(random),
            SceneFamily.Thicket => ThicketScene.Build(random),
            SceneFamily.Colonnade => ColonnadeScene.Build(random),
            SceneFamily.Waterfront => WaterfrontScene.Build(random),
            _ => throw new ArgumentOutOfRangeException(nameof(family), family, "There is no such family of scenes."),
        };
        return RayCaster.Draw(world, width, height);
    }
}
