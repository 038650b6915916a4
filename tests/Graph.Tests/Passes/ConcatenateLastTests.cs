using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

public sealed class ConcatenateLastTests
{
    private static Pass PassFor(NetworkGraph graph) => new ConcatenateLast(graph);

    // As of a gradient that comes back on two ways: what it is multiplied by is computed of slices of what was stored, a result of a convolution with its bias.
    [Fact]
    public void Arithmetic_is_done_on_the_parts() => Assert.Equal(
        """
        %0 = input "a"() : [N,4,H,W]
        %1 = input "b"() : [N,6,H,W]
        %2 = input "x"() : [N,10,H,W]
        %3 = parameter "w" at=0 init=0() : [10,10,1,1]
        %4 = conv stride=1 pad=0(%2, %3) : [N,10,H,W]
        %5 = fill 2() : [1,1,1,1]
        %6 = add(%4, %5) : [N,10,H,W]
        %7 = slice 0..4(%6) : [N,4,H,W]
        %8 = erf(%7) : [N,4,H,W]
        %9 = multiply(%0, %8) : [N,4,H,W]
        %10 = slice 4..10(%6) : [N,6,H,W]
        %11 = erf(%10) : [N,6,H,W]
        %12 = multiply(%1, %11) : [N,6,H,W]
        %13 = fill 2() : [1,1,1,1]
        %14 = multiply(%0, %13) : [N,4,H,W]
        %15 = multiply(%1, %13) : [N,6,H,W]
        %16 = add(%9, %14) : [N,4,H,W]
        %17 = add(%12, %15) : [N,6,H,W]
        %18 = concat(%16, %17) : [N,10,H,W]
        %19 = conv stride=1 pad=0(%18, %3) : [N,10,H,W]
        output y0 = %18
        output y1 = %19
        """,
        SmallGraph.After(PassFor, g =>
        {
            Node gradient = g.Concat(g.Image("a", 4), g.Image("b", 6)), weight;
            Node stored = g.Ir.Add(g.Convolution(g.Image("x", 10), weight = g.Parameter("w", new Shape(10, 10, 1, 1)), 0), g.Ir.Fill(2));
            Node sum = g.Ir.Add(g.Ir.Multiply(gradient, g.Unary(UnaryKind.Erf, stored)), g.Ir.Multiply(gradient, g.Ir.Fill(2)));
            g.Output(sum);
            g.Output(g.Convolution(sum, weight, 0));
        }));

    [Fact]
    public void What_others_read_whole_stays() => SmallGraph.Unchanged(PassFor, g =>
    {
        Node read = g.Concat(g.Image("a", 4), g.Image("b", 6)), output = g.Concat(g.Image("c", 4), g.Image("d", 6));
        g.Output(g.Ir.Negate(read));
        g.Output(g.Convolution(read, g.Parameter("w", new Shape(10, 10, 1, 1)), 0));
        g.Output(g.Ir.Negate(output));
        g.Output(output);
    });

    // All gradients of parameters lie side by side, for one kernel.
    [Fact]
    public void What_has_no_pixels_stays() => SmallGraph.Unchanged(PassFor, g =>
        g.Output(g.Ir.Negate(g.Concat(g.Parameter("v", Shape.Flat(3)), g.Parameter("w", Shape.Flat(5))))));
}
