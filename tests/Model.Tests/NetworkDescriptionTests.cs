namespace FocalNet.Model.Tests;

/// <summary>Sizes and arithmetic at 256×256, to the digit.</summary>
public class NetworkDescriptionTests
{
    [Theory]
    [InlineData("Dehaze", 3_741_532, 27_307_220_992, 30.630)]
    [InlineData("Desnow", 3_741_532, 27_307_220_992, 30.630)]
    [InlineData("FocalNetS", 2_267_932, 14_021_238_784, 17.330)]
    [InlineData("NoMResBlock", 3_815_100, 33_948_901_376, 37.290)]
    [InlineData("Deblur", 12_820_828, 94_348_976_128, 97.880)]
    [InlineData("Table5a", 1_478_441, 12_162_039_808, 15.436)]
    [InlineData("Table5b", 1_489_724, 12_205_629_440, 15.481)]
    [InlineData("Table5c", 1_478_953, 12_162_039_808, 15.436)]
    [InlineData("Table5d", 1_489_980, 12_205_629_440, 15.481)]
    [InlineData("Table5e", 1_471_452, 10_546_782_208, 13.818)]
    [InlineData("Table5f", 1_460_681, 10_503_192_576, 13.773)]
    [InlineData("Table5g", 1_471_708, 10_546_782_208, 13.818)]
    [InlineData("Tiny", 1_471_708, 10_546_782_208, 13.818)]
    [InlineData("MResBlockOnly", 1_460_169, 10_503_192_576, 13.773)]
    public void Sizes_at_256_are_those_of_the_reference_implementation(string name, int parameters, long macs, double giga)
    {
        NetworkDescription description = NetworkDescription.Of(NetworkCatalog.Find(name));

        Assert.Equal(parameters, description.Parameters);
        Assert.Equal(macs, description.Macs);
        Assert.Equal(giga, Math.Round(description.PaperGiga, 3));
    }

    [Fact]
    public void All_networks_are_in_the_table()
    {
        var attribute = typeof(NetworkDescriptionTests).GetMethod(nameof(Sizes_at_256_are_those_of_the_reference_implementation))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>();

        Assert.Equal(NetworkCatalog.All.Select(e => e.Name).Order(), attribute.Select(a => (string)a.Data[0]!).Order());
    }

    /// <summary>The paper's rows c, f and without MResBlock have parameters that no variant fits (constructed and unused layers).</summary>
    [Fact]
    public void The_papers_own_figures_are_reproduced_but_for_three_rows()
    {
        var descriptions = NetworkCatalog.All.Select(e => NetworkDescription.Of(e)).Where(d => d.Paper is not null).ToList();

        Assert.Equal(["NoMResBlock"], descriptions.Where(d => Math.Round(d.PaperGiga, 2) != d.Paper!.Giga).Select(d => d.Network.Name));
        Assert.Equal(
            ["NoMResBlock", "Table5c", "Table5f"],
            descriptions.Where(d => Math.Round(d.Parameters / 1e6, 2) != d.Paper!.ParametersInMillions).Select(d => d.Network.Name));
    }

    [Fact]
    public void Restoring_needs_less_than_the_paper_counts()
    {
        NetworkDescription description = NetworkDescription.Of(NetworkCatalog.Find("Tiny"));

        // 3×3 convolutions from 128 channels at a quarter and from 64 at half of the size to three channels.
        Assert.Equal(9 * 3 * (64L * 64 * 128 + 128 * 128 * 64), description.Macs - description.RestoringMacs);
    }

    [Fact]
    public void Arithmetic_grows_with_the_picture()
    {
        NetworkEntry network = NetworkCatalog.Find("Tiny");

        Assert.Equal(NetworkDescription.Of(network).Macs * 6, NetworkDescription.Of(network, 512, 768).Macs);
    }

    [Theory]
    [InlineData(255, 256)]
    [InlineData(256, 258)]
    [InlineData(0, 256)]
    public void A_size_that_the_network_can_not_take_is_refused(int height, int width)
    {
        var error = Assert.Throws<ArgumentException>(() => NetworkDescription.Of(NetworkCatalog.Find("Tiny"), height, width));

        Assert.Contains($"multiples of 4, not {height}×{width}", error.Message);
    }
}
