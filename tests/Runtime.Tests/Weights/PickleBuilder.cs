using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>Composes pickles opcode by opcode, and the files around them, also such as no writer would make.</summary>
internal sealed class PickleBuilder
{
    private readonly MemoryStream bytes = new();

    internal static PickleBuilder New() => new PickleBuilder().Raw(0x80, 2);

    internal PickleBuilder Raw(params ReadOnlySpan<byte> raw)
    {
        bytes.Write(raw);
        return this;
    }

    internal PickleBuilder Op(string opcodes) => Raw(Encoding.Latin1.GetBytes(opcodes));

    internal PickleBuilder Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Op("X").Raw(length).Raw(utf8);
    }

    internal PickleBuilder Global(string module, string name) => Op($"c{module}\n{name}\n");

    internal PickleBuilder Integer(long value)
    {
        Span<byte> little = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(little, value);
        return Raw(0x8a, 8).Raw(little);
    }

    internal PickleBuilder Tuple(params ReadOnlySpan<long> values)
    {
        Op("(");
        foreach (var value in values) Integer(value);
        return Op("t");
    }

    /// <summary>A call of _rebuild_tensor_v2 on a storage of its own.</summary>
    internal PickleBuilder Tensor(string key, string storageClass, long storageCount, long offset, long[] shape, long[] strides)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op("((").Text("storage").Global("torch", storageClass)
            .Text(key).Text("cpu").Integer(storageCount).Op("tQ").Integer(offset);
        return Tuple(shape).Tuple(strides).Raw(0x89).Op("}").Op("tR");
    }

    internal byte[] Stop()
    {
        Op(".");
        return bytes.ToArray();
    }

    /// <summary>The archive torch.save would make of a pickle and its storages.</summary>
    internal static byte[] Zip(
        byte[] pickle, IReadOnlyDictionary<string, byte[]>? storages = null, CompressionLevel level = CompressionLevel.NoCompression,
        params ReadOnlySpan<(string Name, byte[] Content)> others)
    {
        var result = new MemoryStream();
        using (var archive = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, "net/data.pkl", pickle, level);
            foreach (var (key, content) in storages ?? new Dictionary<string, byte[]>()) Add(archive, $"net/data/{key}", content, level);
            foreach (var (name, content) in others) Add(archive, name, content, level);
        }
        return result.ToArray();
    }

    /// <summary>The same in the format before 1.6.</summary>
    internal static byte[] Legacy(byte[] pickle, params ReadOnlySpan<(string Key, long Count, byte[] Content)> storages)
    {
        var result = new MemoryStream();
        result.Write(New().Raw(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19).Stop());
        result.Write(New().Integer(1001).Stop());
        result.Write(New().Op("}").Text("little_endian").Raw(0x88).Op("s").Stop());
        result.Write(pickle);
        var keys = New().Op("](");
        foreach (var (key, _, _) in storages) keys.Text(key);
        result.Write(keys.Op("e").Stop());
        foreach (var (_, count, content) in storages)
        {
            result.Write(BitConverter.GetBytes(count));
            result.Write(content);
        }
        return result.ToArray();
    }

    private static void Add(ZipArchive archive, string name, byte[] content, CompressionLevel level)
    {
        using var stream = archive.CreateEntry(name, level).Open();
        stream.Write(content);
    }
}
