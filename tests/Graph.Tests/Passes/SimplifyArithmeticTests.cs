using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

public sealed class SimplifyArithmeticTests
{
    private static readonly Pass _pass = new SimplifyArithmetic();

    // Each rule on x [N,4,H,W]: what it is made of, the line that is left.
    public static TheoryData<string, string> Identities() => new()
    {
        { "x + 0", "output y0 = %0" },
        { "0 + x", "output y0 = %0" },
        { "x - 0", "output y0 = %0" },
        { "0 - x", "%1 = negate(%0) : [N,4,H,W]\noutput y0 = %1" },
        { "x * 1", "output y0 = %0" },
        { "1 * x", "output y0 = %0" },
        { "x * -1", "%1 = negate(%0) : [N,4,H,W]\noutput y0 = %1" },
        { "x * 0", "%1 = fill 0() : [N,4,H,W]\noutput y0 = %1" },
        { "0 * x", "%1 = fill 0() : [N,4,H,W]\noutput y0 = %1" },
        { "x / 1", "output y0 = %0" },
    };

    [Theory]
    [MemberData(nameof(Identities))]
    public void Arithmetic_that_does_nothing_goes(string expression, string expected)
    {
        string[] parts = expression.Split(' ');
        BinaryKind kind = parts[1] switch { "+" => BinaryKind.Add, "-" => BinaryKind.Subtract, "*" => BinaryKind.Multiply, _ => BinaryKind.Divide };
        string text = SmallGraph.After(_pass, g =>
        {
            Node x = g.Image("x", 4);
            g.Output(g.Binary(kind, Operand(parts[0]), Operand(parts[2])));

            Node Operand(string name) => name == "x" ? x : g.Ir.Fill(double.Parse(name, System.Globalization.CultureInfo.InvariantCulture));
        });
        Assert.Equal("%0 = input \"x\"() : [N,4,H,W]\n" + expected, text);
    }

    [Fact]
    public void Two_negations_cancel() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        output y0 = %0
        """,
        SmallGraph.After(_pass, g => g.Output(g.Ir.Negate(g.Ir.Negate(g.Image("x", 4))))));

    [Fact]
    public void Adding_a_negation_subtracts() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = input "t"() : [N,4,H,W]
        %2 = subtract(%0, %1) : [N,4,H,W]
        %3 = subtract(%1, %0) : [N,4,H,W]
        %4 = add(%0, %1) : [N,4,H,W]
        output y0 = %2
        output y1 = %3
        output y2 = %4
        """,
        SmallGraph.After(_pass, g =>
        {
            Node x = g.Image("x", 4), t = g.Image("t", 4);
            g.Output(g.Ir.Add(x, g.Ir.Negate(t)));
            g.Output(g.Ir.Add(g.Ir.Negate(x), t));
            g.Output(g.Binary(BinaryKind.Subtract, x, g.Ir.Negate(t)));
        }));

    [Fact]
    public void A_repetition_repeated_is_one() => Assert.Equal(
        """
        %0 = parameter "p" at=0 init=0() : [1,4,1,1]
        %1 = broadcast(%0) : [N,4,H,W]
        output y0 = %1
        """,
        SmallGraph.After(_pass, g =>
        {
            Node row = g.Ir.BroadcastTo(g.Parameter("p", Shape.Flat(4)), SmallGraph.Picture(4) with { H = 1 });
            g.Output(g.Ir.BroadcastTo(row, SmallGraph.Picture(4)));
        }));

    [Fact]
    public void A_repetition_to_the_same_shape_goes() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        output y0 = %0
        """,
        SmallGraph.After(_pass, g => g.Output(g.Ir.Emit(new BroadcastOp(SmallGraph.Picture(4)), g.Image("x", 4)))));

    [Fact]
    public void Broadcasting_operands_need_no_repetition() => Assert.Equal(
        """
        %0 = input "x"() : [N,4,H,W]
        %1 = parameter "p" at=0 init=0() : [1,4,1,1]
        %2 = multiply(%0, %1) : [N,4,H,W]
        output y0 = %2
        """,
        SmallGraph.After(_pass, g =>
        {
            Node x = g.Image("x", 4);
            g.Output(g.Ir.Multiply(x, g.Ir.BroadcastTo(g.Parameter("p", Shape.Flat(4)), x.Shape)));
        }));

    [Fact]
    public void Two_repeated_operands_meet_before_they_are_repeated() => Assert.Equal(
        """
        %0 = parameter "p" at=0 init=0() : [1,4,1,1]
        %1 = parameter "q" at=4 init=0() : [1,4,1,1]
        %2 = add(%0, %1) : [1,4,1,1]
        %3 = broadcast(%2) : [N,4,H,W]
        output y0 = %3
        """,
        SmallGraph.After(_pass, g =>
        {
            Node p = g.Parameter("p", Shape.Flat(4)), q = g.Parameter("q", Shape.Flat(4));
            g.Output(g.Ir.Add(g.Ir.BroadcastTo(p, SmallGraph.Picture(4)), g.Ir.BroadcastTo(q, SmallGraph.Picture(4))));
        }));

    [Fact]
    public void A_neutral_element_that_widens_stays() => SmallGraph.Unchanged(
        _pass, g => g.Output(g.Ir.Add(g.Parameter("p", Shape.Flat(4)), g.Fill(0, SmallGraph.Picture(4)))));

    [Fact]
    public void Other_arithmetic_stays() => SmallGraph.Unchanged(_pass, g =>
    {
        Node x = g.Image("x", 4);
        g.Output(g.Ir.Add(x, g.Ir.Multiply(x, g.Ir.Fill(2))));
        g.Output(g.Ir.Divide(g.Ir.Fill(1), x));
    });
}
