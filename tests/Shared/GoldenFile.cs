using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace FocalNet.Tests.Shared;

/// <summary>
/// One file of reference tensors: safetensors, optionally gzipped with its data section split into byte planes.
/// Deliberately not the product's reader, so that the two check each other.
/// </summary>
public sealed class GoldenFile
{
    private const string PlanesKey = "byte_planes";
    private const string ScalePrefix = "scale:";
    private readonly Dictionary<string, GoldenTensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    private GoldenFile()
    {
    }

    /// <summary>Tensor names in the order of the file.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>The file's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>All tensors in the order of the file.</summary>
    public IEnumerable<GoldenTensor> Tensors => names.Select(name => tensors[name]);

    /// <summary>The tensor of that name.</summary>
    public GoldenTensor this[string name] => tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new KeyNotFoundException($"No reference tensor '{name}'; there are: {string.Join(", ", names.Take(20))}…");

    /// <summary>Whether the file has a tensor of that name.</summary>
    public bool Contains(string name) => tensors.ContainsKey(name);

    /// <summary>Reads a <c>.safetensors</c> or <c>.safetensors.gz</c> file.</summary>
    public static GoldenFile Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (path.EndsWith(".gz", StringComparison.Ordinal)) bytes = Gunzip(bytes);
        var headerLength = checked((int)BinaryPrimitives.ReadInt64LittleEndian(bytes));
        using var header = JsonDocument.Parse(bytes.AsMemory(8, headerLength));
        var file = new GoldenFile();
        if (header.RootElement.TryGetProperty("__metadata__", out var entries))
            foreach (var entry in entries.EnumerateObject())
                file.metadata.Add(entry.Name, entry.Value.GetString()!);
        var data = bytes.AsSpan(8 + headerLength);
        if (file.metadata.TryGetValue(PlanesKey, out var width))
            data = JoinBytePlanes(data, int.Parse(width, CultureInfo.InvariantCulture));
        foreach (var entry in header.RootElement.EnumerateObject())
            if (entry.Name != "__metadata__")
                file.Add(entry.Name, entry.Value, data);
        return file;
    }

    internal static byte[] Gunzip(byte[] packed)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress))
            gzip.CopyTo(result);
        return result.ToArray();
    }

    /// <summary>Plane b holds the bytes at positions b, b+width, b+2·width, … of the data section.</summary>
    private static byte[] JoinBytePlanes(ReadOnlySpan<byte> planes, int width)
    {
        var result = new byte[planes.Length];
        var source = 0;
        for (var plane = 0; plane < width; plane++)
            for (var target = plane; target < result.Length; target += width)
                result[target] = planes[source++];
        return result;
    }

    private void Add(string name, JsonElement entry, ReadOnlySpan<byte> data)
    {
        var shape = entry.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32()).ToArray();
        var offsets = entry.GetProperty("data_offsets");
        var raw = data[offsets[0].GetInt32()..offsets[1].GetInt32()];
        var step = metadata.TryGetValue(ScalePrefix + name, out var text)
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : 0;
        var values = Decode(entry.GetProperty("dtype").GetString()!, raw, step);
        tensors.Add(name, new GoldenTensor(name, shape, values, step));
        names.Add(name);
    }

    private static float[] Decode(string type, ReadOnlySpan<byte> raw, double step) => type switch
    {
        "F32" => MemoryMarshal.Cast<byte, float>(raw).ToArray(),
        "F64" => Convert<double>(raw, value => (float)value),
        "F16" => Convert<Half>(raw, value => (float)value),
        "I64" => Convert<long>(raw, value => value),
        "I16" => Convert<short>(raw, value => (float)(value * step)),
        "U8" => Convert<byte>(raw, value => value),
        _ => throw new NotSupportedException($"Reference tensors of type {type} do not occur."),
    };

    private static float[] Convert<T>(ReadOnlySpan<byte> raw, Func<T, float> convert)
        where T : unmanaged
        => Array.ConvertAll(MemoryMarshal.Cast<byte, T>(raw).ToArray(), value => convert(value));
}
