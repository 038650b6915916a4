using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests.Cpu;

/// <summary>Compiled inference plans on the processor against the outputs of the reference implementation.</summary>
public class CpuForwardTests(ITestOutputHelper report)
{
    // Of restored pictures, absolute; a plain float32 run of the reference implementation deviates by up to 7.7e-6.
    private const double Tolerance = 2e-5;

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
    public void Outputs_of_a_variant(string network, string variant)
    {
        GoldenFile data = GoldenData.Tensors("variants/io");

        RequireRestored(network, GoldenParameters.OfVariant(variant), data["x"], data[$"{variant}.out2"]);
    }

    /// <summary>A mean taken over the whole batch shows only with two pictures.</summary>
    [Fact]
    public void Outputs_of_a_batch_of_two()
    {
        GoldenFile data = GoldenData.Tensors("nr1/io");

        RequireRestored("Tiny", GoldenData.Tensors("nr1/model").Tensors, data["in.x72"], data["out2.x72"]);
    }

    [Fact]
    public void Outputs_of_sixteen_blocks()
    {
        GoldenFile data = GoldenData.Tensors("nr16/io");

        RequireRestored("Deblur", GoldenParameters.OfSixteenBlocks(), data["x"], data["out2"]);
    }

    /// <summary>99×82 is padded to 100×84 by reflection, restored, and cropped again.</summary>
    [Fact]
    public void A_picture_of_odd_size_through_the_restorer()
    {
        GoldenTensor picture = GoldenData.Tensors("nr1/io")["in_u8.imgodd"], padded = GoldenData.Tensors("nr1/io")["out2.imgodd"];
        int height = picture.Shape[2], width = picture.Shape[3], paddedWidth = padded.Shape[3];
        using Restorer restorer = Restorer.Create(CpuNetwork.Find("Tiny"), CpuNetwork.Flatten("Tiny", GoldenData.Tensors("nr1/model").Tensors));
        var restored = new float[picture.Count];

        restorer.Restore(picture.ToNetworkInput().Values, restored, new PixelLayout(width, height, Order: PixelOrder.Planar));

        var expected = new float[picture.Count];
        for (int row = 0; row < 3 * height; row++)
        {
            int from = (row / height * padded.Shape[2] + row % height) * paddedWidth;
            for (int x = 0; x < width; x++)
                expected[row * width + x] = Math.Clamp(padded.Values[from + x], 0f, 1f);
        }
        Require(Compare.MaxAbsolute("imgodd", restored, expected, Tolerance));

        byte[] bytes = Array.ConvertAll(picture.Values, v => (byte)v);
        restorer.Restore(bytes, bytes, new PixelLayout(width, height, Order: PixelOrder.Planar));
        Assert.Equal(Array.ConvertAll(restored, v => (byte)(v * 255f + 0.5f)), bytes);
    }

    private void RequireRestored(string network, IEnumerable<GoldenTensor> parameters, GoldenTensor image, GoldenTensor expected)
    {
        float[] flat = CpuNetwork.Flatten(network, parameters);
        RunSize size = image.Size();

        float[] restored = CpuNetwork.Run(network, flat, image.Values, size);

        Require(Compare.MaxAbsolute(network, restored, expected.Values, Tolerance));
    }

    private void Require(Comparison comparison)
    {
        report.WriteLine(comparison.ToString());
        comparison.Require();
    }
}
