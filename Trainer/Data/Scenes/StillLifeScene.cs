using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Balls, boxes, pipes and stacks on a floor before a wall or under the sky, with hard or soft shadows.</summary>
internal static class StillLifeScene
{
    public static World Build(SeededRandom random)
    {
        var shapes = new List<Shape> { new PlaneShape(Palette.Floor(random), Vector3.Zero, Vector3.UnitY) { CastsShadow = false } };
        var depth = random.Range(7f, 16f);
        var isOpen = random.Chance(0.25);
        if (!isOpen)
        {
            shapes.Add(new PlaneShape(Palette.Wall(random), new Vector3(0f, 0f, depth), -Vector3.UnitZ) { CastsShadow = false });
        }

        var count = random.Range(10, 26);
        for (var i = 0; i < count; i++)
        {
            // Even steps of depth, so that near and far are both filled.
            var z = 1.6f + (depth - 2.2f) * (i + random.Range(0f, 1f)) / count;
            Add(random, new Vector3(random.Range(-0.65f, 0.65f) * z, 0f, z), random.Range(0.12f, 0.3f) * (1f + 0.25f * z), shapes);
        }

        return new World
        {
            Shapes = shapes,
            Eye = new Eye(new Vector3(0f, random.Range(0.7f, 2.4f), 0f), random.Range(-0.15f, 0.15f), random.Range(-0.3f, -0.05f), random.Range(0.5f, 0.75f)),
            Lighting = Palette.Daylight(random),
            Sky = Palette.DaySky(random),
            FarDepth = isOpen ? depth * 2f : depth * 1.6f,
            Brightness = random.Range(0.32f, 0.52f),
            Grain = random.Range(0f, 0.012f),
            Seed = random.Range(0, 1 << 20),
        };
    }

    private static void Add(SeededRandom random, Vector3 foot, float size, List<Shape> shapes)
    {
        var material = Palette.Thing(random, size * 2f);
        switch (random.Range(0, 5))
        {
            case 0 or 1:
                shapes.Add(new SphereShape(material, foot + new Vector3(0f, size, 0f), size));
                break;
            case 2:
                var height = size * random.Range(1f, 4f);
                shapes.Add(new CylinderShape(material, foot, size * 0.6f, height));
                shapes.Add(new SphereShape(Palette.Thing(random, size), foot + new Vector3(0f, height, 0f), size * 0.62f));
                break;
            case 3:
                var at = foot;
                for (var level = random.Range(2, 5); level > 0; level--)
                {
                    var side = size * random.Range(0.8f, 1.7f);
                    var tall = size * random.Range(0.3f, 1.1f);
                    shapes.Add(new BoxShape(Palette.Thing(random, size), at + new Vector3(0f, tall / 2f, 0f), new Vector3(side, tall, side), random.Range(0f, 1.5f)));
                    at.Y += tall;
                }

                break;
            default:
                var box = size * new Vector3(random.Range(0.8f, 2.4f), random.Range(0.8f, 2.4f), random.Range(0.8f, 2f));
                shapes.Add(new BoxShape(material, foot + new Vector3(0f, box.Y / 2f, 0f), box, random.Range(0f, 1.5f)));
                break;
        }
    }
}
