namespace FocalNet.Graph.Planning;

/// <summary>
/// Gives every buffer of an arena an offset so that no two that are alive at the same step overlap. Offline greedy
/// placement: buffers are taken in some order and each goes to the tightest gap between those already placed that it
/// meets in time. Several orders are tried; the smallest plan wins.
/// </summary>
public static class MemoryPlanner
{
    /// <summary>Plans one arena: sets the offsets of its buffers and its size.</summary>
    public static void Plan(Arena arena, IReadOnlyList<PlannedBuffer> buffers)
    {
        arena.LargestLiveSet = LargestLiveSet(buffers);
        long[]? best = null;
        long bestPeak = long.MaxValue;
        foreach (IEnumerable<PlannedBuffer> order in Orders(buffers))
        {
            long peak = Place([.. order]);
            if (peak < bestPeak)
            {
                bestPeak = peak;
                best = [.. buffers.Select(b => b.Offset)];
            }
            if (peak == arena.LargestLiveSet)
                break;
        }
        for (int i = 0; best is not null && i < best.Length; i++)
            buffers[i].Offset = best[i];
        arena.Units = best is null ? 0 : bestPeak;
    }

    private static IEnumerable<IEnumerable<PlannedBuffer>> Orders(IReadOnlyList<PlannedBuffer> buffers)
    {
        yield return buffers.OrderByDescending(b => b.Units).ThenBy(b => b.FirstStep);
        yield return buffers.OrderByDescending(b => b.LastStep - b.FirstStep).ThenByDescending(b => b.Units);
        yield return buffers.OrderByDescending(b => b.Units * (b.LastStep - b.FirstStep + 1L)).ThenBy(b => b.FirstStep);
        yield return buffers.OrderBy(b => b.FirstStep).ThenByDescending(b => b.LastStep);
        yield return buffers.OrderByDescending(b => b.LastStep).ThenBy(b => b.FirstStep);
    }

    private static long Place(IReadOnlyList<PlannedBuffer> order)
    {
        // Sorted by offset, so that gaps are found in one sweep.
        var placed = new List<PlannedBuffer>();
        long peak = 0;
        foreach (PlannedBuffer buffer in order)
        {
            buffer.Offset = TightestGap(buffer, placed);
            int index = placed.FindIndex(p => p.Offset > buffer.Offset);
            placed.Insert(index < 0 ? placed.Count : index, buffer);
            peak = Math.Max(peak, buffer.Offset + buffer.Units);
        }
        return peak;
    }

    private static long TightestGap(PlannedBuffer buffer, List<PlannedBuffer> placed)
    {
        long end = 0, best = -1, bestGap = long.MaxValue;
        foreach (PlannedBuffer other in placed)
        {
            if (other.LastStep < buffer.FirstStep || buffer.LastStep < other.FirstStep)
                continue;
            long gap = other.Offset - end;
            if (gap >= buffer.Units && gap < bestGap)
            {
                best = end;
                bestGap = gap;
            }
            end = Math.Max(end, other.Offset + other.Units);
        }
        return best >= 0 ? best : end;
    }

    private static long LargestLiveSet(IReadOnlyList<PlannedBuffer> buffers)
    {
        var changes = new SortedDictionary<int, long>();
        foreach (PlannedBuffer buffer in buffers)
        {
            changes[buffer.FirstStep] = (changes.TryGetValue(buffer.FirstStep, out long start) ? start : 0) + buffer.Units;
            changes[buffer.LastStep + 1] = (changes.TryGetValue(buffer.LastStep + 1, out long end) ? end : 0) - buffer.Units;
        }
        long live = 0, largest = 0;
        foreach (long change in changes.Values)
            largest = Math.Max(largest, live += change);
        return largest;
    }
}
