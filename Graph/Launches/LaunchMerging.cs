namespace FocalNet.Graph.Launches;

/// <summary>
/// Decides which tasks start together. Tasks are taken in order; each joins the earliest launch after all that it waits for, so
/// that branches of a network and the weight gradients beside them cost no launches of their own. Families keep to themselves,
/// but that what waits for memory, and sums of partial results, which are few, ride along with what computes. How a launch of several tasks is written is none of its business.
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
            string reason = _launches[launch][0].Family == task.Family ? "is of its family and waits for nothing in it" : "rides along, waiting for nothing in it";
            _decisions.Add(new LaunchDecision(task, launch, obstacle is null, obstacle ?? reason));
            if (obstacle is null)
                return launch;
        }
        return _launches.Count;
    }

    private static string? Obstacle(LaunchTask task, List<LaunchTask> launch)
    {
        TaskFamily family = launch[0].Family;
        if (family != task.Family && !RidesWith(task.Family, family))
            return $"a launch of the family {family} is no place for one of {task.Family}";
        // Sums of partial results are small, and all alike.
        if (task.Family != TaskFamily.Finish && launch.Count(t => t.Family != TaskFamily.Finish) >= MostTasks)
            return $"the launch has {Text.Of(MostTasks)} tasks";
        return launch.Sum(t => t.Operands.Count) + task.Operands.Count > MostOperands ? "a kernel takes no more pointers" : null;
    }

    private static bool RidesWith(TaskFamily family, TaskFamily launch) => family switch
    {
        TaskFamily.Finish => launch is TaskFamily.Pixel or TaskFamily.Dense,
        TaskFamily.Pixel => launch is TaskFamily.Dense or TaskFamily.Finish,
        TaskFamily.Dense => launch is TaskFamily.Pixel or TaskFamily.Finish,
        _ => false,
    };
}
