using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tests.Passes;

public sealed class VerifierTests
{
    private static NetworkGraph Sound() => SmallGraph.Of(g =>
    {
        Node x = g.Image("x", 4);
        Node y = g.Unary(UnaryKind.Erf, x);
        Node s = g.State("s", Shape.Flat(3));
        g.Output(y);
        g.Assign(s, g.Ir.Negate(s));
    });

    [Fact]
    public void A_sound_graph_passes() => Verifier.Verify(Sound(), "nothing");

    [Fact]
    public void Operands_come_first() => Fails(g => g with { Nodes = [.. g.Nodes.Reverse()] }, "comes before its operand");

    [Fact]
    public void Operands_are_listed() => Fails(g => g with { Nodes = [.. g.Nodes.Skip(1)] }, "comes before its operand");

    [Fact]
    public void Nodes_are_listed_once() => Fails(g => g with { Nodes = [.. g.Nodes, g.Nodes[0]] }, "is listed twice");

    [Fact]
    public void Outputs_are_listed() => Fails(g => g with { Nodes = [.. g.Nodes.Where(n => n.Op is not UnaryOp { Kind: UnaryKind.Erf })] }, "the root");

    [Fact]
    public void Assigned_values_are_listed() => Fails(g => g with { Nodes = [.. g.Nodes.Where(n => n.Op is not UnaryOp { Kind: UnaryKind.Negate })] }, "the root");

    [Fact]
    public void Assigned_states_are_listed() => Fails(
        g => g with { Assignments = [new Assignment(Sound().Assignments[0].State, g.Assignments[0].Value)] }, "is no state");

    [Fact]
    public void Only_states_are_assigned() => Fails(
        g => g with { Assignments = [new Assignment(g.Nodes[0], g.Nodes[1])] }, "is no state");

    [Fact]
    public void Assigned_values_fit() => Fails(
        g => g with { Assignments = [new Assignment(g.Assignments[0].State, g.Nodes[1])] }, "does not fit the state");

    [Fact]
    public void A_pass_keeps_shapes() => Assert.Contains(
        "of another shape", Assert.Throws<InvalidOperationException>(() => new Widening().Run(Sound())).Message, StringComparison.Ordinal);

    private static void Fails(Func<NetworkGraph, NetworkGraph> damage, string message)
    {
        string actual = Assert.Throws<InvalidOperationException>(() => Verifier.Verify(damage(Sound()), "damage")).Message;
        Assert.Contains("g after 'damage'", actual, StringComparison.Ordinal);
        Assert.Contains(message, actual, StringComparison.Ordinal);
    }

    private sealed class Widening : NodeRewritingPass
    {
        public override string Name => "widening";

        protected override Node? Rewrite(IrBuilder builder, Node node, Node[] inputs) =>
            node.Op is UnaryOp { Kind: UnaryKind.Erf } ? builder.BroadcastTo(builder.Fill(0), SmallGraph.Picture(9)) : null;
    }
}
