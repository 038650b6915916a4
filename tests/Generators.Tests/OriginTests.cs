using FocalNet.Generators.Model;
using FocalNet.Graph.Ir;

namespace FocalNet.Generators.Tests;

/// <summary>Nodes know the expression that made them.</summary>
public sealed class OriginTests
{
    private static IEnumerable<Origin> Origins(string body, string rest = "")
    {
        NetworkModel model = Assert.Single(GeneratorHarness.Read(GeneratorHarness.Compile($$"""
            static partial class Nets
            {
                [Network("Tiny", Training = false)]
                static void Tiny(NetworkBuilder net)
                {
                    Tensor x = net.Image("image", 3);
                    {{body}}
                    net.Output("out", x);
                }
                {{rest}}
            }
            """)));
        return model.Inference.Graph.Nodes.Select(n => n.Origin).Distinct();
    }

    [Fact]
    public void The_expression_is_on_one_line_and_without_comments() => Assert.Equal(
        [
            new Origin("Nets.Tiny", "net.Image(\"image\", 3)", false),
            new Origin("Nets.Tiny", "x.Slice(0, 2)", false),
            new Origin("Nets.Tiny", "x.Slice(0, 2).Abs()", false),
        ],
        Origins("x = x // first\n  .Slice(\n  0, 2)\n   .Abs( /* all */ );"));

    [Fact]
    public void The_method_is_the_one_that_calls_the_builder() => Assert.Equal(
        ["Nets.Tiny", "Nets.Twice"],
        Origins("x = Twice(x);", "static Tensor Twice(Tensor x) => new[] { x }.Select(t => t * 2).First();").Select(o => o.Member).Distinct());

    [Fact]
    public void Long_expressions_are_cut() => Assert.All(
        Origins($"x = x{string.Concat(Enumerable.Repeat(" + x", 60))};"), o => Assert.InRange(o.Expression.Length, 1, 120));
}
