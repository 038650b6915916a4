using FocalNet.Runtime.Weights;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>A file that does not fit says what is missing, extra and misshapen.</summary>
public sealed class WeightMatchingTests
{
    [Fact]
    public void A_fitting_file_comes_in_the_networks_order()
    {
        var file = FileOf(("b", [2]), ("a", [1, 3]), ("c", []));
        var matched = WeightMatching.Match(file, [new("a", [1, 3]), new("b", [2]), new("c", [])]);
        Assert.Equal(["a", "b", "c"], matched.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Missing_extra_and_misshapen_tensors_are_named()
    {
        var file = FileOf(("same", [1]), ("shape", [2, 3]), ("extra", [1]));
        var error = Assert.Throws<WeightMismatchException>(
            () => WeightMatching.Match(file, [new("same", [1]), new("shape", [3, 2]), new("missing", [1])]));
        Assert.Equal(["missing"], error.Missing);
        Assert.Equal(["extra"], error.Extra);
        Assert.Equal(["shape"], error.Misshapen);
        Assert.Contains("shape (file [2, 3], network [3, 2])", error.Message, StringComparison.Ordinal);
        Assert.Contains("another variant", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_lists_are_cut_and_counted()
    {
        var file = FileOf(Blocks(40));
        var error = Assert.Throws<WeightMismatchException>(() => WeightMatching.Match(file, Signatures(Blocks(4))));
        Assert.Equal(36, error.Extra.Count);
        Assert.Contains("36 unknown to the network:", error.Message, StringComparison.Ordinal);
        Assert.Contains("and 26 more", error.Message, StringComparison.Ordinal);
        Assert.Contains("another number of residual blocks", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Split('\n').Length < 20);
    }

    [Fact]
    public void A_file_of_another_network_is_recognised()
    {
        var error = Assert.Throws<WeightMismatchException>(() => WeightMatching.Match(FileOf(("x", [1])), Signatures(Blocks(2))));
        Assert.Contains("another network", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<WeightMismatchException>(
            () => WeightMatching.Match(FileOf(("layers.0.weight", [8]), ("layers.1.weight", [8])), Signatures(Blocks(2))));
        Assert.Contains("another width", error.Message, StringComparison.Ordinal);
    }

    private static (string Name, int[] Shape)[] Blocks(int count)
        => [.. Enumerable.Range(0, count).Select(index => ($"layers.{index}.weight", (int[])[4]))];

    private static List<TensorSignature> Signatures((string Name, int[] Shape)[] tensors)
        => [.. tensors.Select(tensor => new TensorSignature(tensor.Name, tensor.Shape))];

    private static WeightFile FileOf(params (string Name, int[] Shape)[] tensors)
    {
        var stream = new MemoryStream();
        SafeTensors.Write(stream, [.. tensors.Select(tensor => new TensorData(
            tensor.Name, tensor.Shape, new float[tensor.Shape.Aggregate(1, (product, extent) => product * extent)]))]);
        return WeightFile.Read(stream, "net.safetensors");
    }
}
