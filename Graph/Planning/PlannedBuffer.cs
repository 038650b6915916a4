using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Planning;

/// <summary>
/// A memory region whose blocks are all multiples of one unit, the product of those bottleneck extents that they have
/// (N, H/divisor, W/divisor), so that offsets planned here hold at every run size.
/// </summary>
/// <param name="HasN">The blocks scale with N.</param>
/// <param name="HasH">The blocks scale with H.</param>
/// <param name="HasW">The blocks scale with W.</param>
/// <param name="Persistent">The contents outlive a run: states, and prepared weights.</param>
public sealed record Arena(bool HasN, bool HasH, bool HasW, bool Persistent)
{
    /// <summary>Planned size in units.</summary>
    public long Units { get; internal set; }

    /// <summary>The largest sum of the sizes of buffers that are alive at the same step, in units: no plan can be smaller.</summary>
    public long LargestLiveSet { get; internal set; }

    /// <summary>For reports.</summary>
    public string Name => Persistent ? "persistent" : HasN || HasH || HasW
        ? string.Join("·", ((string[])[HasN ? "N" : "", HasH ? "H" : "", HasW ? "W" : ""]).Where(s => s.Length > 0))
        : "constant";
}

/// <summary>How the elements of a buffer lie in memory.</summary>
public enum ElementType
{
    /// <summary>IEEE single precision, 4 bytes.</summary>
    Float32,

    /// <summary>The upper half of a float32, 2 bytes: eight bits of exponent, seven of fraction.</summary>
    BFloat16,
}

/// <summary>A block of memory: NHWC with as many elements a pixel as its shape has channels.</summary>
public sealed class PlannedBuffer
{
    internal PlannedBuffer(int id, string name, Shape shape, Arena arena, long units)
    {
        Id = id;
        Name = name;
        Shape = shape;
        Arena = arena;
        Units = units;
    }

    /// <summary>Number.</summary>
    public int Id { get; }

    /// <summary>For reports.</summary>
    public string Name { get; }

    /// <summary>Its whole shape.</summary>
    public Shape Shape { get; }

    /// <summary>Where it lies.</summary>
    public Arena Arena { get; }

    /// <summary>Size in the arena's units of four bytes.</summary>
    public long Units { get; private set; }

    /// <summary>Its elements; those of a part are its whole's.</summary>
    public ElementType Type { get; private set; }

    /// <summary>Offset in the arena's units.</summary>
    public long Offset { get; internal set; }

    /// <summary>The buffer of which this is a part, as a parameter is of all parameters; null for most.</summary>
    public PlannedBuffer? Whole { get; internal set; }

    /// <summary>First element within <see cref="Whole"/>.</summary>
    public long OffsetInWhole { get; internal set; }

    /// <summary>First step that writes it; −1 if it is filled before the run.</summary>
    public int FirstStep { get; internal set; } = int.MaxValue;

    /// <summary>Last step that reads it; the number of steps if it is read after the run.</summary>
    public int LastStep { get; internal set; } = -1;

    /// <summary>The block that is allocated: this one, or the one that it is a part of.</summary>
    public PlannedBuffer Root => Whole?.Root ?? this;

    /// <summary>Halves the elements, and with them the size.</summary>
    internal void StoreAsBFloat16()
    {
        Type = ElementType.BFloat16;
        Units = (Units + 1) / 2;
    }

    internal void Use(int step)
    {
        PlannedBuffer root = Root;
        root.FirstStep = Math.Min(root.FirstStep, step);
        root.LastStep = Math.Max(root.LastStep, step);
    }
}

/// <summary>Where a value lies: a buffer, from a channel on.</summary>
/// <param name="Buffer">The buffer.</param>
/// <param name="Channel">First channel.</param>
public readonly record struct Place(PlannedBuffer Buffer, int Channel);
