using System.Buffers.Binary;

namespace FocalNet.Runtime.Weights;

/// <summary>Tells a weight file's format from its first bytes.</summary>
internal static class FormatSniffer
{
    internal static WeightFormat Sniff(Stream stream, string name)
    {
        stream.Position = 0;
        Span<byte> buffer = stackalloc byte[64];
        ReadOnlySpan<byte> head = buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        stream.Position = 0;
        if (head.IsEmpty) throw new WeightFormatException(name, "the file is empty.");
        if (head.StartsWith("PK"u8)) return WeightFormat.PyTorchZip;
        if (LooksLikeSafeTensors(head, stream.Length, name)) return WeightFormat.SafeTensors;
        // Also pickles of the text protocol, which torch.save never used: their reader says what they ask for.
        if (head is [0x80, >= 2 and <= 5, ..] or [(byte)'c' or (byte)'(', ..]) return WeightFormat.PyTorchLegacy;
        throw new WeightFormatException(name, Describe(head));
    }

    private static bool LooksLikeSafeTensors(ReadOnlySpan<byte> head, long fileLength, string name)
    {
        if (name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) && !IsText(head)) return true;
        if (head.Length < 9 || head[8] != (byte)'{') return false;
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(head);
        // A header length beyond the file is a lie the reader explains, unless it is beyond any header at all.
        return headerLength <= (ulong)Math.Max(fileLength, SafeTensors.MaxHeaderLength);
    }

    private static bool IsText(ReadOnlySpan<byte> head)
        => head.StartsWith("<"u8) || head.StartsWith("version https://git-lfs"u8);

    private static string Describe(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("version https://git-lfs"u8))
            return "this is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`.";
        if (head.StartsWith("<"u8))
            return "this is a web page, not a weight file; the download link probably asked for a confirmation.";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            return "this is a gzip file; unpack it first.";
        return "unknown format; expected safetensors, or a .pkl/.pth written by torch.save.";
    }
}
