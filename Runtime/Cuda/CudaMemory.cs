using System.Globalization;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <summary>
/// The device memory of one executor: one block for what persists, which never moves, and one for all other arenas, which grows with the
/// run size and is kept. The context must be entered.
/// </summary>
internal sealed class CudaMemory
{
    // What the driver aligns to, in floats: arenas in one block begin as if each were a block of its own.
    private const int AlignmentFloats = 64;

    private readonly CudaContext context;
    private readonly PlanLayout plan;
    private readonly long[] starts, lengths;
    private readonly long persistentFloats;
    private nint persistent, transient;
    private long transientFloats;

    /// <summary>Allocates what persists, and clears it.</summary>
    public CudaMemory(CudaContext context, PlanLayout plan, nint stream)
    {
        (this.context, this.plan) = (context, plan);
        (starts, lengths) = (new long[plan.Arenas.Length], new long[plan.Arenas.Length]);
        ArenaSpec arena = plan.Arenas[plan.PersistentArena];
        if (arena.HasImages || arena.HasHeight || arena.HasWidth)
            throw new DeviceException(context.Name, $"create an executor of {plan.Name}", string.Empty, "The plan's persistent arena depends on the run size.", "This is an error of the compiler that made the plan: report it.");
        persistentFloats = Math.Max(1, arena.Units);
        persistent = context.Allocate(persistentFloats * sizeof(float), plan.Name, default, persistentFloats * sizeof(float));
        context.Check(DriverApi.Fill(persistent, 0, (nuint)persistentFloats, stream), $"clear the states of {plan.Name}");
    }

    /// <summary>Bytes at a run size; <see cref="long.MaxValue"/> if they do not fit a number.</summary>
    public static long RequiredBytes(PlanLayout plan, RunSize size)
    {
        Int128 floats = plan.Arenas.Aggregate((Int128)0, (sum, arena) => sum + Rounded(ArenaSizes.Floats(arena, size, plan.Divisor)));
        return floats * sizeof(float) > long.MaxValue ? long.MaxValue : (long)(floats * sizeof(float));
    }

    /// <summary>Makes room for a run size.</summary>
    /// <returns>Whether the memory moved, so that nothing that holds an address of it is of use any more.</returns>
    /// <exception cref="DeviceMemoryException">There is not enough.</exception>
    public bool Bind(RunSize size)
    {
        long needed = RequiredBytes(plan, size);
        if (needed == long.MaxValue)
            throw new DeviceMemoryException(context.Name, plan.Name, size, needed, context.FreeBytes);
        CheckIndices(size);
        long floats = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            (starts[i], lengths[i]) = (floats, (long)ArenaSizes.Floats(plan.Arenas[i], size, plan.Divisor));
            if (i != plan.PersistentArena)
                floats += (long)Rounded(lengths[i]);
        }
        if (floats <= transientFloats)
            return false;
        // Freed before it is allocated anew: its contents are not kept, and both at once might not fit.
        FreeTransient();
        transient = context.Allocate(floats * sizeof(float), plan.Name, size, needed);
        transientFloats = floats;
        return true;
    }

    /// <summary>Where a view begins at the bound size.</summary>
    public nint Address(ViewSpec view, RunSize size)
    {
        BufferSpec buffer = plan.Buffers[view.Buffer];
        nint arena = buffer.Arena == plan.PersistentArena ? persistent : transient + (nint)(starts[buffer.Arena] * sizeof(float));
        return arena + (nint)(ArenaSizes.OffsetFloats(plan, buffer, size) * sizeof(float)) + (view.Offset * buffer.ElementBytes);
    }

    /// <summary>Fills all that does not outlive a run with NaN, but for the inputs.</summary>
    public void Poison(RunSize size, nint stream)
    {
        // All ones is NaN as float32 and as two bfloat16.
        foreach ((int arena, long start, long end) in ArenaSizes.Transient(plan, size, lengths))
            context.Check(DriverApi.Fill(transient + (nint)((starts[arena] + start) * sizeof(float)), uint.MaxValue, (nuint)(end - start), stream), $"poison {plan.Name}");
    }

    /// <summary>Frees all.</summary>
    public void Free()
    {
        FreeTransient();
        if (persistent != 0)
            _ = DriverApi.MemoryFree(persistent);
        persistent = 0;
    }

    private void FreeTransient()
    {
        if (transient != 0)
            _ = DriverApi.MemoryFree(transient);
        (transient, transientFloats) = (0, 0);
    }

    // Kernels index with int.
    private void CheckIndices(RunSize size)
    {
        foreach (BufferSpec buffer in plan.Buffers)
        {
            long elements = buffer.Shape.Elements(size);
            if (elements > int.MaxValue)
            {
                throw new DeviceException(
                    context.Name, $"bind {plan.Name}", PlanBindings.Text(size),
                    string.Create(CultureInfo.InvariantCulture, $"A tensor would have {elements} numbers; {int.MaxValue} is the most."), "Use fewer images a run or smaller tiles.");
            }
        }
    }

    private static Int128 Rounded(Int128 floats) => (floats + AlignmentFloats - 1) / AlignmentFloats * AlignmentFloats;
}
