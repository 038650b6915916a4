using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Open country: fields, scattered trees, perhaps a barn, and ridges behind each other under the sky.</summary>
internal static class LandscapeScene
{
    public static World Build(SeededRandom random)
    {
        var shapes = new List<Shape>();
        var grass = Palette.Leaf(random);
        var field = Palette.Of(random, Pattern.Fractal, grass, Vector3.Lerp(grass, Palette.Wood(random), random.Range(0.2f, 0.9f)), random.Range(2f, 9f)) with { Grain = 1.2f, GrainSize = random.Range(0.08f, 0.3f) };
        shapes.Add(new PlaneShape(field, Vector3.Zero, Vector3.UnitY) { CastsShadow = false });
        if (random.Chance(0.6))
        {
            AddPath(random, shapes);
        }

        var ridges = random.Range(2, 6);
        var distance = random.Range(40f, 60f);
        for (var i = 0; i < ridges; i++)
        {
            var isRock = i >= ridges / 2 && random.Chance(0.6);
            var colour = isRock ? Palette.Muted(random) * 0.6f : Palette.Leaf(random);
            var height = distance * random.Range(0.1f, 0.22f) * (1f + 0.35f * i);
            var material = Palette.Of(random, Pattern.Fractal, colour, Palette.Leaf(random) * 0.7f, height * random.Range(0.1f, 0.4f)) with { Grain = 0.6f };
            shapes.Add(Props.Ridge(random, distance, height, material));
            distance *= random.Range(1.25f, 1.7f);
        }

        AddNearThings(random, shapes);
        return new World
        {
            Shapes = shapes,
            Eye = new Eye(new Vector3(0f, random.Range(1.4f, 5f), 0f), random.Range(-0.2f, 0.2f), random.Range(-0.1f, 0.15f), random.Range(0.5f, 0.8f)),
            Lighting = Palette.Daylight(random),
            Sky = Palette.DaySky(random),
            FarDepth = distance * 1.15f,
            Brightness = random.Range(0.34f, 0.52f),
            Grain = random.Range(0f, 0.01f),
            Seed = random.Range(0, 1 << 20),
        };
    }

    private static void AddPath(SeededRandom random, List<Shape> shapes)
    {
        var earth = Palette.Of(random, Pattern.Fractal, Palette.Wood(random), 0.6f) with { Grain = 0.5f };
        var path = new Vector3(random.Range(1f, 3f), 0.02f, 38f);
        shapes.Add(new BoxShape(earth, new Vector3(random.Range(-4f, 4f), 0f, 20f), path, random.Range(-0.3f, 0.3f)) { CastsShadow = false });
    }

    private static void AddNearThings(SeededRandom random, List<Shape> shapes)
    {
        var trees = random.Range(6, 26);
        for (var i = 0; i < trees; i++)
        {
            var z = 6f + 32f * random.Range(0f, 1f);
            shapes.AddRange(Props.Tree(random, new Vector3(random.Range(-0.8f, 0.8f) * z, 0f, z), random.Range(2.5f, 7f)));
        }

        var rocks = random.Range(0, 6);
        for (var i = 0; i < rocks; i++)
        {
            var radius = random.Range(0.2f, 0.9f);
            var stone = Palette.Of(random, Pattern.Fractal, Palette.Muted(random) * 0.7f, radius) with { Grain = 0.6f };
            var z = random.Range(3f, 20f);
            shapes.Add(new SphereShape(stone, new Vector3(random.Range(-0.6f, 0.6f) * z, 0.1f * radius, z), radius));
        }

        if (random.Chance(0.4))
        {
            var wall = Palette.Of(random, random.Pick(Pattern.Wood, Pattern.Bricks, Pattern.Plain), Palette.Brick(random), random.Range(0.3f, 0.8f));
            var roof = Palette.Of(random, Pattern.Tiles, Palette.Brick(random) * 0.6f, 0.4f);
            var at = new Vector3(random.Range(-8f, 8f), 0f, random.Range(14f, 30f));
            var turn = random.Range(-0.8f, 0.8f);
            shapes.Add(new BoxShape(wall, at + new Vector3(0f, 1.6f, 0f), new Vector3(5f, 3.2f, 7f), turn));
            shapes.Add(new BoxShape(roof, at + new Vector3(0f, 3.4f, 0f), new Vector3(5.8f, 0.5f, 7.8f), turn));
            shapes.Add(new BoxShape(roof, at + new Vector3(0f, 3.9f, 0f), new Vector3(3.6f, 0.6f, 7.6f), turn));
        }

        if (random.Chance(0.4))
        {
            var post = Palette.Of(random, Pattern.Wood, Palette.Wood(random), 0.2f);
            var z = random.Range(5f, 12f);
            for (var x = -12f; x <= 12f; x += 1.5f)
            {
                shapes.Add(new CylinderShape(post, new Vector3(x, 0f, z), 0.06f, 1.1f));
            }

            shapes.Add(new BoxShape(post, new Vector3(0f, 0.9f, z), new Vector3(25f, 0.08f, 0.05f)));
            shapes.Add(new BoxShape(post, new Vector3(0f, 0.5f, z), new Vector3(25f, 0.08f, 0.05f)));
        }
    }
}
