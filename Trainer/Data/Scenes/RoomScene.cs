using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>A room: textured walls, windows and pictures on them, furniture, a lamp under the ceiling.</summary>
internal static class RoomScene
{
    public static World Build(SeededRandom random)
    {
        var size = new Vector3(random.Range(3.5f, 8f), random.Range(2.4f, 3.6f), random.Range(4f, 13f));
        var shapes = new List<Shape>();
        AddShell(random, size, shapes);
        AddOnWalls(random, size, shapes);
        AddFurniture(random, size, shapes);
        var lamp = new Vector3(random.Range(-0.3f, 0.3f) * size.X, size.Y - 0.3f, random.Range(0.25f, 0.8f) * size.Z);
        var warmth = random.Range(0f, 0.4f);
        return new World
        {
            Shapes = shapes,
            Eye = new Eye(new Vector3(random.Range(-0.3f, 0.3f) * size.X, random.Range(1.1f, 1.75f), 0.15f),
                random.Range(-0.45f, 0.45f), random.Range(-0.2f, 0.05f), random.Range(0.55f, 0.85f)),
            Lighting = new Lighting
            {
                SunDirection = Vector3.UnitY,
                Sun = Vector3.Zero,
                Ambient = random.Range(0.25f, 0.6f) * Vector3.One,
                LampPosition = lamp,
                Lamp = random.Range(2f, 6f) * new Vector3(1f, 1f - 0.3f * warmth, 1f - warmth),
            },
            Sky = Palette.DaySky(random),
            FarDepth = 1.2f * size.Z,
            Brightness = random.Range(0.32f, 0.52f),
            Grain = random.Range(0f, 0.012f),
            Seed = random.Range(0, 1 << 20),
        };
    }

    private static void AddShell(SeededRandom random, Vector3 size, List<Shape> shapes)
    {
        var wall = Palette.Wall(random);
        var other = random.Chance(0.5) ? wall : Palette.Wall(random);
        var ceiling = Palette.Of(random, random.Pick(Pattern.Plain, Pattern.Tiles, Pattern.Wood), Palette.Shown(0.9f, 0.89f, 0.86f), random.Range(0.4f, 1f));
        shapes.Add(new PlaneShape(Palette.Floor(random), Vector3.Zero, Vector3.UnitY) { CastsShadow = false });
        shapes.Add(new PlaneShape(ceiling, new Vector3(0f, size.Y, 0f), -Vector3.UnitY) { CastsShadow = false });
        shapes.Add(new PlaneShape(wall, new Vector3(-size.X / 2f, 0f, 0f), Vector3.UnitX) { CastsShadow = false });
        shapes.Add(new PlaneShape(wall, new Vector3(size.X / 2f, 0f, 0f), -Vector3.UnitX) { CastsShadow = false });
        shapes.Add(new PlaneShape(other, new Vector3(0f, 0f, size.Z), -Vector3.UnitZ) { CastsShadow = false });
        var skirting = Palette.Of(random, Pattern.Wood, Palette.Wood(random), 0.1f);
        shapes.Add(new BoxShape(skirting, new Vector3(0f, 0.06f, size.Z), new Vector3(size.X, 0.12f, 0.05f)) { CastsShadow = false });
        foreach (var side in (float[])[-0.5f, 0.5f])
        {
            shapes.Add(new BoxShape(skirting, new Vector3(side * size.X, 0.06f, size.Z / 2f), new Vector3(0.05f, 0.12f, size.Z)) { CastsShadow = false });
        }
    }

    private static void AddOnWalls(SeededRandom random, Vector3 size, List<Shape> shapes)
    {
        var count = random.Range(3, 9);
        for (var i = 0; i < count; i++)
        {
            var isWindow = random.Chance(0.35);
            var width = random.Range(0.5f, 1.6f);
            var height = random.Range(0.5f, 1.2f);
            var y = random.Range(1.2f, size.Y - 0.75f);
            var onBack = random.Chance(0.5);
            var at = onBack ? new Vector3(random.Range(-0.4f, 0.4f) * size.X, y, size.Z)
                : new Vector3(random.Pick(-0.5f, 0.5f) * size.X, y, random.Range(0.3f, 0.95f) * size.Z);
            var frame = Palette.Of(random, Pattern.Plain, random.Chance(0.5) ? Palette.Wood(random) : Palette.Muted(random), 0.2f);
            var content = isWindow
                ? Palette.Of(random, Pattern.Facade, Palette.Shown(0.75f, 0.85f, 0.95f), Palette.Shown(0.5f, 0.65f, 0.8f), width / 2f) with { Emission = random.Range(0.5f, 1.8f) }
                : Palette.Of(random, random.Pick(Pattern.Fractal, Pattern.Patchwork, Pattern.Marble, Pattern.Stripes), Palette.Any(random), Palette.Any(random), random.Range(0.1f, 0.5f));
            var outer = onBack ? new Vector3(width + 0.12f, height + 0.12f, 0.06f) : new Vector3(0.06f, height + 0.12f, width + 0.12f);
            var inner = onBack ? new Vector3(width, height, 0.08f) : new Vector3(0.08f, height, width);
            shapes.Add(new BoxShape(frame, at, outer) { CastsShadow = false });
            shapes.Add(new BoxShape(content, at, inner) { CastsShadow = false });
        }
    }

    private static void AddFurniture(SeededRandom random, Vector3 size, List<Shape> shapes)
    {
        if (random.Chance(0.6))
        {
            var rug = Palette.Of(random, random.Pick(Pattern.Stripes, Pattern.Checker, Pattern.Patchwork, Pattern.Fractal), Palette.Any(random), Palette.Any(random), random.Range(0.15f, 0.5f));
            shapes.Add(new BoxShape(rug, new Vector3(random.Range(-0.8f, 0.8f), 0.006f, random.Range(0.3f, 0.6f) * size.Z),
                new Vector3(random.Range(1.2f, 2.6f), 0.012f, random.Range(1.2f, 3f)), random.Range(-0.3f, 0.3f))
            { CastsShadow = false });
        }

        var count = random.Range(4, 10);
        for (var i = 0; i < count; i++)
        {
            var z = size.Z * (0.22f + 0.72f * (i + random.Range(0f, 1f)) / count);
            var isAtWall = random.Chance(0.65);
            var side = random.Pick(-1f, 1f);
            var x = isAtWall ? side * (size.X / 2f - 0.45f) : random.Range(-0.3f, 0.3f) * size.X;
            var foot = new Vector3(x, 0f, z);
            switch (random.Range(0, 4))
            {
                case 0:
                    shapes.AddRange(Props.Table(random, foot, random.Range(0.8f, 1.6f), random.Range(0.6f, 1.1f), random.Range(0.45f, 0.8f)));
                    shapes.Add(new SphereShape(Palette.Thing(random, 0.3f), foot + new Vector3(random.Range(-0.2f, 0.2f), 0.9f, 0f), random.Range(0.08f, 0.16f)));
                    break;
                case 1:
                    shapes.AddRange(Props.Sofa(random, foot, random.Range(0.8f, 1.9f), isAtWall ? side * MathF.PI / 2f : random.Range(-0.5f, 0.5f)));
                    break;
                default:
                    var box = new Vector3(random.Range(0.4f, 0.9f), random.Range(0.4f, MathF.Min(2.2f, size.Y)), random.Range(0.4f, 1.4f));
                    shapes.Add(new BoxShape(Palette.Thing(random, 0.8f), foot + new Vector3(0f, box.Y / 2f, 0f), box, isAtWall ? 0f : random.Range(-0.6f, 0.6f)));
                    break;
            }
        }
    }
}
