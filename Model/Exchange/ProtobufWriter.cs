using System.Runtime.InteropServices;
using System.Text;

namespace FocalNet.Model;

/// <summary>
/// Writes messages in the encoding of protocol buffers (https://protobuf.dev/programming-guides/encoding): of its wire types
/// those that ONNX and TensorBoard need.
/// </summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0, FixedEightBytesType = 1, LengthDelimitedType = 2, FixedFourBytesType = 5;
    private readonly MemoryStream _bytes = new();

    /// <summary>What was written.</summary>
    public byte[] ToArray() => _bytes.ToArray();

    /// <summary>An int64, int32 or enum field.</summary>
    public void Integer(int field, long value)
    {
        Tag(field, VarintType);
        Varint((ulong)value);
    }

    /// <summary>A float field.</summary>
    public void Single(int field, float value)
    {
        Tag(field, FixedFourBytesType);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.Write(bytes);
    }

    /// <summary>A double field.</summary>
    public void Double(int field, double value)
    {
        Tag(field, FixedEightBytesType);
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        _bytes.Write(bytes);
    }

    /// <summary>A string field.</summary>
    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A bytes field.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, LengthDelimitedType);
        Varint((ulong)value.Length);
        _bytes.Write(value);
    }

    /// <summary>A bytes field of numbers, little-endian as all processors are on which .NET runs.</summary>
    public void Numbers<T>(int field, ReadOnlySpan<T> values) where T : unmanaged => Bytes(field, MemoryMarshal.AsBytes(values));

    /// <summary>A field that is a message itself.</summary>
    public void Message(int field, Action<ProtobufWriter> write)
    {
        var message = new ProtobufWriter();
        write(message);
        Message(field, message);
    }

    /// <summary>A field that is a message written before.</summary>
    public void Message(int field, ProtobufWriter message)
    {
        Tag(field, LengthDelimitedType);
        Varint((ulong)message._bytes.Length);
        message._bytes.WriteTo(_bytes);
    }

    private void Tag(int field, int wireType) => Varint((ulong)(field << 3 | wireType));

    // Seven bits a byte, the lowest first; the highest bit says that more follow.
    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes.WriteByte((byte)(value | 0x80));
        _bytes.WriteByte((byte)value);
    }
}
