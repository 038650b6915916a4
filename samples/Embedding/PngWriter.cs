using System.Buffers.Binary;
using System.IO.Compression;
using FocalNet.Runtime.Weights;

namespace FocalNet.Samples.Embedding;

/// <summary>
/// Writes 8-bit RGB pictures as PNG (https://www.w3.org/TR/png), so that the sample needs no image library. A program that has one
/// hands the restorer that library's pixels.
/// </summary>
public static class PngWriter
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes a picture; a file of that name is replaced when the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixels">Rows of R, G, B.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="stride">Bytes from one row to the next, at least 3 · width.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, byte[] pixels, int width, int height, int stride)
    {
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                // Each row begins with its filter: none.
                zlib.WriteByte(0);
                zlib.Write(pixels, y * stride, 3 * width);
            }
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        // 8 bits a sample, of red, green and blue; the rest is 0: the only compression and filter method, no interlace.
        (header[8], header[9]) = (8, 2);
        AtomicFile.Write(path, file =>
        {
            file.Write(Signature);
            WriteChunk(file, "IHDR"u8, header);
            WriteChunk(file, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
            WriteChunk(file, "IEND"u8, []);
        });
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(type);
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), content));
        file.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }

        return crc;
    }
}
