using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using FocalNet.Model.Tests.Support;
using FocalNet.Samples.CustomNetwork;
using FocalNet.Samples.Embedding;

namespace FocalNet.Model.Tests;

/// <summary>The samples do what they say.</summary>
public class SampleTests
{
    /// <summary>A freshly initialised network, a picture that is written, exit code 0.</summary>
    [Fact]
    public void Embedding_writes_a_picture()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.png");
        try
        {
            Assert.Equal(0, RunSample(typeof(SyntheticPicture), path));
            Assert.Equal(256 * (1 + 3 * 256), PngRows(File.ReadAllBytes(path), 256, 256).Length);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Rows without the padding that they have in memory, each after its filter.</summary>
    [Fact]
    public void Embedding_writes_PNG()
    {
        byte[] picture = SyntheticPicture.Hazy(21, 10);
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.png");
        try
        {
            PngWriter.Write(path, picture, 21, 10, 64);

            Assert.Equal(Enumerable.Range(0, 10).SelectMany(y => picture.Skip(64 * y).Take(63).Prepend((byte)0)), PngRows(File.ReadAllBytes(path), 21, 10));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Embedding_says_what_is_wrong_with_the_weights() => Assert.Equal(1, RunSample(typeof(SyntheticPicture), "never-written.png", "no-such-file.safetensors"));

    [Fact]
    public void Embedding_takes_padded_rows()
    {
        using Restorer restorer = Restorer.Create(CpuNetwork.Find("Tiny"), CpuNetwork.Identity("Tiny"));
        byte[] picture = SyntheticPicture.Hazy(21, 10), restored = [.. picture];

        Embedding.Restore(restorer, picture, restored, 21, 10, new PercentLine(), default);

        Assert.Equal(64 * 10, picture.Length);
        Assert.Equal(picture, restored);
    }

    /// <summary>A network that a project of one's own declares is compiled, and learns.</summary>
    [Fact]
    public void CustomNetwork_learns()
    {
        Assert.Equal(["Edges"], MyNetworks.Compiled.Select(c => c.Name));
        Assert.Equal(0, RunSample(typeof(MyNetworks)));
    }

    // Chunks of length, type, content and checksum; the rows are in the only IDAT.
    private static byte[] PngRows(byte[] file, int width, int height)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], file[..8]);
        var chunks = new Dictionary<string, byte[]>();
        for (int position = 8; position < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(position));
            ReadOnlySpan<byte> named = file.AsSpan(position + 4, 4 + length);
            Assert.Equal(Crc(named), BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(position + 8 + length)));
            chunks.Add(Encoding.ASCII.GetString(named[..4]), [.. named[4..]]);
            position += 12 + length;
        }
        Assert.Equal(["IHDR", "IDAT", "IEND"], chunks.Keys);
        Assert.Equal([0, 0, (byte)(width >> 8), (byte)width, 0, 0, (byte)(height >> 8), (byte)height, 8, 2, 0, 0, 0], chunks["IHDR"]);
        using var rows = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(chunks["IDAT"]), CompressionMode.Decompress))
            zlib.CopyTo(rows);
        return rows.ToArray();
    }

    // The remainder of a polynomial division, bit by bit, most significant first, as the definition has it before it is turned around.
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint remainder = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            for (int bit = 0; bit < 8; bit++)
                remainder = (remainder << 1) ^ (((remainder >> 31) ^ ((uint)value >> bit & 1)) * 0x04C11DB7);
        }
        uint turned = 0;
        for (int bit = 0; bit < 32; bit++)
            turned |= (~remainder >> bit & 1) << (31 - bit);
        return turned;
    }

    private static int RunSample(Type sample, params string[] arguments)
    {
        System.Reflection.MethodInfo main = sample.Assembly.EntryPoint!;
        return (int)main.Invoke(null, [arguments])!;
    }
}
