using FocalNet.Runtime.Weights;
using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>Files that PyTorch wrote, against the values PyTorch had.</summary>
public sealed class WeightFileTests
{
    private static readonly GoldenFile Expected = GoldenData.Tensors("pkl_variants/expected");

    [Theory]
    [InlineData("zip_cpu", WeightFormat.PyTorchZip)]
    [InlineData("zip_cuda0", WeightFormat.PyTorchZip)]
    [InlineData("zip_archive_prefix", WeightFormat.PyTorchZip)]
    [InlineData("zip_full_checkpoint", WeightFormat.PyTorchZip)]
    [InlineData("legacy_cuda0", WeightFormat.PyTorchLegacy)]
    public void Checkpoints_of_every_form_give_the_models_tensors(string file, WeightFormat format)
    {
        var read = WeightFile.Read(PathOf(file));
        Assert.Equal(format, read.Format);
        RequireSame(read, "sd.");
    }

    [Fact]
    public void Strided_and_shared_storages_and_all_types_are_read()
        => RequireSame(WeightFile.Read(PathOf("zip_strided_dtypes")), "strided.");

    [Fact]
    public void Everything_names_the_optimizers_tensors_by_their_path()
    {
        var read = WeightFile.Read(PathOf("zip_full_checkpoint"), WeightSelection.Everything);
        foreach (var expected in Expected.Tensors.Where(tensor => tensor.Name.StartsWith("opt.", StringComparison.Ordinal)))
        {
            Assert.True(read.TryGet("optimizer.state." + expected.Name["opt.".Length..], out var tensor), string.Join('\n', read.Tensors));
            RequireSame(expected, tensor);
        }
        Assert.True(read.TryGet("model.conv.weight", out _));
    }

    [Fact]
    public void Safetensors_of_every_type_is_read()
    {
        var read = WeightFile.Read(GoldenData.PathOf("pkl_variants/expected.safetensors"));
        Assert.Equal(WeightFormat.SafeTensors, read.Format);
        Assert.Equal(Expected.Names.Count, read.Tensors.Count);
        foreach (var tensor in read.Tensors) RequireSame(Expected[tensor.Name], tensor);
    }

    [Fact]
    public void The_networks_parameters_survive_a_round_trip_to_the_bit()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("model.safetensors");
        var tensors = GoldenData.Tensors("nr1/model").Tensors.Select(tensor => new TensorData(tensor.Name, tensor.Shape, tensor.Values)).ToList();
        WeightFile.Write(path, tensors, new Dictionary<string, string> { ["num_res"] = "1", ["ü\"\n"] = "\u20ac" });
        var read = WeightFile.Read(path);
        Assert.Equal("1", read.Metadata["num_res"]);
        Assert.Equal("\u20ac", read.Metadata["ü\"\n"]);
        Assert.Equal(tensors.Select(tensor => tensor.Name), read.Tensors.Select(tensor => tensor.Name));
        foreach (var (before, after) in tensors.Zip(read.Tensors))
        {
            Assert.Equal(before.Shape, after.Shape);
            Assert.True(before.Values.AsSpan().SequenceEqual(after.Values));
        }
        // A reader that shares no code with the writer agrees.
        var independent = GoldenFile.Read(path);
        Assert.Equal(tensors[^1].Values, independent[tensors[^1].Name].Values);
    }

    [Fact]
    public void Special_values_and_shapes_survive_a_round_trip()
    {
        var values = new[] { float.NaN, float.PositiveInfinity, -0f, float.Epsilon, float.MaxValue, 1f / 3 };
        var stream = new MemoryStream();
        SafeTensors.Write(stream, [new("a", [2, 3], values), new("scalar", [], [7]), new("empty", [0, 5], [])]);
        var read = WeightFile.Read(stream, "memory");
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), read.Tensors.Single(tensor => tensor.Name == "a").Values.Select(BitConverter.SingleToInt32Bits));
        Assert.Empty(read.Tensors.Single(tensor => tensor.Name == "scalar").Shape);
        Assert.Equal([0, 5], read.Tensors.Single(tensor => tensor.Name == "empty").Shape);
    }

    [Fact]
    public void Reserved_and_repeated_names_are_not_written()
    {
        TensorData one = new("one", [1], [1]), reserved = new("__metadata__", [1], [1]);
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(new MemoryStream(), [one, one]));
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(new MemoryStream(), [reserved]));
    }

    private static string PathOf(string file) => GoldenData.PathOf($"pkl_variants/{file}.pkl");

    private static void RequireSame(WeightFile read, string prefix)
    {
        var expected = Expected.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        Assert.Equal(expected.Select(tensor => tensor.Name[prefix.Length..]).Order(), read.Tensors.Select(tensor => tensor.Name).Order());
        foreach (var tensor in read.Tensors) RequireSame(Expected[prefix + tensor.Name], tensor);
    }

    private static void RequireSame(GoldenTensor expected, TensorData actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Values, actual.Values);
    }
}
