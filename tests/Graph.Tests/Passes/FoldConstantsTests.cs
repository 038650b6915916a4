using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

public sealed class FoldConstantsTests
{
    private static readonly Pass _pass = new FoldConstants();

    [Fact]
    public void Functions_of_constants_are_constants() => Assert.Equal(
        """
        %0 = fill 3() : [1,1,1,1]
        %1 = fill 1.5() : [N,2,H,W]
        output y0 = %0
        output y1 = %1
        """,
        SmallGraph.After(_pass, g =>
        {
            Node three = g.Ir.Add(g.Ir.Fill(1), g.Unary(UnaryKind.Sqrt, g.Ir.Fill(4)));
            g.Output(three);
            g.Output(g.Ir.Multiply(g.Fill(0.5, SmallGraph.Picture(2)), three));
        }));

    [Fact]
    public void A_repeated_constant_is_one() => Assert.Equal(
        """
        %0 = fill 7() : [N,2,H,W]
        output y0 = %0
        """,
        SmallGraph.After(_pass, g => g.Output(g.Ir.BroadcastTo(g.Ir.Fill(7), SmallGraph.Picture(2)))));

    [Fact]
    public void What_is_no_number_stays() => SmallGraph.Unchanged(_pass, g => g.Output(g.Unary(UnaryKind.Sqrt, g.Ir.Fill(-1))));

    [Fact]
    public void Sizes_and_inputs_stay() => SmallGraph.Unchanged(_pass, g =>
    {
        g.Output(g.Ir.Add(g.Image("x", 2), g.Ir.Fill(1)));
        g.Output(g.Ir.Divide(g.Ir.Fill(1), g.Ir.Emit(new SizeOp(SmallGraph.Picture(2)))));
        g.Output(g.Reduce(ReduceKind.Sum, Axes.All, g.Fill(1, Shape.Flat(5))));
    });
}
