using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission;

/// <summary>The lines that plans for every device have in common, as Runtime's parsers read them.</summary>
internal static class PlanLines
{
    /// <summary>Name, divisor and arenas.</summary>
    public static IEnumerable<string> Head(string name, int divisor, Arena[] arenas)
    {
        yield return $"plan {name.Replace(' ', '_')} divisor {Text.Of(divisor)} persistent {Text.Of(Array.FindIndex(arenas, a => a.Persistent))}";
        foreach (Arena a in arenas)
            yield return $"arena {(a.HasN ? "N" : "-")}{(a.HasH ? "H" : "-")}{(a.HasW ? "W" : "-")} {Text.Of(a.Units)}";
    }

    /// <summary>What the caller fills and reads, what is kept from run to run, where a step can be cut, and the parameters with their initial values.</summary>
    public static IEnumerable<string> Bindings(
        IEnumerable<Binding> inputs, IEnumerable<Binding> outputs, IEnumerable<StateBinding> states, GradientCut? gradient, NetworkGraph graph)
    {
        foreach (Binding input in inputs)
            yield return $"input {input.Shape} {View(input.Place)} {input.Name}";
        foreach (Binding output in outputs)
            yield return $"output {output.Shape} {View(output.Place)} {output.Name}";
        foreach (StateBinding state in states)
            yield return $"state {state.Op.Shape} {View(state.Place)} {Text.Of(state.Op.Initial)} {state.Op.StateName}";
        if (gradient is not null)
            yield return $"gradient {gradient.Value} {View(gradient.Place)} {Text.Of(gradient.Step)}";
        foreach (ParameterOp p in graph.Parameters)
            yield return $"parameter {Text.Of(p.Offset)} {p.CheckpointShape} {p.Shape} {Text.Of(p.Initial.Base)} {Text.Of(p.Initial.Scale)} {p.ParameterName}";
    }

    /// <summary>A place: buffer and first channel.</summary>
    public static string View(Place place) => $"{Text.Of(place.Buffer.Id)}:{Text.Of(place.Channel)}";
}
