using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Rows of columns with bases and beams over a tiled floor, a wall with niches at the far end. Held out.</summary>
internal static class ColonnadeScene
{
    public static World Build(SeededRandom random)
    {
        var stone = Palette.Of(random, random.Pick(Pattern.Marble, Pattern.Fractal, Pattern.Bricks), Palette.Muted(random), random.Range(0.5f, 1.5f));
        var beam = Palette.Of(random, Pattern.Panels, Palette.Muted(random), random.Range(0.5f, 1.2f));
        var floor = Palette.Of(random, random.Pick(Pattern.Tiles, Pattern.Checker, Pattern.Patchwork), Palette.Muted(random), random.Range(0.5f, 1.4f)) with { Gloss = 0.15f };
        var shapes = new List<Shape> { new PlaneShape(floor, Vector3.Zero, Vector3.UnitY) { CastsShadow = false } };
        var spacing = random.Range(2.5f, 4.5f);
        var aisle = random.Range(1.8f, 3.5f);
        var height = random.Range(3.5f, 7f);
        var radius = random.Range(0.2f, 0.45f);
        var count = random.Range(5, 10);
        var first = random.Range(2f, 4f);
        var length = first + count * spacing;
        float[] rows = random.Chance(0.5) ? [-aisle, aisle] : [-3f * aisle, -aisle, aisle, 3f * aisle];
        foreach (var x in rows)
        {
            for (var i = 0; i < count; i++)
            {
                var foot = new Vector3(x, 0f, first + i * spacing);
                shapes.Add(new CylinderShape(stone, foot, radius, height));
                shapes.Add(new BoxShape(stone, foot + new Vector3(0f, 0.15f, 0f), new Vector3(3f * radius, 0.3f, 3f * radius)));
                shapes.Add(new BoxShape(stone, foot + new Vector3(0f, height, 0f), new Vector3(3f * radius, 0.35f, 3f * radius)));
            }

            shapes.Add(new BoxShape(beam, new Vector3(x, height + 0.5f, length / 2f), new Vector3(3f * radius, 0.7f, length)));
        }

        shapes.Add(new BoxShape(Palette.Wall(random), new Vector3(0f, height / 2f, length + 2f), new Vector3(20f, height + 2f, 0.5f)));
        AddNiches(random, length, height, aisle, shapes);
        return new World
        {
            Shapes = shapes,
            Eye = new Eye(new Vector3(random.Range(-0.5f, 0.5f) * aisle, random.Range(1.2f, 2f), 0f), random.Range(-0.4f, 0.4f), random.Range(0f, 0.15f), random.Range(0.6f, 0.85f)),
            Lighting = Palette.Daylight(random),
            Sky = Palette.DaySky(random),
            FarDepth = length * 1.4f,
            Brightness = random.Range(0.34f, 0.5f),
            Grain = random.Range(0f, 0.01f),
            Seed = random.Range(0, 1 << 20),
        };
    }

    private static void AddNiches(SeededRandom random, float length, float height, float aisle, List<Shape> shapes)
    {
        for (var i = -2; i <= 2; i++)
        {
            var content = Palette.Of(random, random.Pick(Pattern.Fractal, Pattern.Marble, Pattern.Stripes), Palette.Any(random), Palette.Any(random), random.Range(0.3f, 0.9f));
            shapes.Add(new BoxShape(content, new Vector3(i * aisle * 1.2f, height * 0.4f, length + 1.72f), new Vector3(aisle * 0.7f, height * 0.5f, 0.1f)) { CastsShadow = false });
        }

        var statues = random.Range(1, 5);
        for (var i = 0; i < statues; i++)
        {
            var foot = new Vector3(random.Range(-0.6f, 0.6f) * aisle, 0f, random.Range(4f, length));
            var plinth = Palette.Thing(random, 0.8f);
            shapes.Add(new BoxShape(plinth, foot + new Vector3(0f, 0.5f, 0f), new Vector3(0.6f, 1f, 0.6f), random.Range(0f, 1f)));
            shapes.Add(new SphereShape(Palette.Thing(random, 0.4f), foot + new Vector3(0f, 1.3f, 0f), 0.3f));
        }
    }
}
