using System.Globalization;
using System.Runtime.InteropServices;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cpu;

/// <summary>The arenas of one executor. Grows with the run size and keeps what it has; the persistent arena never moves.</summary>
internal sealed unsafe class CpuMemory : IDisposable
{
    private readonly PlanLayout plan;
    private readonly float*[] arenas;
    private readonly long[] capacities, lengths;
    private float* partials;
    private long partialCapacity;

    public CpuMemory(PlanLayout plan)
    {
        this.plan = plan;
        arenas = new float*[plan.Arenas.Length];
        capacities = new long[arenas.Length];
        lengths = new long[arenas.Length];
        ArenaSpec persistent = plan.Arenas[plan.PersistentArena];
        if (persistent.HasImages || persistent.HasHeight || persistent.HasWidth)
            throw new DeviceException("cpu", $"create an executor of {plan.Name}", string.Empty, "The plan's persistent arena depends on the run size.", "This is an error of the compiler that made the plan: report it.");
        Reserve(plan.PersistentArena, persistent.Units, default);
        NativeMemory.Clear(arenas[plan.PersistentArena], (nuint)capacities[plan.PersistentArena] * sizeof(float));
    }

    /// <summary>
    /// Bytes that this process may still take: what the system says is available, within the container's limit if there is one.
    /// </summary>
    public static long AvailableBytes
    {
        get
        {
            long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            const string Table = "/proc/meminfo", Row = "MemAvailable:";
            if (!OperatingSystem.IsLinux() || !File.Exists(Table))
                return limit;
            string? line = File.ReadLines(Table).FirstOrDefault(l => l.StartsWith(Row, StringComparison.Ordinal));
            return line is not null && long.TryParse(line.AsSpan(Row.Length).Trim().TrimEnd(" kB"), NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
                ? Math.Min(limit, kibibytes * 1024)
                : limit;
        }
    }

    /// <summary>First float of the partial results.</summary>
    public float* Partials => partials;

    /// <summary>Bytes at a run size; <see cref="long.MaxValue"/> if they do not fit a number.</summary>
    public static long RequiredBytes(PlanLayout plan, RunSize size, long partialFloats)
    {
        Int128 floats = partialFloats;
        foreach (ArenaSpec arena in plan.Arenas)
            floats += ArenaSizes.Floats(arena, size, plan.Divisor);
        Int128 bytes = floats * sizeof(float);
        return bytes > long.MaxValue ? long.MaxValue : (long)bytes;
    }

    /// <summary>Makes room for a run size.</summary>
    public void Bind(RunSize size, long partialFloats)
    {
        long needed = RequiredBytes(plan, size, partialFloats);
        // Linux grants more than there is and ends the process when it is used, so an allocation that fails is not enough.
        long held = (capacities.Sum() + partialCapacity) * sizeof(float), available = AvailableBytes;
        if (needed - held > available)
            throw new DeviceMemoryException("cpu", plan.Name, size, needed, available + held);
        for (int i = 0; i < arenas.Length; i++)
        {
            if (i != plan.PersistentArena)
                Reserve(i, (long)ArenaSizes.Floats(plan.Arenas[i], size, plan.Divisor), size);
        }

        if (partialFloats > partialCapacity)
        {
            NativePages.Free(partials);
            partials = null;
            partialCapacity = 0;
            partials = Allocate(partialFloats, size);
            partialCapacity = partialFloats;
        }
    }

    /// <summary>Where a view begins at a run size.</summary>
    public float* Address(ViewSpec view, RunSize size)
    {
        BufferSpec buffer = plan.Buffers[view.Buffer];
        return arenas[buffer.Arena] + ArenaSizes.OffsetFloats(plan, buffer, size) + view.Offset;
    }

    /// <summary>
    /// Fills all that does not outlive a run with NaN, but for the inputs: a kernel that reads what nobody wrote then shows.
    /// </summary>
    public void Poison(RunSize size)
    {
        foreach ((int arena, long start, long end) in ArenaSizes.Transient(plan, size, lengths))
        {
            for (long i = start; i < end; i++)
                arenas[arena][i] = float.NaN;
        }
    }

    public void Dispose()
    {
        for (int i = 0; i < arenas.Length; i++)
        {
            NativePages.Free(arenas[i]);
            arenas[i] = null;
        }

        NativePages.Free(partials);
        partials = null;
    }

    private void Reserve(int arena, long floats, RunSize size)
    {
        lengths[arena] = floats;
        if (floats <= capacities[arena])
            return;
        // Freed before it is allocated anew: its contents are not kept, and both at once might not fit.
        NativePages.Free(arenas[arena]);
        arenas[arena] = null;
        capacities[arena] = 0;
        arenas[arena] = Allocate(floats, size);
        capacities[arena] = floats;
    }

    private float* Allocate(long floats, RunSize size)
    {
        try
        {
            return NativePages.Allocate(checked((nuint)floats));
        }
        catch (Exception exception) when (exception is OutOfMemoryException or OverflowException)
        {
            throw new DeviceMemoryException("cpu", plan.Name, size, RequiredBytes(plan, size, 0), AvailableBytes, exception);
        }
    }
}
