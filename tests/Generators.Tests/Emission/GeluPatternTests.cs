using FocalNet.Graph.Dsl;
using FocalNet.Runtime.Plans;

namespace FocalNet.Generators.Tests.Emission;

/// <summary>GELU becomes one function where it stands whole, and nothing else does.</summary>
public sealed class GeluPatternTests
{
    private const double RootOfHalf = 0.70710678118654752;

    [Theory]
    [InlineData("declared")]
    [InlineData("turned")]
    public void Becomes_one_function(string form)
    {
        CompiledGraph compiled = Compile(x => form == "declared" ? x.Gelu() : ((x * RootOfHalf).Erf() * 0.5 + 0.5) * x);

        Assert.Contains("VectorMath.Gelu(", compiled.Source, StringComparison.Ordinal);
        Assert.DoesNotContain("VectorMath.Erf(", compiled.Source, StringComparison.Ordinal);
        Check(compiled);
    }

    [Fact]
    public void Parts_that_are_used_elsewhere_stay()
    {
        CompiledGraph compiled = Compile(x =>
        {
            Tensor erf = (x * RootOfHalf).Erf();
            return (x * (0.5 + 0.5 * erf)) - erf;
        });

        Assert.Contains("VectorMath.Gelu(", compiled.Source, StringComparison.Ordinal);
        Assert.Contains("VectorMath.Erf(", compiled.Source, StringComparison.Ordinal);
        Check(compiled);
    }

    [Theory]
    [InlineData("another factor")]
    [InlineData("another half")]
    [InlineData("another number")]
    [InlineData("a difference")]
    public void Something_like_it_does_not(string what)
    {
        CompiledGraph compiled = Compile(x => what switch
        {
            "another factor" => x * (0.5 + 0.5 * (x * 0.7071).Erf()),
            "another half" => x * (0.5 + 0.25 * (x * RootOfHalf).Erf()),
            "another number" => (x + 1) * (0.5 + 0.5 * (x * RootOfHalf).Erf()),
            _ => x * (0.5 - 0.5 * (x * RootOfHalf).Erf()),
        });

        Assert.DoesNotContain("VectorMath.Gelu(", compiled.Source, StringComparison.Ordinal);
        Check(compiled);
    }

    private static CompiledGraph Compile(Func<Tensor, Tensor> function)
    {
        var net = new NetworkBuilder("gelu", NetworkMode.Inference);
        net.Output("y", function(net.Image("x", 11)));
        return CompiledGraph.Compile(net.Build());
    }

    private static void Check(CompiledGraph compiled) => compiled.CheckAgainstInterpreter(new RunSize(2, 5, 3), seed: 1, tolerance: 2e-6);
}
