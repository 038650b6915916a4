using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Things made of several shapes: furniture, trees, cars, posts.</summary>
internal static class Props
{
    /// <summary>A ridge of hills or mountains over the whole width, at one distance.</summary>
    public static CutoutShape Ridge(SeededRandom random, float distance, float height, Material material)
    {
        var seed = random.Range(0, 1 << 20);
        var size = height * random.Range(1.5f, 5f);
        var roughness = random.Range(3, 7);
        bool IsSolid(Vector2 p) => p.Y < height * (0.15f + 0.85f * Noise.Fractal(p.X / size, 0.5f, seed, roughness));
        return new CutoutShape(material, new Vector3(0f, -1f, distance), distance * 8f, height + 1f, IsSolid)
        {
            CastsShadow = false,
            ReliefSize = height * random.Range(0.15f, 0.5f),
        };
    }

    /// <summary>A tree: trunk and a ragged crown, round or pointed.</summary>
    public static IEnumerable<Shape> Tree(SeededRandom random, Vector3 foot, float height)
    {
        var trunk = Palette.Of(random, Pattern.Fractal, Palette.Wood(random) * 0.6f, 0.2f);
        var isPointed = random.Chance(0.4);
        yield return new CylinderShape(trunk, foot, height * random.Range(0.02f, 0.04f), height * 0.6f);
        var seed = random.Range(0, 1 << 20);
        var width = height * (isPointed ? random.Range(0.35f, 0.55f) : random.Range(0.6f, 0.95f));
        var crownHeight = height * (isPointed ? 0.88f : 0.7f);
        var raggedness = random.Range(0.35f, 0.7f);
        var size = height * random.Range(0.07f, 0.14f);
        bool IsSolid(Vector2 p)
        {
            var x = p.X / (width / 2f);
            var y = p.Y / crownHeight;
            var reach = isPointed ? MathF.Abs(x) - (1f - y) * (0.75f + 0.25f * MathF.Sin(y * 28f)) + 0.15f
                : x * x + (2f * y - 1f) * (2f * y - 1f) - 0.75f;
            return reach + raggedness * 2f * (Noise.Fractal(p.X / size, p.Y / size, seed, 4) - 0.5f) < 0f;
        }

        var leaves = Palette.Leaves(random, height * random.Range(0.04f, 0.1f));
        yield return new CutoutShape(leaves, foot + new Vector3(0f, height - crownHeight, -0.01f * height), width, crownHeight, IsSolid)
        {
            ReliefSize = height * 0.12f,
        };
    }

    /// <summary>A table: top and four legs.</summary>
    public static IEnumerable<Shape> Table(SeededRandom random, Vector3 foot, float width, float depth, float height)
    {
        var wood = Palette.Of(random, Pattern.Wood, random.Chance(0.7) ? Palette.Wood(random) : Palette.Muted(random), 0.15f);
        yield return new BoxShape(wood, foot + new Vector3(0f, height - 0.03f, 0f), new Vector3(width, 0.06f, depth));
        foreach (var (x, z) in ((float, float)[])[(-1f, -1f), (1f, -1f), (-1f, 1f), (1f, 1f)])
        {
            var corner = foot + new Vector3(x * (width / 2f - 0.06f), (height - 0.06f) / 2f, z * (depth / 2f - 0.06f));
            yield return new BoxShape(wood, corner, new Vector3(0.07f, height - 0.06f, 0.07f));
        }
    }

    /// <summary>A seat: base, back and arms.</summary>
    public static IEnumerable<Shape> Sofa(SeededRandom random, Vector3 foot, float width, float turn)
    {
        var cloth = Palette.Of(random, random.Pick(Pattern.Plain, Pattern.Stripes, Pattern.Checker, Pattern.Fractal), Palette.Any(random), Palette.Any(random), random.Range(0.08f, 0.3f));
        var (sine, cosine) = MathF.SinCos(turn);
        BoxShape Part(Vector3 at, Vector3 size) =>
            new(cloth, foot + new Vector3(cosine * at.X + sine * at.Z, at.Y, -sine * at.X + cosine * at.Z), size, turn);
        yield return Part(new Vector3(0f, 0.22f, 0f), new Vector3(width, 0.44f, 0.85f));
        yield return Part(new Vector3(0f, 0.5f, 0.36f), new Vector3(width, 0.9f, 0.2f));
        yield return Part(new Vector3(width / 2f, 0.32f, 0f), new Vector3(0.18f, 0.62f, 0.85f));
        yield return Part(new Vector3(-width / 2f, 0.32f, 0f), new Vector3(0.18f, 0.62f, 0.85f));
    }

    /// <summary>A car, seen as boxes: body, cabin with dark glass, wheels.</summary>
    public static IEnumerable<Shape> Car(SeededRandom random, Vector3 foot)
    {
        var paint = Palette.Of(random, Pattern.Plain, Palette.Any(random), 1f) with { Gloss = 0.4f, Grain = 0.05f };
        var glass = Palette.Of(random, Pattern.Fractal, Palette.Shown(0.15f, 0.18f, 0.22f), 0.8f) with { Gloss = 0.5f };
        var tyre = Palette.Of(random, Pattern.Plain, Palette.Shown(0.1f, 0.1f, 0.1f), 1f);
        var length = random.Range(3.4f, 4.8f);
        yield return new BoxShape(paint, foot + new Vector3(0f, 0.6f, 0f), new Vector3(1.75f, 0.7f, length));
        yield return new BoxShape(glass, foot + new Vector3(0f, 1.15f, 0.2f), new Vector3(1.55f, 0.5f, length * 0.55f));
        yield return new BoxShape(paint, foot + new Vector3(0f, 1.43f, 0.2f), new Vector3(1.5f, 0.08f, length * 0.5f));
        foreach (var end in (float[])[-0.32f, 0.32f])
        {
            yield return new BoxShape(tyre, foot + new Vector3(0f, 0.3f, end * length), new Vector3(1.85f, 0.6f, 0.6f));
        }

        var lamp = Palette.Of(random, Pattern.Plain, Palette.Shown(0.9f, 0.15f, 0.1f), 1f) with { Emission = 0.4f };
        foreach (var side in (float[])[-0.7f, 0.7f])
        {
            yield return new BoxShape(lamp, foot + new Vector3(side, 0.75f, -length / 2f), new Vector3(0.25f, 0.15f, 0.04f));
        }
    }

    /// <summary>A lamp post with its head.</summary>
    public static IEnumerable<Shape> LampPost(SeededRandom random, Vector3 foot, float height)
    {
        var iron = Palette.Of(random, Pattern.Plain, Palette.Shown(0.25f, 0.27f, 0.28f), 0.3f);
        yield return new CylinderShape(iron, foot, 0.07f, height);
        yield return new BoxShape(iron, foot + new Vector3(0f, height, 0f), new Vector3(0.9f, 0.12f, 0.25f));
    }

    /// <summary>A person as seen from afar: legs, coat, head.</summary>
    public static IEnumerable<Shape> Person(SeededRandom random, Vector3 foot)
    {
        var legs = Palette.Of(random, Pattern.Plain, Palette.Any(random) * 0.4f, 0.3f);
        var coat = Palette.Of(random, Pattern.Plain, Palette.Any(random), 0.2f);
        var skin = Palette.Of(random, Pattern.Plain, Palette.Hue(0.06f, random.Range(0.3f, 0.6f), random.Range(0.35f, 0.9f)), 0.2f);
        yield return new CylinderShape(legs, foot, 0.16f, 0.85f);
        yield return new CylinderShape(coat, foot + new Vector3(0f, 0.8f, 0f), 0.24f, 0.68f);
        yield return new SphereShape(skin, foot + new Vector3(0f, 1.62f, 0f), 0.14f);
    }
}
