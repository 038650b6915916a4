using FocalNet.Runtime.Weights;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>Weights stored in 16 and 8 bits.</summary>
public sealed class WeightStorageTests
{
    /// <summary>Values of the format's own table (OCP 8-bit floating point specification, table 3).</summary>
    [Theory]
    [InlineData(0x00, 0f)]
    [InlineData(0x01, 0.001953125f)] // smallest subnormal, 2^-9
    [InlineData(0x07, 0.013671875f)] // largest subnormal, 0.875 · 2^-6
    [InlineData(0x08, 0.015625f)] // smallest normal, 2^-6
    [InlineData(0x38, 1f)]
    [InlineData(0x7E, 448f)] // largest
    [InlineData(0xB8, -1f)]
    public void Numbers_of_8_bits_are_those_of_the_format(byte bits, float value)
    {
        Assert.Equal([value], Decoded("F8_E4M3", [bits]));
        Assert.Equal([bits], Encoded([value]));
    }

    [Fact]
    public void Every_number_of_8_bits_survives_and_others_go_to_the_nearest()
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Where(bits => (bits & 0x7F) != 0x7F).Select(bits => (byte)bits)];
        var numbers = Decoded("F8_E4M3", codes);
        Assert.DoesNotContain(numbers, float.IsNaN);
        Assert.Equal(codes, Encoded(numbers));
        Assert.All(Decoded("F8_E4M3", [0x7F, 0xFF]), value => Assert.True(float.IsNaN(value)));

        var values = numbers.Distinct().Order().ToArray();
        var (below, above) = (values.SkipLast(1).ToArray(), values.Skip(1).ToArray());
        Assert.Equal(below, Decoded("F8_E4M3", Encoded([.. below.Zip(above, (low, high) => low + 0.49f * (high - low))])));
        Assert.Equal(above, Decoded("F8_E4M3", Encoded([.. below.Zip(above, (low, high) => low + 0.51f * (high - low))])));
        // The even one of two that are equally near: 1.0625 lies between 1 and 1.125, 1.1875 between 1.125 and 1.25.
        Assert.Equal([1f, 1.25f], Decoded("F8_E4M3", Encoded([1.0625f, 1.1875f])));
    }

    [Fact]
    public void The_other_8_bits_are_the_upper_half_of_16() =>
        Assert.Equal([1f, -1.5f, 57344f, 1.52587890625e-5f], Decoded("F8_E5M2", [0x3C, 0xBE, 0x7B, 0x01]));

    [Theory]
    [InlineData(WeightStorage.Float32, 12_020, 0)]
    [InlineData(WeightStorage.Float16, 6_010, 0.0005)]
    [InlineData(WeightStorage.Float8, 3_020, 0.0625)]
    public void A_file_has_the_size_and_the_digits_it_was_asked_for(WeightStorage storage, int bytes, double tolerance)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("net.safetensors");
        var random = new Random(1);
        TensorData[] tensors = [new("large", [10, 300], [.. Enumerable.Range(0, 3000).Select(_ => 0.5f + random.NextSingle())]), new("small", [5], [0.1f, -0.2f, 0.3f, 0.4f, 500f])];
        WeightFile.Write(path, tensors, new Dictionary<string, string> { ["network"] = "none" }, storage);
        var read = WeightFile.Read(path);
        Assert.Equal("none", read.Metadata["network"]);
        var (large, small) = (read.Tensors.Single(tensor => tensor.Name == "large"), read.Tensors.Single(tensor => tensor.Name == "small"));
        Assert.Equal([10, 300], large.Shape);
        Assert.All(tensors[0].Values.Zip(large.Values), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, tolerance * pair.First));
        Assert.All(tensors[1].Values.Zip(small.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-3f * Math.Abs(pair.First)));
        using var stream = File.OpenRead(path);
        var header = new BinaryReader(stream).ReadInt64();
        Assert.Equal(bytes, stream.Length - 8 - header);
    }

    [Theory]
    [InlineData(WeightStorage.Float16, 70_000f, "65504")]
    [InlineData(WeightStorage.Float8, 500f, "448")]
    [InlineData(WeightStorage.Float8, float.NaN, "448")]
    public void A_number_that_is_too_large_for_its_bits_is_refused(WeightStorage storage, float value, string largest)
    {
        using var folder = new TemporaryFolder();
        var values = new float[2048];
        values[7] = value;
        var error = Assert.Throws<ArgumentException>(() => WeightFile.Write(folder.PathOf("net.safetensors"), [new TensorData("conv.weight", [2048], values)], storage: storage));
        Assert.Contains("'conv.weight'", error.Message, StringComparison.Ordinal);
        Assert.Contains(largest, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Folder));
    }

    /// <summary>Reads a file of one tensor that is written here by hand.</summary>
    private static float[] Decoded(string type, byte[] data)
    {
        var header = $$$"""{"w":{"dtype":"{{{type}}}","shape":[{{{data.Length}}}],"data_offsets":[0,{{{data.Length}}}]}}""";
        byte[] file = [.. BitConverter.GetBytes((long)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. data];
        return WeightFile.Read(new MemoryStream(file), "by hand").Tensors[0].Values;
    }

    /// <summary>The bytes of a file for these numbers; it takes more of them for 8 bits, which are zeros.</summary>
    private static byte[] Encoded(float[] values)
    {
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, [new TensorData("w", [2048], [.. values, .. new float[2048 - values.Length]])], storage: WeightStorage.Float8);
        return stream.ToArray()[^2048..][..values.Length];
    }
}
