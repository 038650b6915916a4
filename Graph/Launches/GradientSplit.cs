using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>
/// A training step's tasks in two halves: what computes the gradient of all parameters, losses included, and the optimizer. No launch has
/// tasks of both, so that a run can stop between them, as <see cref="GradientCut"/> says.
/// </summary>
/// <param name="First">All that does not wait for the gradient, in order.</param>
/// <param name="Second">What waits for it, in order; nothing where a run can't be cut.</param>
/// <param name="Gradient">The gradient; null where a run can't be cut.</param>
internal sealed record GradientSplit(IReadOnlyList<LaunchTask> First, IReadOnlyList<LaunchTask> Second, Node? Gradient)
{
    /// <summary>Splits the tasks of a graph.</summary>
    /// <param name="graph">The graph after all passes.</param>
    /// <param name="placement">Where its values lie.</param>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public static GradientSplit Of(NetworkGraph graph, Placement placement, IReadOnlyList<LaunchTask> tasks)
    {
        var whole = new GradientSplit(tasks, [], null);
        Node[] packed = [.. graph.Nodes.Where(n => n.Op is PackOp && n.Shape == Shape.Flat(graph.ParameterElements))];
        if (packed.Length != 1 || graph.Assignments.Count == 0)
            return whole;
        PlannedBuffer gradient = placement.Of(packed[0]).Buffer.Root;
        // Parts of the gradient are read by what makes other parts: all that these wait for is of the first half.
        bool[] writes = [.. tasks.Select(t => t.Operands.Any(o => o.IsWritten && o.Place.Buffer.Root == gradient))];
        bool[] isNeeded = [.. writes], waits = new bool[tasks.Count];
        IReadOnlyList<int>[] before = TaskOrder.Dependencies(tasks);
        for (int i = tasks.Count - 1; i >= 0; i--)
        {
            foreach (int earlier in before[i])
                isNeeded[earlier] |= isNeeded[i];
        }
        // Another batch must find every state as the first one did: what changes one, such as a count of steps, is of the second half.
        var states = new HashSet<PlannedBuffer>(graph.Nodes.Where(n => n.Op is StateOp).Select(n => placement.Of(n).Buffer.Root)) { placement.ParametersPlace.Buffer.Root };
        bool ChangesState(LaunchTask task) => task.Operands.Any(o => o.IsWritten && states.Contains(o.Place.Buffer.Root));
        for (int i = 0; i < tasks.Count; i++)
            waits[i] = !isNeeded[i] && (ChangesState(tasks[i]) || before[i].Any(b => waits[b] || writes[b]));
        LaunchTask[] first = [.. tasks.Where((_, i) => !waits[i])];
        return first.Any(ChangesState) ? whole : new GradientSplit(first, [.. tasks.Where((_, i) => waits[i])], packed[0]);
    }
}
