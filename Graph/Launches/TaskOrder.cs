using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>Which tasks wait for which, by what they read and write.</summary>
internal static class TaskOrder
{
    // Floats: 32 MB.
    private const long MostPartials = 1 << 23;

    /// <summary>For each task the earlier ones that must be complete before it starts.</summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public static IReadOnlyList<int>[] Dependencies(IReadOnlyList<LaunchTask> tasks)
    {
        var reads = new Dictionary<PlannedBuffer, List<(int Task, long Start, long End)>>();
        var writes = new Dictionary<PlannedBuffer, List<(int Task, long Start, long End)>>();
        var before = new IReadOnlyList<int>[tasks.Count];
        for (int i = 0; i < tasks.Count; i++)
        {
            // What is read waits for what was written; what is written for both. Most buffers are parameters that are read alone.
            var waits = new SortedSet<int>();
            foreach (TaskOperand operand in tasks[i].Operands)
            {
                (PlannedBuffer root, long start, long end) = Range(operand);
                Meet(writes, root, start, end, waits);
                if (operand.IsWritten)
                    Meet(reads, root, start, end, waits);
            }
            foreach (TaskOperand operand in tasks[i].Operands)
            {
                (PlannedBuffer root, long start, long end) = Range(operand);
                Dictionary<PlannedBuffer, List<(int, long, long)>> touched = operand.IsWritten ? writes : reads;
                if (!touched.TryGetValue(root, out List<(int, long, long)>? others))
                    touched.Add(root, others = []);
                others.Add((i, start, end));
            }
            before[i] = [.. waits];
        }
        return before;
    }

    private static void Meet(Dictionary<PlannedBuffer, List<(int Task, long Start, long End)>> touched, PlannedBuffer root, long start, long end, SortedSet<int> waits)
    {
        if (touched.TryGetValue(root, out List<(int Task, long Start, long End)>? others))
            waits.UnionWith(others.Where(o => o.Start < end && start < o.End).Select(o => o.Task));
    }

    /// <summary>A task reads what lies where this operand does, or part of it.</summary>
    public static bool Reads(LaunchTask task, TaskOperand value)
    {
        (PlannedBuffer root, long start, long end) = Range(value);
        return task.Operands.Any(o => !o.IsWritten && Range(o) is var (other, from, to) && other == root && from < end && start < to);
    }

    /// <summary>
    /// The same tasks with those that add partial results as late as may be: just before the first task that waits for one of
    /// them, or where what waits to be added takes too much memory. So the sums of many weight gradients stand side by side.
    /// </summary>
    public static IReadOnlyList<LaunchTask> FinishLate(IReadOnlyList<LaunchTask> tasks)
    {
        IReadOnlyList<int>[] before = Dependencies(tasks);
        var order = new List<LaunchTask>();
        var waiting = new List<int>();
        long partials = 0;
        for (int i = 0; i < tasks.Count; i++)
        {
            if (tasks[i].Family == TaskFamily.Finish)
            {
                waiting.Add(i);
                partials += PartialsOf(tasks[i]);
                if (partials > MostPartials)
                {
                    order.AddRange(waiting.Select(w => tasks[w]));
                    waiting.Clear();
                    partials = 0;
                }
                continue;
            }
            foreach (int needed in before[i].Where(waiting.Contains))
            {
                order.Add(tasks[needed]);
                waiting.Remove(needed);
                partials -= PartialsOf(tasks[needed]);
            }
            order.Add(tasks[i]);
        }
        order.AddRange(waiting.Select(w => tasks[w]));
        return order;
    }

    // What a task adds up, if its size does not depend on the run's.
    private static long PartialsOf(LaunchTask task) => task.Operands.Where(o => !o.IsWritten && o.Shape.IsConstant).Sum(o => (long)o.Shape.ConstantElements);

    // In a flat buffer, of which parameters are parts, by element; in any other by channel.
    private static (PlannedBuffer Root, long Start, long End) Range(TaskOperand operand)
    {
        PlannedBuffer buffer = operand.Place.Buffer;
        long start = 0;
        for (PlannedBuffer part = buffer; part.Whole is not null; part = part.Whole)
            start += part.OffsetInWhole;
        return buffer.Whole is null
            ? (buffer, operand.Place.Channel, operand.Place.Channel + operand.Shape.C)
            : (buffer.Root, start, start + buffer.Shape.ConstantElements);
    }
}
