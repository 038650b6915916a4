using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Passes;

/// <summary>What one pass did.</summary>
/// <param name="Pass">Its name.</param>
/// <param name="NodesBefore">Nodes it was given.</param>
/// <param name="NodesAfter">Nodes it left.</param>
/// <param name="Ticks">Time by the caller's clock, 0 without one.</param>
/// <param name="Graph">The graph it left.</param>
public sealed record PassRecord(string Pass, int NodesBefore, int NodesAfter, long Ticks, NetworkGraph Graph);

/// <summary>The passes between differentiation and fusion, in order.</summary>
public static class PassPipeline
{
    /// <summary>Runs all passes, verifying after each; records those that changed something.</summary>
    /// <param name="graph">The graph as declared.</param>
    /// <param name="clock">Gives ticks for the log; this library has no clock of its own.</param>
    public static (NetworkGraph Graph, IReadOnlyList<PassRecord> Log) Run(NetworkGraph graph, Func<long>? clock = null)
    {
        Verifier.Verify(graph, "declaration");
        var log = new List<PassRecord>();
        graph = Apply(new EliminateDeadCode());
        // Each simplification makes room for others; six rounds are a bound that no network has reached.
        for (int round = 0; round < 6; round++)
        {
            NetworkGraph before = graph;
            graph = Apply(new FoldConstants());
            graph = Apply(new SimplifyArithmetic());
            graph = Apply(new SimplifyConcatenation());
            graph = Apply(new MergeEqualNodes());
            graph = Apply(new EliminateDeadCode());
            if (ReferenceEquals(graph, before))
                break;
        }
        return (graph, log);

        NetworkGraph Apply(Pass pass)
        {
            long start = clock?.Invoke() ?? 0;
            NetworkGraph result = pass.Run(graph);
            if (ReferenceEquals(result, graph))
                return graph;
            Verifier.Verify(result, pass.Name);
            log.Add(new PassRecord(pass.Name, graph.Nodes.Count, result.Nodes.Count, (clock?.Invoke() ?? 0) - start, result));
            return result;
        }
    }
}
