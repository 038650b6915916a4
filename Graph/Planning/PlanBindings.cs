using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Planning;

/// <summary>What a caller fills, reads and keeps, with its places: the same for every device.</summary>
internal sealed record PlanBindings(IReadOnlyList<Binding> Inputs, IReadOnlyList<Binding> Outputs, IReadOnlyList<StateBinding> States)
{
    public static PlanBindings Of(NetworkGraph graph, Placement placement) => new(
        [.. graph.Nodes.Where(n => n.Op is InputOp).Select(n => new Binding(((InputOp)n.Op).InputName, n.Shape, placement.Of(n)))],
        [.. graph.Outputs.Select(o => new Binding(o.Name, o.Value.Shape, placement.Of(o.Value)))],
        StatesOf(graph, placement));

    /// <summary>Gives all buffers their offsets, once every step has said which it uses.</summary>
    /// <param name="placement">The buffers.</param>
    /// <param name="steps">Steps of a run.</param>
    public void PlanMemory(Placement placement, int steps)
    {
        foreach (Binding input in Inputs)
        {
            input.Place.Buffer.Use(-1);
            input.Place.Buffer.Use(0);
        }
        foreach (Binding output in Outputs)
            output.Place.Buffer.Use(steps);
        foreach (Arena arena in placement.Arenas)
        {
            PlannedBuffer[] roots = [.. placement.Buffers.Where(b => b.Arena == arena && b.Whole is null && (b.LastStep >= 0 || arena.Persistent))];
            if (arena.Persistent)
            {
                foreach (PlannedBuffer buffer in roots)
                    (buffer.FirstStep, buffer.LastStep) = (-1, steps);
            }
            MemoryPlanner.Plan(arena, roots);
        }
        // Parts of parts: each lies at its whole's offset plus its own. Wholes are always older than their parts.
        foreach (PlannedBuffer part in placement.Buffers.Where(b => b.Whole is not null))
            part.Offset = part.Whole!.Offset + part.OffsetInWhole;
    }

    private static IReadOnlyList<StateBinding> StatesOf(NetworkGraph graph, Placement placement)
    {
        var states = new List<StateBinding>();
        if (graph.ParameterElements > 0)
            states.Add(new StateBinding(new StateOp(StateOp.Parameters, Shape.Flat(graph.ParameterElements), 0), placement.ParametersPlace));
        foreach (Node node in graph.Nodes)
        {
            if (node.Op is StateOp state && state.StateName != StateOp.Parameters)
                states.Add(new StateBinding(state, placement.Of(node)));
        }
        return states;
    }
}
