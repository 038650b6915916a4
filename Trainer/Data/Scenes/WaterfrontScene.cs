using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Rippled water that mirrors a skyline, with piers, boats and buoys before it. Held out.</summary>
internal static class WaterfrontScene
{
    public static World Build(SeededRandom random)
    {
        var tint = Palette.Hue(random.Range(0.45f, 0.62f), random.Range(0.3f, 0.6f), random.Range(0.2f, 0.45f));
        var water = new PlaneShape(Palette.Of(random, Pattern.Fractal, tint, random.Range(1f, 4f)), Vector3.Zero, Vector3.UnitY) { CastsShadow = false };
        var shapes = new List<Shape> { water };
        AddPier(random, shapes);
        var boats = random.Range(1, 6);
        for (var i = 0; i < boats; i++)
        {
            AddBoat(random, new Vector3(random.Range(-0.6f, 0.6f) * (8f + 6f * i), 0f, 8f + 6f * i + random.Range(0f, 3f)), shapes);
        }

        var shore = random.Range(38f, 65f);
        var towers = random.Range(8, 20);
        for (var i = 0; i < towers; i++)
        {
            var size = new Vector3(random.Range(3f, 8f), random.Range(4f, 24f), random.Range(4f, 8f));
            var wall = Palette.Of(random, Pattern.Facade, Palette.Muted(random), Palette.Shown(0.2f, 0.25f, 0.32f), random.Range(1f, 2.2f));
            var x = shore * 1.4f * ((i + random.Range(0f, 1f)) / towers - 0.5f);
            shapes.Add(new BoxShape(wall, new Vector3(x, size.Y / 2f, shore + random.Range(0f, 25f)), size, random.Range(-0.4f, 0.4f)));
        }

        var quay = Palette.Of(random, Pattern.Bricks, Palette.Muted(random) * 0.6f, 1.2f);
        shapes.Add(new BoxShape(quay, new Vector3(0f, 0.5f, shore + 15f), new Vector3(400f, 1.6f, 32f)));
        return new World
        {
            Shapes = shapes,
            Eye = new Eye(new Vector3(0f, random.Range(1.8f, 5f), 0f), random.Range(-0.15f, 0.15f), random.Range(-0.08f, 0.1f), random.Range(0.5f, 0.75f)),
            Lighting = Palette.Daylight(random),
            Sky = Palette.DaySky(random),
            FarDepth = shore * 2f,
            Water = water,
            Brightness = random.Range(0.36f, 0.52f),
            Grain = random.Range(0f, 0.01f),
            Seed = random.Range(0, 1 << 20),
        };
    }

    private static void AddPier(SeededRandom random, List<Shape> shapes)
    {
        var wood = Palette.Of(random, Pattern.Wood, Palette.Wood(random), 0.35f);
        var x = random.Pick(-1f, 1f) * random.Range(1.5f, 4f);
        var length = random.Range(8f, 18f);
        shapes.Add(new BoxShape(wood, new Vector3(x, 0.8f, length / 2f), new Vector3(2f, 0.15f, length)));
        for (var z = 2f; z < length; z += 2.5f)
        {
            foreach (var side in (float[])[-1f, 1f])
            {
                shapes.Add(new CylinderShape(wood, new Vector3(x + side, 0f, z), 0.12f, 1.6f));
            }
        }
    }

    private static void AddBoat(SeededRandom random, Vector3 at, List<Shape> shapes)
    {
        var hull = Palette.Of(random, random.Pick(Pattern.Plain, Pattern.Stripes), Palette.Any(random), Palette.Any(random), 0.5f);
        var cabin = Palette.Of(random, Pattern.Panels, Palette.Muted(random), 0.7f);
        var turn = random.Range(-1.5f, 1.5f);
        shapes.Add(new BoxShape(hull, at + new Vector3(0f, 0.35f, 0f), new Vector3(1.5f, 0.8f, 4f), turn));
        shapes.Add(new BoxShape(cabin, at + new Vector3(0f, 1.1f, 0f), new Vector3(1.1f, 0.8f, 1.4f), turn));
        if (random.Chance(0.6))
        {
            var mast = Palette.Of(random, Pattern.Plain, Palette.Shown(0.8f, 0.8f, 0.78f), 1f);
            var height = random.Range(3f, 6f);
            var sail = Palette.Of(random, Pattern.Stripes, Palette.Shown(0.95f, 0.94f, 0.9f), Palette.Any(random), random.Range(0.8f, 2f));
            shapes.Add(new CylinderShape(mast, at, 0.06f, height));
            bool IsSolid(Vector2 p) => p.X > -1.2f && p.X + 1.2f < 2.3f * (1f - p.Y / (height * 0.8f));
            shapes.Add(new CutoutShape(sail, at + new Vector3(1.2f, 1.2f, 0.05f), 2.6f, height * 0.8f, IsSolid) { Relief = 0.15f });
        }
    }
}
