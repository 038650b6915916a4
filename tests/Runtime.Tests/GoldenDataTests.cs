using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests;

/// <summary>The reference data is all there and decodes to what its own statistics say.</summary>
public sealed class GoldenDataTests
{
    [Fact]
    public void Every_file_reads_without_infinities_and_shapes_match_counts()
    {
        var files = Directory.GetFiles(GoldenData.Folder, "*.safetensors*", SearchOption.AllDirectories);
        Assert.Equal(14, files.Length);
        foreach (var tensor in files.SelectMany(path => GoldenFile.Read(path).Tensors))
        {
            Assert.Equal(tensor.Count, tensor.Shape.Aggregate(1, (product, extent) => product * extent));
            Assert.All(tensor.Values, value => Assert.True(float.IsFinite(value), tensor.ToString()));
        }
    }

    [Fact]
    public void Quantised_gradients_agree_with_the_exact_statistics()
    {
        var statistics = GoldenData.Json("nr1/train").GetProperty("grad_stats");
        var comparisons = new List<Comparison>();
        foreach (var gradient in GoldenData.Tensors("nr1/gradients").Tensors)
        {
            var exact = statistics.GetProperty(gradient.Name["grad.".Length..]);
            Assert.Equal(exact.GetProperty("n").GetInt32(), gradient.Count);
            var norm = Math.Sqrt(gradient.Values.Sum(value => (double)value * value));
            comparisons.Add(Compare.RelativeScalar(gradient.Name, norm, exact.GetProperty("l2").GetDouble(), 1e-4));
            comparisons.Add(Compare.Scalar(gradient.Name, gradient.Values[0], exact.GetProperty("first").GetDouble(), 0.51 * gradient.Step));
        }
        Assert.Equal(2 * 92, comparisons.Count);
        Comparison.RequireAll(comparisons);
    }

    [Fact]
    public void Parameters_after_three_steps_agree_with_the_exact_statistics()
    {
        var statistics = GoldenData.Json("nr1/train").GetProperty("param_after3_stats");
        Comparison.RequireAll(GoldenData.ParametersAfterThreeSteps().Select(pair => Compare.Scalar(
            pair.Key, pair.Value.Values[^1], statistics.GetProperty(pair.Key).GetProperty("last").GetDouble(), 2e-7)));
    }

    [Theory]
    [InlineData("focalnet_n4", 3741532)]
    [InlineData("t5a", 1478441)]
    [InlineData("t5g", 1471708)]
    public void Generated_parameters_have_the_recorded_hash(string variant, int count)
        => Assert.Equal(count, GoldenParameters.OfVariant(variant).Sum(tensor => tensor.Count));

    [Fact]
    public void A_picture_becomes_a_network_input()
    {
        var input = GoldenData.Tensors("nr1/io")["in_u8.imgodd"].ToNetworkInput();
        Assert.Equal([1, 3, 99, 82], input.Shape);
        Assert.Equal(0.6666666865348816, input.Values[0]);
    }

    [Fact]
    public void Comparison_refuses_what_is_not_a_number()
    {
        Assert.False(Compare.MaxAbsolute("x", [float.NaN], [1f], 1e9).Passed);
        Assert.False(Compare.RelativeL2("x", [float.NaN], [1f], 1e9).Passed);
        Assert.False(Compare.RelativeToMaximum("x", [1f, 2f], [1f], 1e9).Passed);
        var half = Compare.MaxAbsolute("x", [1f, 2.5f], [1f, 2f], 1);
        Assert.StartsWith("50.0 % of tolerance", half.Require().ToString().TrimStart(), StringComparison.Ordinal);
    }
}
