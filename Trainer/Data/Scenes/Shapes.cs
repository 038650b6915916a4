using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>A ray; its direction has length one, so that parameters along it are distances.</summary>
internal readonly record struct Ray(Vector3 Origin, Vector3 Direction)
{
    public Vector3 At(float distance) => Origin + distance * Direction;
}

/// <summary>Where a ray meets a surface: the nearest such place so far.</summary>
internal struct Hit
{
    public float Distance;
    public Vector3 Normal;

    /// <summary>The place on the surface, in metres along it.</summary>
    public Vector2 Uv;
    public Shape? Shape;

    /// <summary>Which face of the shape, so that edges within a shape are smoothed too.</summary>
    public int Face;
}

/// <summary>A surface that rays can meet.</summary>
internal abstract class Shape(Material material)
{
    protected const float Nearest = 1e-3f;

    public Material Material { get; } = material;

    /// <summary>Whether it throws shadows. What is flat and lies on another surface need not.</summary>
    public bool CastsShadow { get; init; } = true;

    /// <summary>Corners of a box around it, or nothing when it has no bounds.</summary>
    public abstract (Vector3 Low, Vector3 High)? Bounds { get; }

    /// <summary>Takes the place into <paramref name="hit"/> if the ray meets the shape before hit.Distance.</summary>
    public abstract bool Meets(in Ray ray, ref Hit hit);
}

/// <summary>A plane through a point without bounds: floors, walls, water.</summary>
internal sealed class PlaneShape(Material material, Vector3 point, Vector3 normal) : Shape(material)
{
    public override (Vector3 Low, Vector3 High)? Bounds => null;

    public override bool Meets(in Ray ray, ref Hit hit)
    {
        var slope = Vector3.Dot(normal, ray.Direction);
        var distance = Vector3.Dot(normal, point - ray.Origin) / slope;
        if (!(distance > Nearest && distance < hit.Distance) || slope > 0f)
        {
            return false;
        }

        var place = ray.At(distance);
        var uv = MathF.Abs(normal.Y) > 0.5f ? new Vector2(place.X, place.Z)
            : MathF.Abs(normal.X) > 0.5f ? new Vector2(place.Z, place.Y)
            : new Vector2(place.X, place.Y);
        hit = new Hit { Distance = distance, Normal = normal, Uv = uv, Shape = this };
        return true;
    }
}

/// <summary>A box, turned about the vertical.</summary>
internal sealed class BoxShape : Shape
{
    private readonly Vector3 _centre;
    private readonly Vector3 _half;
    private readonly float _cosine;
    private readonly float _sine;

    /// <param name="material">Its surface.</param>
    /// <param name="centre">The middle.</param>
    /// <param name="size">Width, height and depth.</param>
    /// <param name="turn">Radians about the vertical.</param>
    public BoxShape(Material material, Vector3 centre, Vector3 size, float turn = 0f)
        : base(material)
    {
        _centre = centre;
        _half = size / 2f;
        (_sine, _cosine) = MathF.SinCos(turn);
    }

    public override (Vector3 Low, Vector3 High)? Bounds
    {
        get
        {
            var x = MathF.Abs(_cosine) * _half.X + MathF.Abs(_sine) * _half.Z;
            var z = MathF.Abs(_sine) * _half.X + MathF.Abs(_cosine) * _half.Z;
            var reach = new Vector3(x, _half.Y, z);
            return (_centre - reach, _centre + reach);
        }
    }

    public override bool Meets(in Ray ray, ref Hit hit)
    {
        var origin = ToLocal(ray.Origin - _centre);
        var direction = ToLocal(ray.Direction);
        var inverse = Vector3.One / direction;
        var low = (-_half - origin) * inverse;
        var high = (_half - origin) * inverse;
        var enter = Vector3.Min(low, high);
        var leave = Vector3.Max(low, high);
        var distance = MathF.Max(enter.X, MathF.Max(enter.Y, enter.Z));
        if (!(distance <= MathF.Min(leave.X, MathF.Min(leave.Y, leave.Z)) && distance > Nearest && distance < hit.Distance))
        {
            return false;
        }

        var place = origin + distance * direction;
        var (normal, uv, face) = distance == enter.Y ? (new Vector3(0f, -MathF.Sign(direction.Y), 0f), new Vector2(place.X, place.Z), 0)
            : distance == enter.X ? (new Vector3(-MathF.Sign(direction.X), 0f, 0f), new Vector2(place.Z, place.Y + _half.Y), 1)
            : (new Vector3(0f, 0f, -MathF.Sign(direction.Z)), new Vector2(place.X, place.Y + _half.Y), 2);
        hit = new Hit { Distance = distance, Normal = ToWorld(normal), Uv = uv, Shape = this, Face = face };
        return true;
    }

    private Vector3 ToLocal(Vector3 v) => new(_cosine * v.X - _sine * v.Z, v.Y, _sine * v.X + _cosine * v.Z);

    private Vector3 ToWorld(Vector3 v) => new(_cosine * v.X + _sine * v.Z, v.Y, -_sine * v.X + _cosine * v.Z);
}

internal sealed class SphereShape(Material material, Vector3 centre, float radius) : Shape(material)
{
    public override (Vector3 Low, Vector3 High)? Bounds => (centre - new Vector3(radius), centre + new Vector3(radius));

    public override bool Meets(in Ray ray, ref Hit hit)
    {
        var towards = ray.Origin - centre;
        var half = Vector3.Dot(towards, ray.Direction);
        var square = half * half - Vector3.Dot(towards, towards) + radius * radius;
        if (square <= 0f)
        {
            return false;
        }

        var distance = -half - MathF.Sqrt(square);
        if (!(distance > Nearest && distance < hit.Distance))
        {
            return false;
        }

        var normal = (ray.At(distance) - centre) / radius;
        var uv = new Vector2(MathF.Atan2(normal.X, normal.Z), MathF.Asin(Math.Clamp(normal.Y, -1f, 1f))) * radius;
        hit = new Hit { Distance = distance, Normal = normal, Uv = uv, Shape = this };
        return true;
    }
}

/// <summary>An upright cylinder without caps, from its foot up: columns, trunks, posts.</summary>
internal sealed class CylinderShape(Material material, Vector3 foot, float radius, float height) : Shape(material)
{
    public override (Vector3 Low, Vector3 High)? Bounds =>
        (foot - new Vector3(radius, 0f, radius), foot + new Vector3(radius, height, radius));

    public override bool Meets(in Ray ray, ref Hit hit)
    {
        var (x, z) = (ray.Origin.X - foot.X, ray.Origin.Z - foot.Z);
        var a = ray.Direction.X * ray.Direction.X + ray.Direction.Z * ray.Direction.Z;
        var half = x * ray.Direction.X + z * ray.Direction.Z;
        var square = half * half - a * (x * x + z * z - radius * radius);
        if (square <= 0f || a == 0f)
        {
            return false;
        }

        var distance = (-half - MathF.Sqrt(square)) / a;
        var y = ray.Origin.Y + distance * ray.Direction.Y - foot.Y;
        if (!(distance > Nearest && distance < hit.Distance && y >= 0f && y <= height))
        {
            return false;
        }

        var normal = new Vector3((x + distance * ray.Direction.X) / radius, 0f, (z + distance * ray.Direction.Z) / radius);
        hit = new Hit { Distance = distance, Normal = normal, Uv = new Vector2(MathF.Atan2(normal.X, normal.Z) * radius, y), Shape = this };
        return true;
    }
}

/// <summary>
/// An upright picture facing the viewer, cut out along an outline: ridges, tree crowns, leaves, fences.
/// </summary>
/// <param name="material">Its surface.</param>
/// <param name="foot">The middle of its lower edge.</param>
/// <param name="width">Across.</param>
/// <param name="height">Up.</param>
/// <param name="isSolid">Whether a place (0 at the middle of the lower edge, in metres) belongs to it.</param>
internal sealed class CutoutShape(Material material, Vector3 foot, float width, float height, Func<Vector2, bool> isSolid) : Shape(material)
{
    /// <summary>How round it seems when light falls on it: 0 flat, 1 rugged.</summary>
    public float Relief { get; init; } = 0.8f;

    /// <summary>Size of the bumps, in metres.</summary>
    public float ReliefSize { get; init; } = 1f;

    public override (Vector3 Low, Vector3 High)? Bounds =>
        (foot - new Vector3(width / 2f, 0f, 0f), foot + new Vector3(width / 2f, height, 0f));

    public override bool Meets(in Ray ray, ref Hit hit)
    {
        var distance = (foot.Z - ray.Origin.Z) / ray.Direction.Z;
        if (!(distance > Nearest && distance < hit.Distance))
        {
            return false;
        }

        var place = ray.At(distance);
        var uv = new Vector2(place.X - foot.X, place.Y - foot.Y);
        if (uv.Y < 0f || uv.Y > height || MathF.Abs(uv.X) > width / 2f || !isSolid(uv))
        {
            return false;
        }

        hit = new Hit { Distance = distance, Normal = BumpAt(uv), Uv = uv, Shape = this };
        return true;
    }

    private Vector3 BumpAt(Vector2 uv)
    {
        var p = uv / ReliefSize;
        var here = Noise.Fractal(p.X, p.Y, Material.Seed + 5, 3);
        var right = Noise.Fractal(p.X + 0.1f, p.Y, Material.Seed + 5, 3);
        var up = Noise.Fractal(p.X, p.Y + 0.1f, Material.Seed + 5, 3);
        var slope = new Vector3((here - right) * 8f, (here - up) * 8f + 0.4f, 0f) * Relief;
        return Vector3.Normalize(slope - Vector3.UnitZ);
    }
}
