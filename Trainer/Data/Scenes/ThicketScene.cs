using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>Layer behind layer of leaves, trunks and fences: many thin edges, each with a jump in depth.</summary>
internal static class ThicketScene
{
    public static World Build(SeededRandom random)
    {
        var litter = Palette.Of(random, Pattern.Fractal, Palette.Leaf(random), Palette.Wood(random) * 0.5f, random.Range(0.4f, 1.5f)) with { Grain = 1.2f, GrainSize = random.Range(0.06f, 0.2f) };
        var shapes = new List<Shape> { new PlaneShape(litter, Vector3.Zero, Vector3.UnitY) { CastsShadow = false } };
        var depth = random.Range(16f, 34f);
        var wood = Palette.Wood(random) * random.Range(0.3f, 1.2f);
        var trunks = random.Range(8, 28);
        for (var i = 0; i < trunks; i++)
        {
            var z = 2.5f + (depth - 3f) * (i + random.Range(0f, 1f)) / trunks;
            var bark = Palette.Of(random, random.Pick(Pattern.Fractal, Pattern.Speckle), wood, random.Range(0.08f, 0.3f)) with { Grain = 0.7f };
            shapes.Add(new CylinderShape(bark, new Vector3(random.Range(-0.8f, 0.8f) * z, 0f, z), random.Range(0.06f, 0.3f), 14f));
        }

        var layers = random.Range(4, 9);
        for (var i = 0; i < layers; i++)
        {
            var z = 2f + (depth - 3f) * (i + random.Range(0f, 1f)) / layers;
            shapes.Add(random.Chance(0.22) ? Fence(random, z) : Leaves(random, z));
        }

        if (random.Chance(0.7))
        {
            shapes.Add(Props.Ridge(random, depth, depth * random.Range(0.3f, 0.6f), Palette.Leaves(random, depth * 0.05f)));
        }

        return new World
        {
            Shapes = shapes,
            Eye = new Eye(new Vector3(0f, random.Range(1f, 2f), 0f), random.Range(-0.1f, 0.1f), random.Range(-0.1f, 0.2f), random.Range(0.5f, 0.75f)),
            Lighting = Palette.Daylight(random),
            Sky = Palette.DaySky(random),
            FarDepth = depth * 1.4f,
            Brightness = random.Range(0.3f, 0.48f),
            Grain = random.Range(0f, 0.01f),
            Seed = random.Range(0, 1 << 20),
        };
    }

    /// <summary>Leaves of one size, one or none in each cell, thicker where a slow noise is high.</summary>
    private static CutoutShape Leaves(SeededRandom random, float z)
    {
        var seed = random.Range(0, 1 << 20);
        var size = random.Range(0.12f, 0.4f) * (0.7f + 0.06f * z);
        var slimness = random.Range(1.2f, 3f);
        var cover = random.Range(0.35f, 0.62f);
        bool IsSolid(Vector2 p)
        {
            var (x, y) = (p.X / size, p.Y / size);
            var (i, j) = ((int)MathF.Floor(x), (int)MathF.Floor(y));
            for (var cell = 0; cell < 4; cell++)
            {
                var (u, v) = (i + (cell & 1), j + (cell >> 1));
                if (0.65f * Noise.Value(u * 0.13f, v * 0.13f, seed + 3) + 0.35f * Noise.Hash(u, v, seed + 4) < cover)
                {
                    continue;
                }

                var (sine, cosine) = MathF.SinCos(6.28f * Noise.Hash(u, v, seed));
                var (dx, dy) = (x - u - 0.5f * (Noise.Hash(u, v, seed + 1) - 0.5f), y - v - 0.5f * (Noise.Hash(u, v, seed + 2) - 0.5f));
                var (along, across) = (cosine * dx + sine * dy, slimness * (cosine * dy - sine * dx));
                if (along * along + across * across * (1f + along) < 0.42f)
                {
                    return true;
                }
            }

            return false;
        }

        return new CutoutShape(Palette.Leaves(random, size * 1.5f), new Vector3(0f, 0f, z), 3f * z, 2.2f * z, IsSolid)
        {
            ReliefSize = size * 1.5f,
            CastsShadow = random.Chance(0.35),
        };
    }

    /// <summary>Upright slats and two rails.</summary>
    private static CutoutShape Fence(SeededRandom random, float z)
    {
        var pitch = random.Range(0.12f, 0.35f);
        var share = random.Range(0.25f, 0.7f);
        var height = random.Range(0.8f, 1.8f);
        var isPointed = random.Chance(0.5);
        bool IsSolid(Vector2 p)
        {
            var u = p.X / pitch - MathF.Floor(p.X / pitch);
            var top = isPointed ? height - MathF.Abs(u - share / 2f) * pitch : height;
            var isRail = MathF.Abs(p.Y - height * 0.25f) < 0.05f || MathF.Abs(p.Y - height * 0.75f) < 0.05f;
            return (u < share && p.Y < top) || isRail;
        }

        var paint = random.Chance(0.5) ? Palette.Wood(random) : Palette.Any(random);
        var material = Palette.Of(random, Pattern.Fractal, paint, paint * 0.6f, 0.3f);
        return new CutoutShape(material, new Vector3(0f, 0f, z), 3f * z, height, IsSolid) { Relief = 0.2f };
    }
}
