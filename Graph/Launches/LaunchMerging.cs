namespace FocalNet.Graph.Launches;

/// <summary>
/// Decides which tasks start together. Tasks are taken in order; each joins the earliest launch of its family after all that it
/// waits for, so that branches of a network and the weight gradients beside them cost no launches of their own. How a launch
/// of several tasks is written is none of its business.
/// </summary>
internal sealed class LaunchMerging
{
    // A launch compiles as one kernel, whose registers are those of its hungriest task; its pointers are its parameters.
    private const int MostTasks = 8, MostOperands = 480;

    // Results that are made long before they are needed take memory.
    private const int LongestWayBack = 16;

    private readonly List<List<LaunchTask>> _launches = [];
    private readonly List<LaunchDecision> _decisions = [];

    /// <summary>Cuts tasks into launches.</summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    /// <param name="merge">No: a launch for each.</param>
    public static (IReadOnlyList<Launch> Launches, IReadOnlyList<LaunchDecision> Decisions) Run(IReadOnlyList<LaunchTask> tasks, bool merge)
    {
        if (!merge)
            return ([.. tasks.Select(t => new Launch([t]))], []);
        var merging = new LaunchMerging();
        merging.Place(TaskOrder.FinishLate(tasks));
        return ([.. merging._launches.Select(l => new Launch(l))], merging._decisions);
    }

    private void Place(IReadOnlyList<LaunchTask> tasks)
    {
        IReadOnlyList<int>[] before = TaskOrder.Dependencies(tasks);
        var launchOf = new int[tasks.Count];
        for (int i = 0; i < tasks.Count; i++)
        {
            int earliest = before[i].Count == 0 ? 0 : before[i].Max(b => launchOf[b]) + 1;
            launchOf[i] = Find(tasks[i], earliest);
            if (launchOf[i] == _launches.Count)
                _launches.Add([]);
            _launches[launchOf[i]].Add(tasks[i]);
        }
    }

    private int Find(LaunchTask task, int earliest)
    {
        for (int launch = Math.Max(earliest, _launches.Count - LongestWayBack); launch < _launches.Count; launch++)
        {
            string? obstacle = Obstacle(task, _launches[launch]);
            _decisions.Add(new LaunchDecision(task, launch, obstacle is null, obstacle ?? "waits for nothing in it, and is of its family"));
            if (obstacle is null)
                return launch;
        }
        return _launches.Count;
    }

    private static string? Obstacle(LaunchTask task, List<LaunchTask> launch)
    {
        if (launch[0].Family != task.Family)
            return $"a launch of the family {launch[0].Family} is no place for one of {task.Family}";
        // Sums of partial results are all alike.
        if (launch.Count >= MostTasks && task.Family != TaskFamily.Finish)
            return $"the launch has {Text.Of(MostTasks)} tasks";
        return launch.Sum(t => t.Operands.Count) + task.Operands.Count > MostOperands ? "a kernel takes no more pointers" : null;
    }
}
