using FocalNet.Graph.Dsl;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>Names and shapes of parameters are those of the official checkpoints, so that these load without a mapping.</summary>
public class ParameterTests
{
    [Fact]
    public void One_block() => RequireSame("Tiny", GoldenData.Tensors("nr1/model").Tensors);

    [Fact]
    public void Sixteen_blocks() => RequireSame("Deblur", GoldenParameters.OfSixteenBlocks());

    [Theory]
    [InlineData("Dehaze", "focalnet_n4")]
    [InlineData("Desnow", "focalnet_n4")]
    [InlineData("FocalNetS", "focalnet_s_n4")]
    [InlineData("NoMResBlock", "no_mresblock_n4")]
    [InlineData("Table5a", "t5a")]
    [InlineData("Table5b", "t5b")]
    [InlineData("Table5c", "t5c")]
    [InlineData("Table5d", "t5d")]
    [InlineData("Table5e", "t5e")]
    [InlineData("Table5f", "t5f")]
    [InlineData("Table5g", "t5g")]
    public void Variant(string network, string variant) => RequireSame(network, GoldenParameters.OfVariant(variant));

    private static void RequireSame(string network, IEnumerable<GoldenTensor> expected) => Assert.Equal(
        expected.Select(t => $"{t.Name} {string.Join("x", t.Shape)}").Order(StringComparer.Ordinal),
        NetworkCatalog.Find(network).Build(NetworkMode.Inference).Parameters
            .Select(p => $"{p.ParameterName} {p.CheckpointShape}").Order(StringComparer.Ordinal));
}
