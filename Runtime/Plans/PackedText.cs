using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;

namespace FocalNet.Runtime.Plans;

/// <summary>
/// A text as a generator packs it into an assembly: DEFLATE, in base64, since a C# literal of bytes has to be UTF-8. Plans and CUDA kernels repeat themselves, so that
/// they take a tenth of their length.
/// </summary>
public static class PackedText
{
    /// <summary>The text, as UTF-8.</summary>
    /// <param name="packed">The literal.</param>
    /// <exception cref="FormatException">It was not made by this version's generator.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> packed)
    {
        byte[] compressed = new byte[Base64.GetMaxDecodedFromUtf8Length(packed.Length)];
        if (Base64.DecodeFromUtf8(packed, compressed, out _, out int length) != OperationStatus.Done)
            throw new FormatException("A packed text is not base64.");
        using var unpacked = new MemoryStream(8 * length);
        try
        {
            using var stream = new DeflateStream(new MemoryStream(compressed, 0, length), CompressionMode.Decompress);
            stream.CopyTo(unpacked);
        }
        catch (InvalidDataException exception)
        {
            throw new FormatException("A packed text is damaged.", exception);
        }
        return unpacked.ToArray();
    }
}

/// <summary>Gives a literal by its number.</summary>
/// <param name="number">Its number, from 0.</param>
public delegate ReadOnlySpan<byte> PackedBlock(int number);

/// <summary>
/// Texts by name, several of which are packed together: what follows its like is smaller. A text is unpacked each time that it is asked for, and not kept.
/// </summary>
public sealed class PackedTexts
{
    private readonly Dictionary<string, int> places = [];
    private readonly int perBlock;
    private readonly PackedBlock block;

    /// <summary>Texts, of which nothing is unpacked yet.</summary>
    /// <param name="names">Their names, separated by line breaks.</param>
    /// <param name="perBlock">Texts in each block but the last.</param>
    /// <param name="block">The blocks: texts with a zero byte between them, packed.</param>
    public PackedTexts(ReadOnlySpan<byte> names, int perBlock, PackedBlock block)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perBlock, 1);
        (this.perBlock, this.block) = (perBlock, block);
        foreach (string name in System.Text.Encoding.UTF8.GetString(names).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            places.Add(name, places.Count);
    }

    /// <summary>A text as UTF-8; null where there is none of that name.</summary>
    /// <exception cref="FormatException">The texts were not packed by this version's generator.</exception>
    public byte[]? Find(string name) => places.TryGetValue(name, out int place) ? Read(place) : null;

    /// <summary>Whether there is a text of that name.</summary>
    public bool Contains(string name) => places.ContainsKey(name);

    private byte[] Read(int place)
    {
        ReadOnlySpan<byte> texts = PackedText.Unpack(block(place / perBlock));
        for (int i = place % perBlock; i > 0; i--)
        {
            int end = texts.IndexOf((byte)0);
            texts = end >= 0 ? texts[(end + 1)..] : throw new FormatException("A block of packed texts has too few.");
        }
        int length = texts.IndexOf((byte)0);
        return (length < 0 ? texts : texts[..length]).ToArray();
    }
}
