using System.IO.Compression;
using System.Text;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Tests.Plans;

/// <summary>Texts as the generator packs them into an assembly.</summary>
public sealed class PackedTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plan Tiny.Inference divisor 4 persistent 0\narena --- 12")]
    [InlineData("For 1×256×256: 6 °C")]
    public void A_text_comes_out_as_it_went_in(string text) => Assert.Equal(text, Encoding.UTF8.GetString(PackedText.Unpack(Pack(text))));

    [Theory]
    [InlineData("not base64!")]
    [InlineData("/////w==")]
    public void What_no_generator_has_packed_is_refused(string packed) =>
        Assert.Throws<FormatException>(() => PackedText.Unpack(Encoding.UTF8.GetBytes(packed)));

    [Fact]
    public void Texts_are_found_by_name_in_whole_and_partial_blocks()
    {
        string[] names = ["a", "b", "c", "d", "e"], texts = ["first", "", "third\nline", "4", "the last"];
        byte[][] blocks = [.. texts.Chunk(2).Select(chunk => Pack(string.Join('\0', chunk)))];
        var packed = new PackedTexts(Encoding.UTF8.GetBytes(string.Join('\n', names)), 2, number => blocks[number]);
        Assert.Equal(texts, names.Select(name => Encoding.UTF8.GetString(packed.Find(name)!)));
        Assert.True(packed.Contains("e"));
        Assert.False(packed.Contains("f"));
        Assert.Null(packed.Find("f"));
    }

    [Fact]
    public void A_block_with_too_few_texts_is_refused()
    {
        var packed = new PackedTexts("a\nb"u8, 2, _ => Pack("only one"));
        Assert.Throws<FormatException>(() => packed.Find("b"));
    }

    private static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var stream = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            stream.Write(Encoding.UTF8.GetBytes(text));
        return Encoding.ASCII.GetBytes(Convert.ToBase64String(packed.ToArray()));
    }
}
