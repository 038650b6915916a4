using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>
/// Draws a <see cref="World"/>: one ray a pixel, four where neighbours show different surfaces, one bounce
/// for water. A shape is only tried for the pixels that its bounds can cover.
/// </summary>
internal sealed class RayCaster
{
    private readonly World _world;
    private readonly int _width;
    private readonly int _height;
    private readonly Shape[] _casters;
    private readonly Area[] _areas;
    private readonly Dictionary<Shape, int> _numbers = [];
    private readonly Vector3 _right;
    private readonly Vector3 _up;
    private readonly Vector3 _forward;
    private readonly float _pixel;

    private RayCaster(World world, int width, int height)
    {
        (_world, _width, _height) = (world, width, height);
        var (sine, cosine) = MathF.SinCos(world.Eye.Turn);
        var (tiltSine, tiltCosine) = MathF.SinCos(world.Eye.Tilt);
        _forward = new Vector3(sine * tiltCosine, tiltSine, cosine * tiltCosine);
        _right = new Vector3(cosine, 0f, -sine);
        _up = Vector3.Cross(_forward, _right);
        // The view's opening belongs to the longer side.
        _pixel = 2f * world.Eye.HalfWidth / Math.Max(width, height);
        _casters = [.. world.Shapes.Where(shape => shape.CastsShadow)];
        _areas = [.. world.Shapes.Select(AreaOf)];
        for (var i = 0; i < world.Shapes.Count; i++)
        {
            _numbers[world.Shapes[i]] = i + 1;
        }
    }

    /// <summary>The pixels, ends included, outside which a shape cannot be seen.</summary>
    private readonly record struct Area(Shape Shape, int Left, int Right, int Top, int Bottom);

    /// <summary>The picture and its depth; the same for the same world, on any thread.</summary>
    public static Scene Draw(World world, int width, int height) => new RayCaster(world, width, height).Draw();

    private Scene Draw()
    {
        var pixelCount = _width * _height;
        var light = new Vector3[pixelCount];
        var depth = new float[pixelCount];
        var surface = new int[pixelCount];
        for (var y = 0; y < _height; y++)
        {
            var candidates = CandidatesOf(y);
            for (var x = 0; x < _width; x++)
            {
                var at = y * _width + x;
                (light[at], depth[at], surface[at]) = Look(x + 0.5f, y + 0.5f, x, candidates);
            }
        }

        SmoothEdges(light, depth, surface);
        return new Scene(_width, _height, Develop(light), depth);
    }

    private void SmoothEdges(Vector3[] light, float[] depth, int[] surface)
    {
        ReadOnlySpan<(float X, float Y)> places = [(0.875f, 0.375f), (0.125f, 0.625f), (0.625f, 0.875f)];
        for (var y = 0; y < _height; y++)
        {
            Area[]? candidates = null;
            for (var x = 0; x < _width; x++)
            {
                var at = y * _width + x;
                if (!IsEdge(surface, x, y))
                {
                    continue;
                }

                candidates ??= CandidatesOf(y);
                var (sum, distance) = (light[at], depth[at]);
                foreach (var place in places)
                {
                    var (more, further, _) = Look(x + place.X, y + place.Y, x, candidates);
                    sum += more;
                    distance += further;
                }

                light[at] = sum / 4f;
                depth[at] = distance / 4f;
            }
        }
    }

    private bool IsEdge(int[] surface, int x, int y)
    {
        var here = surface[y * _width + x];
        return (x > 0 && surface[y * _width + x - 1] != here) || (x + 1 < _width && surface[y * _width + x + 1] != here)
            || (y > 0 && surface[(y - 1) * _width + x] != here) || (y + 1 < _height && surface[(y + 1) * _width + x] != here);
    }

    private Vector3 DirectionAt(float x, float y) => Vector3.Normalize(
        _forward + (x - _width * 0.5f) * _pixel * _right - (y - _height * 0.5f) * _pixel * _up);

    private (Vector3 Light, float Depth, int Surface) Look(float x, float y, int column, Area[] candidates)
    {
        var ray = new Ray(_world.Eye.Position, DirectionAt(x, y));
        var hit = new Hit { Distance = _world.FarDepth };
        foreach (var area in candidates)
        {
            if (column >= area.Left && column <= area.Right)
            {
                area.Shape.Meets(ray, ref hit);
            }
        }

        if (hit.Shape is null)
        {
            return (_world.Sky.ColourAt(ray.Direction), _world.FarDepth, 0);
        }

        var (colour, isLit) = Shade(ray, hit);
        if (hit.Shape == _world.Water)
        {
            colour = Vector3.Lerp(colour, Mirror(ray, hit), 0.25f + 0.6f * MathF.Pow(1f + Vector3.Dot(ray.Direction, hit.Normal), 3f));
        }

        return (colour, hit.Distance, (_numbers[hit.Shape] * 4 + hit.Face) * 2 + (isLit ? 1 : 0));
    }

    private Vector3 Mirror(in Ray ray, in Hit hit)
    {
        var waves = 3f / (1f + 0.15f * hit.Distance);
        var tiltX = Noise.Fractal(hit.Uv.X * 1.5f, hit.Uv.Y * 4f, _world.Seed + 31, 3) - 0.5f;
        var tiltZ = Noise.Fractal(hit.Uv.X * 1.5f, hit.Uv.Y * 4f, _world.Seed + 37, 3) - 0.5f;
        var normal = Vector3.Normalize(new Vector3(0.08f * waves * tiltX, 1f, 0.12f * waves * tiltZ));
        var direction = Vector3.Reflect(ray.Direction, normal);
        direction.Y = MathF.Max(direction.Y, 0.01f);
        var bounced = new Ray(ray.At(hit.Distance) + 1e-2f * normal, Vector3.Normalize(direction));
        var seen = new Hit { Distance = _world.FarDepth };
        foreach (var shape in _world.Shapes)
        {
            shape.Meets(bounced, ref seen);
        }

        return seen.Shape is null ? _world.Sky.ColourAt(bounced.Direction) : Shade(bounced, seen).Colour;
    }

    private (Vector3 Colour, bool IsLit) Shade(in Ray ray, in Hit hit)
    {
        var material = hit.Shape!.Material;
        var lighting = _world.Lighting;
        var place = ray.At(hit.Distance) + 2e-3f * hit.Normal;
        // A surface seen at a slant shows more of itself in a pixel.
        var slant = MathF.Max(0.15f, MathF.Abs(Vector3.Dot(ray.Direction, hit.Normal)));
        var albedo = material.ColourAt(hit.Uv, hit.Distance * _pixel / MathF.Sqrt(slant));
        var received = lighting.Ambient * (0.75f + 0.25f * hit.Normal.Y);
        var highlight = Vector3.Zero;
        var isLit = Add(lighting.SunDirection, _world.FarDepth, lighting.Sun, ray, hit, place, material.Gloss, ref received, ref highlight);
        if (lighting.Lamp != Vector3.Zero)
        {
            var towards = lighting.LampPosition - place;
            var distance = towards.Length();
            isLit |= Add(towards / distance, distance, lighting.Lamp / (0.5f + distance * distance), ray, hit, place, material.Gloss, ref received, ref highlight);
        }

        return (albedo * (received + new Vector3(material.Emission)) + highlight, isLit);
    }

    private bool Add(Vector3 direction, float reach, Vector3 strength, in Ray ray, in Hit hit, Vector3 place, float gloss, ref Vector3 received, ref Vector3 highlight)
    {
        var cosine = Vector3.Dot(hit.Normal, direction);
        if (cosine <= 0f || strength == Vector3.Zero || IsBlocked(new Ray(place, direction), reach, hit.Shape!))
        {
            return false;
        }

        received += strength * cosine;
        if (gloss > 0f)
        {
            var half = Vector3.Normalize(direction - ray.Direction);
            highlight += strength * (gloss * MathF.Pow(MathF.Max(0f, Vector3.Dot(half, hit.Normal)), 40f));
        }

        return true;
    }

    private bool IsBlocked(in Ray ray, float reach, Shape own)
    {
        // A cut-out is flat and would shade itself where its bumps turn away.
        var isFlat = own is CutoutShape;
        foreach (var shape in _casters)
        {
            var hit = new Hit { Distance = reach };
            if (!(isFlat && shape == own) && shape.Meets(ray, ref hit))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Exposure, the display's curve, and the camera's noise.</summary>
    private float[] Develop(Vector3[] light)
    {
        var sum = 0.0;
        foreach (var value in light)
        {
            sum += Math.Sqrt((value.X + value.Y + value.Z) / 3f);
        }

        var exposure = (float)Math.Pow(_world.Brightness / Math.Max(1e-3, sum / light.Length), 2);
        var colours = new float[3 * light.Length];
        for (var i = 0; i < light.Length; i++)
        {
            var noise = _world.Grain * Gaussian(i);
            for (var channel = 0; channel < 3; channel++)
            {
                // Bright parts bend towards white instead of being cut off.
                var linear = light[i][channel] * exposure;
                var shown = MathF.Sqrt(linear > 0.6f ? 0.6f + 0.4f * (1f - MathF.Exp((0.6f - linear) / 0.4f)) : linear);
                colours[channel * light.Length + i] = Math.Clamp(shown + noise, 0f, 1f);
            }
        }

        return colours;
    }

    private float Gaussian(int i)
    {
        var sum = Noise.Hash(i, 1, _world.Seed) + Noise.Hash(i, 2, _world.Seed) + Noise.Hash(i, 3, _world.Seed);
        // The sum of three even numbers has variance 1/4.
        return (sum - 1.5f) * 2f;
    }

    private Area[] CandidatesOf(int row) =>
        [.. _areas.Where(area => row >= area.Top && row <= area.Bottom)];

    /// <summary>The pixels that a shape can cover; all of them if it reaches behind the eye or has no bounds.</summary>
    private Area AreaOf(Shape shape)
    {
        if (shape.Bounds is not { } bounds)
        {
            return new Area(shape, 0, _width, 0, _height);
        }

        var (left, right, top, bottom) = (float.MaxValue, float.MinValue, float.MaxValue, float.MinValue);
        for (var corner = 0; corner < 8; corner++)
        {
            var place = new Vector3(
                (corner & 1) == 0 ? bounds.Low.X : bounds.High.X,
                (corner & 2) == 0 ? bounds.Low.Y : bounds.High.Y,
                (corner & 4) == 0 ? bounds.Low.Z : bounds.High.Z) - _world.Eye.Position;
            var ahead = Vector3.Dot(place, _forward);
            if (ahead < 0.05f)
            {
                return new Area(shape, 0, _width, 0, _height);
            }

            var x = Vector3.Dot(place, _right) / ahead / _pixel + _width * 0.5f;
            var y = _height * 0.5f - Vector3.Dot(place, _up) / ahead / _pixel;
            (left, right) = (MathF.Min(left, x), MathF.Max(right, x));
            (top, bottom) = (MathF.Min(top, y), MathF.Max(bottom, y));
        }

        return new Area(shape, (int)MathF.Max(left - 2f, -1f), (int)MathF.Min(right + 2f, _width), (int)MathF.Max(top - 2f, -1f), (int)MathF.Min(bottom + 2f, _height));
    }
}
