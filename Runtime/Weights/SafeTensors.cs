using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace FocalNet.Runtime.Weights;

/// <summary>
/// Reads and writes safetensors (https://github.com/huggingface/safetensors#format): 8 bytes of header length, a JSON
/// header, raw little-endian data without holes.
/// </summary>
public static class SafeTensors
{
    internal const long MaxHeaderLength = 100_000_000;
    private const string MetadataKey = "__metadata__";

    // Biases, norms and the convolution that makes the picture are smaller, and matter more than their bytes.
    private const int SmallestFloat8 = 2048;

    /// <summary>Writes tensors and metadata to a stream.</summary>
    /// <param name="stream">Receives the file's content.</param>
    /// <param name="tensors">The tensors, stored in this order; those of 32 bits first where some have 8.</param>
    /// <param name="metadata">Texts for <c>__metadata__</c>.</param>
    /// <param name="storage">In how many bits numbers are stored.</param>
    /// <exception cref="ArgumentException">Two tensors have the same name, one is called <c>__metadata__</c>, or one holds a number that is too large for its bits.</exception>
    public static void Write(
        Stream stream, IReadOnlyList<TensorData> tensors, IReadOnlyDictionary<string, string>? metadata = null, WeightStorage storage = WeightStorage.Float32)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        var stored = tensors.Select(tensor => (Tensor: tensor, Type: TypeOf(tensor, storage))).ToList();
        foreach (var (tensor, type) in stored) RequireRange(tensor, type);
        // Larger elements first, so that each tensor begins at a multiple of its elements' size.
        stored = [.. stored.OrderByDescending(item => ElementTypes.Size(item.Type))];
        var header = Header(stored, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var (tensor, type) in stored)
        {
            if (type == ElementType.F32) stream.Write(MemoryMarshal.AsBytes<float>(tensor.Values));
            else stream.Write(ElementTypes.Encode(type, tensor.Values));
        }
    }

    private static ElementType TypeOf(TensorData tensor, WeightStorage storage) => storage switch
    {
        WeightStorage.Float16 => ElementType.F16,
        WeightStorage.Float8 when tensor.Values.Length >= SmallestFloat8 => ElementType.F8_E4M3,
        _ => ElementType.F32,
    };

    private static void RequireRange(TensorData tensor, ElementType type)
    {
        if (type == ElementType.F32) return;
        var largest = ElementTypes.Largest(type);
        foreach (var value in tensor.Values)
            if (!(MathF.Abs(value) <= largest))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"The tensor '{tensor.Name}' holds {value}, but {type} holds numbers up to {largest}: store it in 32 bits."), nameof(tensor));
    }

    private static byte[] Header(IReadOnlyList<(TensorData Tensor, ElementType Type)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { MetadataKey };
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 }) WriteMetadata(json, metadata);
            long offset = 0;
            foreach (var (tensor, type) in tensors)
            {
                if (!names.Add(tensor.Name))
                    throw new ArgumentException($"The tensor name '{tensor.Name}' is reserved or occurs twice.", nameof(tensors));
                offset = WriteEntry(json, tensor, type, offset);
            }
            json.WriteEndObject();
        }
        // Data that starts at a multiple of 8 can be mapped into memory as it is.
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(MetadataKey);
        foreach (var (key, value) in metadata) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static long WriteEntry(Utf8JsonWriter json, TensorData tensor, ElementType type, long offset)
    {
        var end = offset + ElementTypes.Size(type) * (long)tensor.Values.Length;
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", type.ToString());
        json.WriteStartArray("shape");
        foreach (var extent in tensor.Shape) json.WriteNumberValue(extent);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
        return end;
    }

    internal static WeightFile Read(Stream stream, string name, WeightSelection selection)
    {
        var header = ReadHeader(stream, name);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var entries = SafeTensorsHeader.Parse(header, name, metadata);
        SafeTensorsHeader.RequireGapless(entries, stream.Length - 8 - header.Length, name);
        var tensors = new List<TensorData>(entries.Count);
        foreach (var entry in entries)
        {
            if (selection == WeightSelection.Model && entry.Name.StartsWith(WeightFile.TrainingPrefix, StringComparison.Ordinal))
                stream.Seek(entry.End - entry.Begin, SeekOrigin.Current);
            else
                tensors.Add(ReadTensor(stream, entry));
        }
        return new WeightFile(name, WeightFormat.SafeTensors, tensors, metadata);
    }

    private static byte[] ReadHeader(Stream stream, string name)
    {
        stream.Position = 0;
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > (ulong)(stream.Length - 8))
            throw new WeightFormatException(name, $"the header claims {length} bytes, {stream.Length - 8} follow; the file is damaged, incomplete, or not safetensors.", offset: 0);
        if (length > (ulong)MaxHeaderLength)
            throw new WeightFormatException(name, $"the header claims {length} bytes, more than the format's limit of {MaxHeaderLength}.", offset: 0);
        var header = new byte[length];
        stream.ReadExactly(header);
        return header;
    }

    private static TensorData ReadTensor(Stream stream, SafeTensorsEntry entry)
    {
        var values = new float[entry.Count];
        if (entry.Type == ElementType.F32)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            return new TensorData(entry.Name, entry.Shape, values);
        }
        var chunk = new byte[Math.Min(entry.End - entry.Begin, 1 << 20)];
        var size = ElementTypes.Size(entry.Type);
        for (var done = 0; done < values.Length;)
        {
            var count = Math.Min(chunk.Length / size, values.Length - done);
            stream.ReadExactly(chunk, 0, count * size);
            ElementTypes.Decode(entry.Type, chunk.AsSpan(0, count * size), values.AsSpan(done, count));
            done += count;
        }
        return new TensorData(entry.Name, entry.Shape, values);
    }
}
