using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

public sealed class MergeAndEliminateTests
{
    [Fact]
    public void Equal_nodes_become_one() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = fill 2() : [1,1,1,1]
        %2 = multiply(%0, %1) : [N,4,H,W]
        %3 = erf(%2) : [N,4,H,W]
        output y0 = %3
        output y1 = %3
        """,
        SmallGraph.After(new MergeEqualNodes(), g =>
        {
            Node x = g.Image("x", 4);
            g.Output(g.Unary(UnaryKind.Erf, g.Ir.Multiply(x, g.Ir.Fill(2))));
            g.Output(g.Unary(UnaryKind.Erf, g.Ir.Multiply(g.Ir.Fill(2), x)));
        }));

    [Theory]
    [InlineData(BinaryKind.Add, true)]
    [InlineData(BinaryKind.Multiply, true)]
    [InlineData(BinaryKind.Maximum, true)]
    [InlineData(BinaryKind.Minimum, true)]
    [InlineData(BinaryKind.Equal, true)]
    [InlineData(BinaryKind.Subtract, false)]
    [InlineData(BinaryKind.Divide, false)]
    [InlineData(BinaryKind.Greater, false)]
    public void Operands_change_places_where_that_changes_nothing(BinaryKind kind, bool commutes)
    {
        NetworkGraph graph = SmallGraph.Of(g =>
        {
            Node x = g.Image("x", 4), t = g.Image("t", 4);
            g.Output(g.Binary(kind, x, t));
            g.Output(g.Binary(kind, t, x));
        });
        NetworkGraph merged = new MergeEqualNodes().Run(graph);
        Assert.Equal(!commutes, ReferenceEquals(graph, merged));
        Assert.Equal(commutes, merged.Outputs[0].Value == merged.Outputs[1].Value);
    }

    [Fact]
    public void Attributes_tell_nodes_apart() => SmallGraph.Unchanged(new MergeEqualNodes(), g =>
    {
        Node x = g.Image("x", 4);
        g.Output(g.Slice(x, 0, 2));
        g.Output(g.Slice(x, 2, 2));
        g.Output(g.Reduce(ReduceKind.Sum, Axes.C, x));
        g.Output(g.Reduce(ReduceKind.Max, Axes.C, x));
    });

    [Fact]
    public void Assignments_follow_merged_nodes() => Assert.Equal(
        """
        %0 = state "s" init=0() : [1,3,1,1]
        %1 = negate(%0) : [1,3,1,1]
        output y0 = %1
        assign %0 = %1
        """,
        SmallGraph.After(new MergeEqualNodes(), g =>
        {
            Node s = g.State("s", Shape.Flat(3));
            g.Output(g.Ir.Negate(s));
            g.Assign(s, g.Ir.Negate(s));
        }));

    [Fact]
    public void What_nothing_needs_goes_but_inputs_stay() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = input "unused"() : [N,2,H,W]
        %2 = erf(%0) : [N,4,H,W]
        %3 = state "s" init=0() : [1,3,1,1]
        %4 = fill 1() : [1,3,1,1]
        output y0 = %2
        assign %3 = %4
        """,
        SmallGraph.After(new EliminateDeadCode(), g =>
        {
            Node x = g.Image("x", 4);
            g.Image("unused", 2);
            g.Output(g.Unary(UnaryKind.Erf, x));
            g.Ir.Add(g.Unary(UnaryKind.Exp, x), x);
            g.Parameter("p", Shape.Flat(4));
            g.Assign(g.State("s", Shape.Flat(3)), g.Fill(1, Shape.Flat(3)));
        }));

    [Fact]
    public void A_graph_without_dead_nodes_stays() => SmallGraph.Unchanged(
        new EliminateDeadCode(), g => g.Output(g.Unary(UnaryKind.Erf, g.Image("x", 4))));
}
