namespace FocalNet.Runtime.Plans;

/// <summary>What the arenas of a plan take at a run size, the same on every device.</summary>
internal static class ArenaSizes
{
    /// <summary>Floats of an arena.</summary>
    public static Int128 Floats(ArenaSpec arena, RunSize size, int divisor)
    {
        Int128 unit = 1;
        if (arena.HasImages)
            unit *= size.Images;
        if (arena.HasHeight)
            unit *= size.Height / divisor;
        if (arena.HasWidth)
            unit *= size.Width / divisor;
        if (arena.HasImages || arena.HasHeight || arena.HasWidth)
            unit = (unit + 15) / 16 * 16;
        return unit * arena.Units;
    }

    /// <summary>Floats of a buffer, rounded up where its elements are narrower.</summary>
    public static long Floats(BufferSpec buffer, RunSize size) => ((buffer.Shape.Elements(size) * buffer.ElementBytes) + 3) / 4;

    /// <summary>Where a buffer begins in its arena, in floats.</summary>
    public static long OffsetFloats(PlanLayout plan, BufferSpec buffer, RunSize size) =>
        buffer.OffsetUnits * plan.Arenas[buffer.Arena].UnitFloats(size, plan.Divisor);

    /// <summary>
    /// The parts of the arenas that hold nothing between runs: all but what persists and the inputs. In floats, in order.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="size">The run size.</param>
    /// <param name="lengths">Floats of each arena.</param>
    public static IEnumerable<(int Arena, long Start, long End)> Transient(PlanLayout plan, RunSize size, long[] lengths)
    {
        for (int i = 0; i < plan.Arenas.Length; i++)
        {
            if (i == plan.PersistentArena)
                continue;
            long position = 0;
            IEnumerable<(long Start, long End)> inputs = plan.Inputs.Select(input => plan.Buffers[input.View.Buffer]).Where(buffer => buffer.Arena == i)
                .Select(buffer => (Start: OffsetFloats(plan, buffer, size), Buffer: buffer))
                .Select(b => (b.Start, b.Start + Floats(b.Buffer, size))).Order();
            foreach ((long start, long end) in inputs)
            {
                if (start > position)
                    yield return (i, position, start);
                position = Math.Max(position, end);
            }
            if (lengths[i] > position)
                yield return (i, position, lengths[i]);
        }
    }
}
