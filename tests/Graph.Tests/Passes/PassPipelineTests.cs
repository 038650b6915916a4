using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

public sealed class PassPipelineTests
{
    private static NetworkGraph Sample() => SmallGraph.Of(g =>
    {
        Node x = g.Image("x", 4);
        Node zero = g.Binary(BinaryKind.Subtract, g.Ir.Fill(2), g.Ir.Fill(2));
        g.Output(g.Unary(UnaryKind.Erf, g.Ir.Add(x, zero)));
        g.Output(g.Unary(UnaryKind.Erf, x));
    });

    [Fact]
    public void Simplifications_make_room_for_each_other() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = erf(%0) : [N,4,H,W]
        output y0 = %1
        output y1 = %1
        """,
        SmallGraph.Print(PassPipeline.Run(Sample()).Graph));

    [Fact]
    public void Passes_that_changed_something_are_logged_with_their_time()
    {
        long time = 0;
        (NetworkGraph graph, IReadOnlyList<PassRecord> log) = PassPipeline.Run(Sample(), () => time += 10);
        Assert.Equal(["fold-constants", "simplify-arithmetic", "merge-equal-nodes", "eliminate-dead-code"], log.Select(r => r.Pass));
        Assert.All(log, r => Assert.Equal(10, r.Ticks));
        Assert.Same(graph, log[^1].Graph);
        Assert.Equal(2, log[^1].NodesAfter);
        for (int i = 1; i < log.Count; i++)
            Assert.Equal(log[i - 1].NodesAfter, log[i].NodesBefore);
    }

    [Fact]
    public void A_graph_that_is_simple_already_comes_back()
    {
        NetworkGraph graph = PassPipeline.Run(Sample()).Graph;
        (NetworkGraph again, IReadOnlyList<PassRecord> log) = PassPipeline.Run(graph);
        Assert.Same(graph, again);
        Assert.Empty(log);
    }

    [Fact]
    public void A_broken_declaration_is_refused() => Assert.Contains(
        "after 'declaration'",
        Assert.Throws<InvalidOperationException>(() => PassPipeline.Run(Sample() with { Nodes = [] })).Message, StringComparison.Ordinal);
}
