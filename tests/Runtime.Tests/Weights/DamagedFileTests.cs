using System.Buffers.Binary;
using System.Text;
using CsCheck;
using FocalNet.Runtime.Weights;
using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>Whatever a file holds, reading it ends with its tensors or with a <see cref="WeightFormatException"/>.</summary>
public sealed class DamagedFileTests
{
    private static readonly byte[][] Files =
    [
        .. Directory.GetFiles(GoldenData.PathOf("pkl_variants")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes),
    ];

    private static readonly string[] Names = ["net.pkl", "net.safetensors"];

    [Fact]
    public void Every_file_cut_anywhere_is_refused()
    {
        foreach (var file in Files)
            for (var length = 0; length < file.Length; length += length < 300 ? 1 : 17)
                Assert.Throws<WeightFormatException>(() => WeightFile.Read(new MemoryStream(file, 0, length), "cut"));
    }

    [Fact]
    public void Mutated_files_are_read_or_refused()
    {
        var edit = Gen.Select(Gen.Int[0, 100_000], Gen.Byte, Gen.Int[0, 4]);
        Gen.Select(Gen.Int[0, Files.Length - 1], edit.Array[1, 8]).Sample(
            (file, edits) => ReadOrRefuse(Mutate(Files[file], edits)), iter: 3000);
    }

    [Fact]
    public void Mutated_pickles_with_right_checksums_are_read_or_refused()
    {
        // A mutated zip mostly fails its checksum: here the pickle changes before the archive is made.
        var pickle = PickleBuilder.New().Op("}(").Text("model").Global("collections", "OrderedDict").Op(")R(").Text("a")
            .Tensor("0", "FloatStorage", 6, 0, [2, 3], [1, 2]).Text("b").Tensor("0", "HalfStorage", 3, 1, [2], [1])
            .Op("u").Text("epoch").Integer(3).Op("u").Stop();
        var storages = new Dictionary<string, byte[]> { ["0"] = new byte[24] };
        Gen.Select(Gen.Int[0, 100_000], Gen.Byte, Gen.Int[0, 4]).Array[1, 6].Sample(
            edits => ReadOrRefuse(PickleBuilder.Zip(Mutate(pickle, edits), storages)), iter: 3000);
    }

    [Fact]
    public void Mutated_safetensors_headers_are_read_or_refused()
    {
        var stream = new MemoryStream();
        SafeTensors.Write(stream, [new("a", [2, 3], new float[6]), new("b", [], [1])], new Dictionary<string, string> { ["k"] = "v" });
        var file = stream.ToArray();
        Gen.Select(Gen.Int[8, 200], Gen.Byte, Gen.Int[0, 4]).Array[1, 4].Sample(edits => ReadOrRefuse(Mutate(file, edits)), iter: 3000);
    }

    public static TheoryData<string, string> LyingHeaders() => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", "span 16" },
        { """{"a":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}""", "beyond the 16 bytes" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "the data before it ends at 0" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "16 bytes of data follow" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}""", "neither overlap" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", "nor leave holes" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "ascending" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "ascending" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}""", "ascending" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,1e400]}}""", "ascending" },
        { """{"a":{"dtype":"F32","shape":[2147483647,2147483647,4],"data_offsets":[0,16]}}""", "more than" },
        { """{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}""", "no extent" },
        { """{"a":{"dtype":"F32","shape":["4"],"data_offsets":[0,16]}}""", "no extent" },
        { """{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4],"data_offsets":[0,16]}}""", "17 extents" },
        { """{"a":{"dtype":"F8_E8M0","shape":[16],"data_offsets":[0,16]}}""", "F8_E8M0 is not supported" },
        { """{"a":{"dtype":"1","shape":[4],"data_offsets":[0,16]}}""", "not supported" },
        { """{"a":{"dtype":"88","shape":[4],"data_offsets":[0,16]}}""", "not supported" },
        { """{"a":{"shape":[4],"data_offsets":[0,16]}}""", "'dtype'" },
        { """{"a":{"dtype":"F32","data_offsets":[0,16]}}""", "'shape'" },
        { """{"a":{"dtype":"F32","shape":[4]}}""", "'data_offsets'" },
        { """{"a":[]}""", "not a JSON object" },
        { """{"__metadata__":{"n":1},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "not a text" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "JSON" },
        { """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}""", "JSON" },
        { """{"\ud800":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "" },
        { "{}", "16 bytes of data follow" },
        { "[]", "" },
    };

    [Theory]
    [MemberData(nameof(LyingHeaders))]
    public void A_header_that_lies_is_refused_with_the_reason(string header, string reason)
    {
        var error = Assert.Throws<WeightFormatException>(() => Read(SafeTensorsFile(header, 16), "net.safetensors"));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("net.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(1UL << 40)]
    [InlineData(10_000UL)]
    [InlineData(0UL)]
    public void A_header_length_that_lies_is_refused(ulong length)
    {
        var file = SafeTensorsFile("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", 16);
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Assert.Throws<WeightFormatException>(() => Read(file, "net.safetensors"));
        Assert.Throws<WeightFormatException>(() => Read(file, "net.bin"));
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html>", "web page")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00", "git lfs pull")]
    [InlineData("", "empty")]
    [InlineData("hello", "unknown format")]
    [InlineData("PK", "zip archive is damaged")]
    public void What_is_no_weight_file_is_named(string content, string reason)
    {
        var error = Assert.Throws<WeightFormatException>(() => Read(Encoding.ASCII.GetBytes(content), "net.pkl"));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_in_messages_cannot_control_a_terminal()
    {
        var header = """{"\u001b[2J":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""";
        var error = Assert.Throws<WeightFormatException>(() => Read(SafeTensorsFile(header, 16), "net.safetensors"));
        Assert.DoesNotContain('\u001b', error.Message);
    }

    private static void ReadOrRefuse(byte[] file)
    {
        foreach (var name in Names)
        {
            try
            {
                Read(file, name);
                WeightFile.Read(new MemoryStream(file), name, WeightSelection.Everything);
            }
            catch (WeightFormatException)
            {
                // Refused.
            }
        }
    }

    private static WeightFile Read(byte[] file, string name) => WeightFile.Read(new MemoryStream(file), name);

    private static byte[] SafeTensorsFile(string header, int dataLength)
    {
        var text = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[dataLength]];
    }

    /// <summary>Overwrites, flips, inserts, removes, or repeats a stretch.</summary>
    private static byte[] Mutate(byte[] file, (int Position, byte Value, int Kind)[] edits)
    {
        var bytes = file.ToList();
        foreach (var (position, value, kind) in edits)
        {
            if (bytes.Count == 0) break;
            var at = position % bytes.Count;
            switch (kind)
            {
                case 0: bytes[at] = value; break;
                case 1: bytes[at] ^= (byte)(1 << (value & 7)); break;
                case 2: bytes.Insert(at, value); break;
                case 3: bytes.RemoveRange(at, Math.Min(value & 15, bytes.Count - at)); break;
                default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(value, bytes.Count - at))); break;
            }
        }
        return [.. bytes];
    }
}
