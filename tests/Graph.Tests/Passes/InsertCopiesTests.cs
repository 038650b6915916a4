using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

/// <summary>A copy is a broadcast to the same shape.</summary>
public sealed class InsertCopiesTests
{
    private static readonly Pass _pass = new InsertCopies();

    [Fact]
    public void Values_that_kernels_write_in_place_are_not_copied() => SmallGraph.Unchanged(_pass, g =>
    {
        Node x = g.Image("x", 4);
        Node first = g.Unary(UnaryKind.Erf, x), second = g.Reduce(ReduceKind.Max, Axes.C, x), third = g.Unary(UnaryKind.Abs, x);
        g.Output(g.Concat(g.Concat(first, second), third));
    });

    [Fact]
    public void Leaves_and_views_are_copied_into_a_concatenation() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = erf(%0) : [N,4,H,W]
        %2 = slice 0..2(%1) : [N,2,H,W]
        %3 = fill 0() : [N,1,H,W]
        %4 = broadcast(%0) : [N,4,H,W]
        %5 = broadcast(%2) : [N,2,H,W]
        %6 = broadcast(%3) : [N,1,H,W]
        %7 = concat(%4, %5, %6) : [N,7,H,W]
        output y0 = %7
        """,
        SmallGraph.After(_pass, g =>
        {
            Node x = g.Image("x", 4);
            g.Output(g.Concat(x, g.Slice(g.Unary(UnaryKind.Erf, x), 0, 2), g.Fill(0, SmallGraph.Picture(1))));
        }));

    [Fact]
    public void A_value_has_one_place() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = erf(%0) : [N,4,H,W]
        %2 = broadcast(%1) : [N,4,H,W]
        %3 = concat(%1, %2) : [N,8,H,W]
        %4 = broadcast(%1) : [N,4,H,W]
        %5 = concat(%3, %4) : [N,12,H,W]
        %6 = broadcast(%3) : [N,8,H,W]
        %7 = concat(%6, %5) : [N,20,H,W]
        output y0 = %7
        """,
        SmallGraph.After(_pass, g =>
        {
            Node y = g.Unary(UnaryKind.Erf, g.Image("x", 4));
            Node twice = g.Concat(y, y);
            g.Output(g.Concat(twice, g.Concat(twice, y)));
        }));

    [Fact]
    public void Reductions_that_leave_partial_results_write_densely() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = sum axes=Spatial(%0) : [N,4,1,1]
        %2 = max axes=C(%1) : [N,1,1,1]
        %3 = broadcast(%1) : [N,4,1,1]
        %4 = broadcast(%2) : [N,1,1,1]
        %5 = concat(%3, %4) : [N,5,1,1]
        output y0 = %5
        """,
        SmallGraph.After(_pass, g =>
        {
            Node sum = g.Reduce(ReduceKind.Sum, Axes.Spatial, g.Image("x", 4));
            g.Output(g.Concat(sum, g.Reduce(ReduceKind.Max, Axes.C, sum)));
        }));

    [Fact]
    public void Weights_have_no_gaps() => Assert.Equal(
        """
        %0 = input "x"() : [N,2,H,W]
        %1 = parameter "p" at=0 init=0() : [2,3,1,1]
        %2 = slice 1..3(%1) : [2,2,1,1]
        %3 = broadcast(%2) : [2,2,1,1]
        %4 = conv stride=1 pad=0(%0, %3) : [N,2,H,W]
        %5 = negate(%2) : [2,2,1,1]
        %6 = conv stride=1 pad=0(%0, %5) : [N,2,H,W]
        %7 = broadcast(%5) : [2,2,1,1]
        %8 = broadcast(%1) : [2,3,1,1]
        %9 = concat(%7, %8) : [2,5,1,1]
        output y0 = %4
        output y1 = %6
        output y2 = %9
        """,
        SmallGraph.After(_pass, g =>
        {
            Node x = g.Image("x", 2), p = g.Parameter("p", new Shape(2, 3, 1, 1)), view = g.Slice(p, 1, 2);
            g.Output(g.Convolution(x, view, 0));
            Node negative = g.Ir.Negate(view);
            g.Output(g.Convolution(x, negative, 0));
            g.Output(g.Concat(negative, p));
        }));

    [Fact]
    public void Outputs_do_not_lie_in_states_or_inputs() => Assert.Equal(
        """
        %0 = state "s" init=0() : [1,6,1,1]
        %1 = slice 1..5(%0) : [1,4,1,1]
        %2 = unpack 1(%1) : [1,1,2,1]
        %3 = negate(%0) : [1,6,1,1]
        %4 = broadcast(%2) : [1,1,2,1]
        %5 = broadcast(%0) : [1,6,1,1]
        %6 = broadcast(%3) : [1,6,1,1]
        output y0 = %4
        output y1 = %5
        output y2 = %3
        assign %0 = %6
        """,
        SmallGraph.After(_pass, g =>
        {
            Node s = g.State("s", Shape.Flat(6));
            g.Output(g.Ir.Emit(new UnpackOp(1, new Shape(1, 1, 2, 1)), g.Slice(s, 1, 4)));
            g.Output(s);
            Node next = g.Ir.Negate(s);
            g.Output(next);
            g.Assign(s, next);
        }));

    [Fact]
    public void States_that_take_each_others_values_are_copied() => Assert.Equal(
        """
        %0 = state "a" init=0() : [1,6,1,1]
        %1 = state "b" init=0() : [1,6,1,1]
        %2 = broadcast(%1) : [1,6,1,1]
        %3 = broadcast(%0) : [1,6,1,1]
        assign %0 = %2
        assign %1 = %3
        """,
        SmallGraph.After(_pass, g =>
        {
            Node a = g.State("a", Shape.Flat(6)), b = g.State("b", Shape.Flat(6));
            g.Assign(a, b);
            g.Assign(b, a);
        }));
}
