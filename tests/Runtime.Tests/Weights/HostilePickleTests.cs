using System.IO.Compression;
using System.Text;
using FocalNet.Runtime.Weights;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>Pickles made to run code, to exhaust the reader or to read outside of a storage.</summary>
public sealed class HostilePickleTests
{
    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("__builtin__", "exec")]
    [InlineData("torch", "load")]
    [InlineData("torch.hub", "load")]
    [InlineData("torch._utils", "_import_dotted_name")]
    [InlineData("collections", "OrderedDict.__init__")]
    [InlineData("torch.nn.modules.conv", "Conv2d")]
    public void A_global_outside_the_list_is_refused_by_name(string module, string name)
    {
        foreach (var pickle in new[]
        {
            PickleBuilder.New().Global(module, name).Op("(").Text("echo hacked").Op("tR").Stop(),
            PickleBuilder.New().Text(module).Text(name).Raw(0x93).Op("(").Text("echo hacked").Op("tR").Stop(),
            PickleBuilder.New().Op("(").Text("echo hacked").Op($"i{module}\n{name}\n").Stop(),
            PickleBuilder.New().Op("}").Global(module, name).Op(")").Raw(0x81).Op("b").Stop(),
        })
        {
            foreach (var file in new[] { PickleBuilder.Zip(pickle), PickleBuilder.Legacy(pickle), pickle })
                Assert.Contains($"'{module}.{name}', which is refused", Fails(file).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_pickle_of_protocol_0_that_calls_the_shell_is_refused_by_name()
        => Assert.Contains("'os.system'", Fails(Encoding.ASCII.GetBytes("cos\nsystem\n(S'echo hacked'\ntR.")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_scheduler_beside_the_weights_is_a_placeholder()
    {
        var pickle = PickleBuilder.New().Op("}(").Text("model").Op("}").Text("w")
            .Tensor("0", "FloatStorage", 2, 0, [2], [1]).Op("s")
            .Text("scheduler").Global("torch.optim.lr_scheduler", "CosineAnnealingLR").Op(")").Raw(0x81)
            .Op("}").Text("T_max").Integer(5).Op("sbu").Stop();
        var file = PickleBuilder.Zip(pickle, Storage("0", 1f, 2f));
        Assert.Equal([1f, 2f], Assert.Single(Read(file).Tensors).Values);
    }

    [Fact]
    public void Wrapper_prefixes_are_stripped_and_nested_dictionaries_found()
    {
        foreach (var keys in new string[][] { [], ["state_dict"], ["model"], ["model", "state_dict"], ["params_ema"] })
        {
            var pickle = PickleBuilder.New();
            foreach (var key in keys) pickle.Op("}").Text(key);
            pickle.Op("}(").Text("module.a").Tensor("0", "FloatStorage", 2, 0, [2], [1])
                .Text("module.b").Tensor("0", "FloatStorage", 2, 1, [], []).Op("u");
            foreach (var _ in keys) pickle.Op("s");
            var read = Read(PickleBuilder.Zip(pickle.Stop(), Storage("0", 1f, 2f)));
            Assert.Equal(["a", "b"], read.Tensors.Select(tensor => tensor.Name));
            Assert.Equal([2f], read.Tensors[1].Values);
        }
    }

    [Fact]
    public void Bfloat16_and_overlapping_windows_are_read()
    {
        var pickle = PickleBuilder.New().Op("}").Text("w").Tensor("0", "BFloat16Storage", 4, 0, [3, 2], [1, 1]).Op("s").Stop();
        byte[] storage = [0x80, 0x3f, 0x00, 0x40, 0x40, 0x40, 0x80, 0xc0];
        var read = Read(PickleBuilder.Zip(pickle, new Dictionary<string, byte[]> { ["0"] = storage }));
        Assert.Equal([1f, 2f, 2f, 3f, 3f, -4f], Assert.Single(read.Tensors).Values);
    }

    [Fact]
    public void Forms_of_other_versions_of_torch_are_read()
    {
        // Before 0.4: a view of two elements from the second on. Python 2: an OrderedDict of pairs.
        var old = PickleBuilder.New().Global("collections", "OrderedDict").Op("(](](").Text("w")
            .Global("torch._utils", "_rebuild_tensor").Op("((").Text("storage").Global("torch.cuda", "FloatStorage")
            .Text("7").Text("cuda:0").Integer(3).Op("(").Text("8").Integer(1).Integer(2).Op("ttQ").Integer(0).Tuple(2).Tuple(1).Op("tReetR")
            .Stop();
        var read = Read(PickleBuilder.Legacy(old, ("7", 3, Storage("7", 1, 2, 3)["7"])));
        Assert.Equal([2f, 3f], Assert.Single(read.Tensors).Values);
        // Since 2.0: untyped storages counted in bytes, the type beside the strides.
        var recent = PickleBuilder.New().Op("}").Text("w").Global("torch._utils", "_rebuild_parameter").Op("(")
            .Global("torch._utils", "_rebuild_tensor_v3").Op("((").Text("storage").Global("torch.storage", "UntypedStorage")
            .Text("0").Text("cpu").Integer(12).Op("tQ").Integer(1).Tuple(2).Tuple(1).Raw(0x89).Op("}").Global("torch", "float32")
            .Op("tR").Raw(0x88).Op("}tRs").Stop();
        read = Read(PickleBuilder.Zip(recent, Storage("0", 1, 2, 3)));
        Assert.Equal([2f, 3f], Assert.Single(read.Tensors).Values);
    }

    [Theory]
    [InlineData(4, 0, 5, 1)]
    [InlineData(4, 1, 4, 1)]
    [InlineData(4, 0, 3, 2)]
    [InlineData(4, -1, 1, 1)]
    [InlineData(4, long.MaxValue, 1, 1)]
    [InlineData(4, 0, 2, long.MaxValue)]
    [InlineData(-4, 0, 1, 1)]
    [InlineData(long.MaxValue, 0, 1, 1)]
    [InlineData(4, 0, -1, 1)]
    [InlineData(4, 0, 2, -1)]
    [InlineData(4, 0, int.MaxValue, 0)]
    [InlineData(4, 0, 1L << 40, 1)]
    [InlineData(1000, 0, 1000, 1)]
    public void A_tensor_beyond_its_storage_is_refused(long count, long offset, long extent, long stride)
    {
        var pickle = PickleBuilder.New().Op("}").Text("w").Tensor("0", "FloatStorage", count, offset, [extent], [stride]).Op("s").Stop();
        Fails(PickleBuilder.Zip(pickle, Storage("0", 1, 2, 3, 4)));
        Fails(PickleBuilder.Legacy(pickle, ("0", count, new byte[16])));
    }

    [Fact]
    public void A_storage_shorter_than_claimed_or_absent_is_refused()
    {
        var pickle = PickleBuilder.New().Op("}").Text("w").Tensor("0", "FloatStorage", 4, 0, [4], [1]).Op("s").Stop();
        Assert.Equal("w", Fails(PickleBuilder.Zip(pickle, Storage("0", 1, 2, 3))).Tensor);
        Assert.Equal("w", Fails(PickleBuilder.Zip(pickle)).Tensor);
        Assert.Contains("ends after the file", Fails(PickleBuilder.Legacy(pickle, ("0", 4, new byte[12]))).Message, StringComparison.Ordinal);
        Assert.Contains("4 are expected", Fails(PickleBuilder.Legacy(pickle, ("0", 3, new byte[16]))).Message, StringComparison.Ordinal);
        Fails(PickleBuilder.Legacy(pickle));
    }

    [Fact]
    public void A_compressed_archive_a_zip_bomb_too_is_refused_before_it_is_unpacked()
    {
        var pickle = PickleBuilder.New().Op("}").Text("w").Tensor("0", "FloatStorage", 4 << 20, 0, [4 << 20], [1]).Op("s").Stop();
        var bomb = PickleBuilder.Zip(pickle, new Dictionary<string, byte[]> { ["0"] = new byte[16 << 20] }, CompressionLevel.Optimal);
        Assert.True(bomb.Length < 100_000);
        Assert.Contains("compressed", Fails(bomb).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeated_elements_do_not_multiply_the_files_size_without_bound()
    {
        var pickle = PickleBuilder.New().Op("}").Text("w").Tensor("0", "FloatStorage", 1, 0, [20000, 20000], [0, 0]).Op("s").Stop();
        Assert.Contains("would take", Fails(PickleBuilder.Zip(pickle, Storage("0", 1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_checksum_is_noticed()
    {
        var pickle = PickleBuilder.New().Op("}").Text("w").Tensor("0", "FloatStorage", 2, 0, [2], [1]).Op("s").Stop();
        var file = PickleBuilder.Zip(pickle, Storage("0", 1234.5f, 1));
        var at = file.AsSpan().IndexOf(BitConverter.GetBytes(1234.5f));
        file[at]++;
        Assert.Contains("checksum", Fails(file).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Repetitions() => ["]", "(", "}", "(t", "]2", "h\0", "N", ")2"];

    [Theory]
    [MemberData(nameof(Repetitions))]
    public void Millions_of_operations_end_with_an_error(string operation)
    {
        var pickle = new PickleBuilder().Op("]q\0").Op(string.Concat(Enumerable.Repeat(operation, 2_000_001))).Stop();
        Assert.Contains("operations", Fails(PickleBuilder.Zip(pickle)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_and_cycles_end_with_an_error()
    {
        var lists = string.Concat(Enumerable.Repeat("]", 200_000)) + string.Concat(Enumerable.Repeat("a", 199_999));
        var tuples = "N" + string.Concat(Enumerable.Repeat("\x85", 200_000));
        var dictionaries = string.Concat(Enumerable.Repeat("}N", 100_000)) + "N" + string.Concat(Enumerable.Repeat("s", 100_000));
        foreach (var nested in new[] { lists, tuples, dictionaries })
        {
            Fails(PickleBuilder.Zip(new PickleBuilder().Op(nested).Stop()));
            Fails(PickleBuilder.Zip(new PickleBuilder().Op("}").Text("model").Op(nested).Op("s").Stop()));
            Fails(PickleBuilder.Zip(new PickleBuilder().Op(nested).Stop()), WeightSelection.Everything);
        }
        var self = new PickleBuilder().Op("}q\0").Text("model").Op("h\0s").Stop();
        Fails(PickleBuilder.Zip(self));
        Fails(PickleBuilder.Zip(self), WeightSelection.Everything);
    }

    [Fact]
    public void A_dictionary_that_contains_the_same_thousandfold_ends_with_an_error()
    {
        var pickle = new PickleBuilder().Op("]q\0");
        for (byte level = 1; level < 15; level++)
            pickle.Op("](").Op(string.Concat(Enumerable.Repeat($"h{(char)(level - 1)}", 100))).Op("e").Op($"q{(char)level}");
        Fails(PickleBuilder.Zip(pickle.Stop()), WeightSelection.Everything);
    }

    [Fact]
    public void A_wrapped_call_wrapped_a_million_times_does_not_exhaust_the_stack()
    {
        var pickle = new PickleBuilder().Global("torch._tensor", "_rebuild_from_type_v2").Op("q\0)");
        for (var level = 0; level < 100_000; level++) pickle.Op("q\x01" + "0(h\0Nh\x01Nt");
        var global = pickle.Op("q\x01" + "0h\0h\x01R").Stop();
        Fails(PickleBuilder.Zip(global));
    }

    [Theory]
    [InlineData("X\xff\xff\xff\xff")]
    [InlineData("\x8d\xff\xff\xff\xff\xff\xff\xff\xff")]
    [InlineData("\x8e\xff\xff\xff\xff\xff\xff\xff\x7f")]
    [InlineData("B\xff\xff\xff\x7f")]
    [InlineData("\x8b\xff\xff\xff\x7f")]
    [InlineData("\x8a\xff")]
    [InlineData("c")]
    [InlineData("R")]
    [InlineData("t")]
    [InlineData("Q")]
    [InlineData("(0")]
    [InlineData("N(0t")]
    [InlineData("N(\x85")]
    [InlineData("h\x05")]
    [InlineData("X\x01\0\0\0\xff.")]
    [InlineData("\x80\x09")]
    [InlineData(".")]
    [InlineData("N.")]
    [InlineData("}.")]
    [InlineData("]N.")]
    public void Malformed_pickles_end_with_an_error(string operations)
    {
        var pickle = new PickleBuilder().Raw(0x80, 2).Op(operations);
        Fails(PickleBuilder.Zip(pickle.Stop()));
        Fails(PickleBuilder.Legacy(pickle.Stop()));
        Fails(pickle.Stop());
    }

    [Fact]
    public void Zips_of_other_kinds_are_told_apart()
    {
        var pickle = PickleBuilder.New().Op("}").Stop();
        Assert.Contains("TorchScript", Fails(PickleBuilder.Zip(pickle, null, CompressionLevel.NoCompression, ("net/constants.pkl", pickle))).Message, StringComparison.Ordinal);
        Assert.Contains("several", Fails(PickleBuilder.Zip(pickle, null, CompressionLevel.NoCompression, ("other/data.pkl", pickle))).Message, StringComparison.Ordinal);
        Assert.Contains("big-endian", Fails(PickleBuilder.Zip(pickle, null, CompressionLevel.NoCompression, ("net/byteorder", "big"u8.ToArray()))).Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, byte[]> Storage(string key, params float[] values)
        => new() { [key] = values.SelectMany(BitConverter.GetBytes).ToArray() };

    private static WeightFile Read(byte[] file) => WeightFile.Read(new MemoryStream(file), "net.pkl");

    private static WeightFormatException Fails(byte[] file, WeightSelection selection = WeightSelection.Model)
    {
        var error = Assert.Throws<WeightFormatException>(() => WeightFile.Read(new MemoryStream(file), "net.pkl", selection));
        Assert.StartsWith("net.pkl", error.Message, StringComparison.Ordinal);
        return error;
    }
}
