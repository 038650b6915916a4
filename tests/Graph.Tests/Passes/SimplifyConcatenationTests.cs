using FocalNet.Graph.Ir;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

public sealed class SimplifyConcatenationTests
{
    private static readonly Pass _pass = new SimplifyConcatenation();

    [Fact]
    public void A_slice_of_a_concatenation_reads_its_operand() => Assert.Equal(
        """
        %0 = input "a"() : [N,4,H,W]
        %1 = input "b"() : [N,6,H,W]
        %2 = slice 1..3(%1) : [N,2,H,W]
        output y0 = %0
        output y1 = %1
        output y2 = %2
        """,
        SmallGraph.After(_pass, g =>
        {
            Node both = g.Concat(g.Image("a", 4), g.Image("b", 6));
            g.Output(g.Slice(both, 0, 4));
            g.Output(g.Slice(both, 4, 6));
            g.Output(g.Slice(both, 5, 2));
        }));

    [Fact]
    public void A_slice_of_a_slice_is_one() => Assert.Equal(
        """
        %0 = input "a"() : [N,8,H,W]
        %1 = slice 3..5(%0) : [N,2,H,W]
        output y0 = %1
        """,
        SmallGraph.After(_pass, g => g.Output(g.Slice(g.Slice(g.Image("a", 8), 2, 4), 1, 2))));

    [Fact]
    public void A_slice_of_everything_goes() => Assert.Equal(
        """
        %0 = input "a"() : [N,8,H,W]
        output y0 = %0
        """,
        SmallGraph.After(_pass, g => g.Output(g.Slice(g.Image("a", 8), 0, 8))));

    [Fact]
    public void The_gradients_of_a_split_are_one_concatenation() => Assert.Equal(
        """
        %0 = input "a"() : [N,4,H,W]
        %1 = input "b"() : [N,6,H,W]
        %2 = concat(%0, %1) : [N,10,H,W]
        output y0 = %2
        """,
        SmallGraph.After(_pass, g =>
        {
            Node a = g.Image("a", 4), b = g.Image("b", 6);
            Node left = g.Concat(a, g.Fill(0, SmallGraph.Picture(6))), right = g.Concat(g.Fill(0, SmallGraph.Picture(4)), b);
            g.Output(g.Ir.Add(left, right));
        }));

    [Fact]
    public void A_slice_across_operands_stays() => SmallGraph.Unchanged(
        _pass, g => g.Output(g.Slice(g.Concat(g.Image("a", 4), g.Image("b", 6)), 3, 2)));

    [Fact]
    public void Sums_of_other_concatenations_stay() => SmallGraph.Unchanged(_pass, g =>
    {
        Node a = g.Image("a", 4), b = g.Image("b", 6);
        g.Output(g.Ir.Add(g.Concat(a, b), g.Concat(b, a)));
        g.Output(g.Ir.Add(g.Concat(a, b), g.Concat(a, g.Fill(0, SmallGraph.Picture(6)))));
    });

    [Fact]
    public void Nested_concatenations_stay() => SmallGraph.Unchanged(
        _pass, g => g.Output(g.Concat(g.Concat(g.Image("a", 4), g.Image("b", 6)), g.Image("c", 2))));
}
