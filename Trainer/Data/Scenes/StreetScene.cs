using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>A street between houses, with pavements, cars, people, trees and lamp posts.</summary>
internal static class StreetScene
{
    public static World Build(SeededRandom random)
    {
        var shapes = new List<Shape>();
        var half = random.Range(3f, 6f);
        var asphalt = Palette.Of(random, Pattern.Fractal, Palette.Shown(0.42f, 0.42f, 0.43f) * random.Range(0.5f, 1.1f), 1.5f) with { Grain = 0.4f, GrainSize = 0.1f };
        shapes.Add(new PlaneShape(asphalt, Vector3.Zero, Vector3.UnitY) { CastsShadow = false });
        AddMarkings(random, half, shapes);
        var length = random.Range(50f, 110f);
        foreach (var side in (float[])[-1f, 1f])
        {
            AddSide(random, side, half, length, shapes);
        }

        if (random.Chance(0.6))
        {
            var size = new Vector3(random.Range(8f, 16f), random.Range(10f, 30f), 10f);
            shapes.Add(new BoxShape(Facade(random), new Vector3(random.Range(-3f, 3f), size.Y / 2f, length + 10f), size));
        }

        AddTraffic(random, half, length, shapes);
        return new World
        {
            Shapes = shapes,
            Eye = new Eye(new Vector3(random.Range(-0.7f, 0.7f) * half, random.Range(1.4f, 3.5f), 0f), random.Range(-0.25f, 0.25f),
                random.Range(-0.05f, 0.2f), random.Range(0.5f, 0.85f)),
            Lighting = Palette.Daylight(random),
            Sky = Palette.DaySky(random),
            FarDepth = length * 1.4f,
            Brightness = random.Range(0.34f, 0.5f),
            Grain = random.Range(0f, 0.01f),
            Seed = random.Range(0, 1 << 20),
        };
    }

    private static Material Facade(SeededRandom random)
    {
        var wall = random.Chance(0.5) ? Palette.Brick(random) : Palette.Muted(random);
        var glass = Palette.Hue(random.Range(0.5f, 0.65f), random.Range(0.1f, 0.4f), random.Range(0.12f, 0.45f));
        return Palette.Of(random, Pattern.Facade, wall, glass, random.Range(1.8f, 3.4f));
    }

    private static void AddMarkings(SeededRandom random, float half, List<Shape> shapes)
    {
        var paint = Palette.Of(random, Pattern.Plain, Palette.Shown(0.9f, 0.9f, 0.85f), 0.5f);
        for (var z = random.Range(1f, 4f); z < 60f; z += 6f)
        {
            shapes.Add(new BoxShape(paint, new Vector3(0f, 0.004f, z), new Vector3(0.15f, 0.008f, 2.6f)) { CastsShadow = false });
        }

        if (random.Chance(0.4))
        {
            var crossing = random.Range(5f, 16f);
            for (var x = -half + 0.4f; x < half; x += 1f)
            {
                shapes.Add(new BoxShape(paint, new Vector3(x, 0.006f, crossing), new Vector3(0.5f, 0.01f, 2.5f)) { CastsShadow = false });
            }
        }
    }

    private static void AddSide(SeededRandom random, float side, float half, float length, List<Shape> shapes)
    {
        const float Pavement = 2.6f;
        var stones = Palette.Of(random, Pattern.Tiles, Palette.Muted(random) * 0.8f, random.Range(0.4f, 0.9f));
        shapes.Add(new BoxShape(stones, new Vector3(side * (half + Pavement / 2f), 0.08f, length / 2f), new Vector3(Pavement, 0.16f, length)) { CastsShadow = false });
        for (var z = random.Range(-4f, 2f); z < length;)
        {
            var depth = random.Range(6f, 16f);
            if (random.Chance(0.87))
            {
                var size = new Vector3(10f, random.Range(5f, 20f), depth - random.Range(0f, 0.8f));
                var x = side * (half + Pavement + size.X / 2f + random.Range(0f, 1.2f));
                shapes.Add(new BoxShape(Facade(random), new Vector3(x, size.Y / 2f, z + depth / 2f), size));
                var shop = Palette.Of(random, Pattern.Panels, Palette.Any(random), Palette.Any(random), random.Range(1.2f, 2.6f)) with { Emission = random.Chance(0.3) ? 0.6f : 0f };
                shapes.Add(new BoxShape(shop, new Vector3(x, 1.4f, z + depth / 2f), new Vector3(size.X + 0.12f, 2.8f, size.Z * 0.9f)) { CastsShadow = false });
                var ledge = Palette.Of(random, Pattern.Plain, Palette.Muted(random), 0.5f);
                shapes.Add(new BoxShape(ledge, new Vector3(x, size.Y, z + depth / 2f), new Vector3(size.X + 0.7f, 0.5f, size.Z + 0.1f)));
            }
            else
            {
                shapes.AddRange(Props.Tree(random, new Vector3(side * (half + 5f), 0f, z + depth / 2f), random.Range(5f, 9f)));
            }

            z += depth;
        }

        var spacing = random.Range(8f, 16f);
        var isTrees = random.Chance(0.5);
        for (var z = random.Range(4f, 10f); z < MathF.Min(length, 60f); z += spacing)
        {
            var foot = new Vector3(side * (half + 0.5f), 0.1f, z);
            shapes.AddRange(isTrees ? Props.Tree(random, foot, random.Range(3.5f, 6f)) : Props.LampPost(random, foot, random.Range(4f, 6.5f)));
        }
    }

    private static void AddTraffic(SeededRandom random, float half, float length, List<Shape> shapes)
    {
        var cars = random.Range(1, 6);
        for (var i = 0; i < cars; i++)
        {
            var isParked = random.Chance(0.6);
            var x = random.Pick(-1f, 1f) * (isParked ? half - 1.1f : half * 0.45f);
            shapes.AddRange(Props.Car(random, new Vector3(x, 0f, 6f + 7f * i + random.Range(0f, 3f))));
        }

        var people = random.Range(0, 7);
        for (var i = 0; i < people; i++)
        {
            var x = random.Pick(-1f, 1f) * (half + random.Range(0.5f, 2.2f));
            shapes.AddRange(Props.Person(random, new Vector3(x, 0.16f, random.Range(4f, length * 0.4f))));
        }
    }
}
