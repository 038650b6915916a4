using System.Numerics;

namespace FocalNet.Trainer.Data.Scenes;

/// <summary>The light of a scene, in linear units.</summary>
internal sealed record Lighting
{
    /// <summary>Towards the sun, length one.</summary>
    public required Vector3 SunDirection { get; init; }

    public required Vector3 Sun { get; init; }

    /// <summary>From above; half of it arrives from below.</summary>
    public required Vector3 Ambient { get; init; }

    /// <summary>A lamp, for interiors; its light falls with the square of the distance.</summary>
    public Vector3 LampPosition { get; init; }

    public Vector3 Lamp { get; init; }
}

/// <summary>The sky behind everything: a gradient with clouds.</summary>
internal sealed record Sky(Vector3 Horizon, Vector3 Zenith, Vector3 Cloud, float CloudAmount, int Seed)
{
    public Vector3 ColourAt(Vector3 direction)
    {
        var height = MathF.Max(0f, direction.Y);
        var clear = Vector3.Lerp(Horizon, Zenith, MathF.Sqrt(height));
        // Clouds lie on a plane above, so they grow smaller towards the horizon.
        var reach = 1f / (height + 0.12f);
        var cover = Noise.Fractal(direction.X * reach * 1.7f, direction.Z * reach * 1.7f, Seed, 5);
        var amount = Noise.Step(1f - CloudAmount, 1.25f - CloudAmount, cover + 0.25f) * Noise.Step(0f, 0.15f, height);
        var shade = 0.75f + 0.5f * Noise.Fractal(direction.X * reach * 4f, direction.Z * reach * 4f, Seed + 9, 3);
        return Vector3.Lerp(clear, Cloud * shade, amount);
    }
}

/// <summary>Where the eye is and how it looks; it looks along +z when not turned.</summary>
internal sealed record Eye(Vector3 Position, float Turn, float Tilt, float HalfWidth);

/// <summary>Everything that <see cref="RayCaster"/> needs to draw a scene.</summary>
internal sealed record World
{
    public required IReadOnlyList<Shape> Shapes { get; init; }

    public required Eye Eye { get; init; }

    public required Lighting Lighting { get; init; }

    public required Sky Sky { get; init; }

    /// <summary>The distance given to the sky, and the most that anything has.</summary>
    public required float FarDepth { get; init; }

    /// <summary>A shape that mirrors, disturbed by ripples.</summary>
    public Shape? Water { get; init; }

    /// <summary>The mean brightness that exposure aims at, as shown.</summary>
    public float Brightness { get; init; } = 0.42f;

    /// <summary>Standard deviation of the camera's noise.</summary>
    public float Grain { get; init; } = 0.006f;

    public int Seed { get; init; }
}
