using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>Whether a task shares a launch, and why, or why not.</summary>
/// <param name="Task">The task.</param>
/// <param name="Launch">Number of the launch in question.</param>
/// <param name="Accepted">It joined.</param>
/// <param name="Reason">For people.</param>
public sealed record LaunchDecision(LaunchTask Task, int Launch, bool Accepted, string Reason);

/// <summary>Whether a task became part of another, or is done where its result is read, and why, or why not.</summary>
/// <param name="Task">The task.</param>
/// <param name="Accepted">It did.</param>
/// <param name="Reason">For people.</param>
public sealed record TaskDecision(LaunchTask Task, bool Accepted, string Reason);

/// <summary>A graph compiled for a device of launches: what an emitter for such a device prints.</summary>
/// <param name="Graph">The graph after all passes.</param>
/// <param name="Fused">Which nodes share a kernel.</param>
/// <param name="Divisor">H and W must be multiples of this.</param>
/// <param name="Arenas">Memory regions.</param>
/// <param name="Buffers">Buffers with their offsets and element types.</param>
/// <param name="Inputs">What the caller fills.</param>
/// <param name="Outputs">What the caller reads.</param>
/// <param name="States">What is kept from run to run.</param>
/// <param name="Prepare">Launches that depend on parameters alone.</param>
/// <param name="Launches">Launches of a run, in order.</param>
/// <param name="Joined">Each attempt to make one task of several.</param>
/// <param name="Decisions">Each attempt to share a launch.</param>
/// <param name="Precision">Element type of activations.</param>
public sealed record LaunchPlan(
    NetworkGraph Graph,
    FusedGraph Fused,
    int Divisor,
    IReadOnlyList<Arena> Arenas,
    IReadOnlyList<PlannedBuffer> Buffers,
    IReadOnlyList<Binding> Inputs,
    IReadOnlyList<Binding> Outputs,
    IReadOnlyList<StateBinding> States,
    IReadOnlyList<Launch> Prepare,
    IReadOnlyList<Launch> Launches,
    IReadOnlyList<TaskDecision> Joined,
    IReadOnlyList<LaunchDecision> Decisions,
    ElementType Precision)
{
    /// <summary>Name of the network and mode.</summary>
    public string Name => Graph.Name;

    /// <summary>The launch before which a training step can be cut; null where it can't.</summary>
    public GradientCut? Gradient { get; init; }
}
