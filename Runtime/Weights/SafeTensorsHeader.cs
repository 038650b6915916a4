using System.Text.Json;

namespace FocalNet.Runtime.Weights;

/// <summary>A tensor as the header of a safetensors file describes it; offsets count from the data's beginning.</summary>
internal sealed record SafeTensorsEntry(string Name, ElementType Type, int[] Shape, int Count, long Begin, long End);

/// <summary>Parses and checks the JSON header of a safetensors file.</summary>
internal static class SafeTensorsHeader
{
    private const int MaxRank = 16;

    /// <summary>The entries in the order of their data.</summary>
    internal static List<SafeTensorsEntry> Parse(byte[] header, string file, Dictionary<string, string> metadata)
    {
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new WeightFormatException(file, "the header is not a JSON object.", offset: 8);
            var entries = new List<SafeTensorsEntry>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__") ReadMetadata(property.Value, file, metadata);
                else entries.Add(ReadEntry(property.Name, property.Value, file));
            }
            entries.Sort((left, right) => (left.Begin, left.End).CompareTo((right.Begin, right.End)));
            return entries;
        }
        // A string with invalid UTF-8 or UTF-16 escapes shows only when it is read.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new WeightFormatException(file, $"the header is not valid JSON: {exception.Message}", offset: 8, inner: exception);
        }
    }

    /// <summary>Each tensor's data must begin where the one before ends, and the last must end with the file.</summary>
    internal static void RequireGapless(List<SafeTensorsEntry> entries, long dataLength, string file)
    {
        long position = 0;
        foreach (var entry in entries)
        {
            if (entry.End > dataLength)
                throw new WeightFormatException(file, $"its data_offsets [{entry.Begin}, {entry.End}] reach beyond the {dataLength} bytes of data; the file is incomplete or its header is wrong.", entry.Name);
            if (entry.Begin != position)
                throw new WeightFormatException(file, $"its data begins at {entry.Begin}, but the data before it ends at {position}; tensors may neither overlap nor leave holes.", entry.Name);
            position = entry.End;
        }
        if (position != dataLength)
            throw new WeightFormatException(file, $"the tensors take {position} bytes, but {dataLength} bytes of data follow the header.");
    }

    private static void ReadMetadata(JsonElement element, string file, Dictionary<string, string> metadata)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new WeightFormatException(file, "__metadata__ is not a JSON object.", offset: 8);
        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw new WeightFormatException(file, $"the metadata '{WeightFormatException.Printable(property.Name)}' is not a text.", offset: 8);
            metadata[property.Name] = property.Value.GetString()!;
        }
    }

    private static SafeTensorsEntry ReadEntry(string name, JsonElement element, string file)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new WeightFormatException(file, "its header entry is not a JSON object.", name);
        var type = ReadType(Require(element, "dtype", JsonValueKind.String, name, file).GetString()!, name, file);
        var shape = ReadShape(Require(element, "shape", JsonValueKind.Array, name, file), name, file);
        var offsets = Require(element, "data_offsets", JsonValueKind.Array, name, file);
        if (offsets.GetArrayLength() != 2 || !TryOffset(offsets[0], out var begin) || !TryOffset(offsets[1], out var end) || end < begin)
            throw new WeightFormatException(file, "its data_offsets are not two ascending numbers.", name);
        var count = ElementTypes.TryCount(shape)
            ?? throw new WeightFormatException(file, $"its shape {TensorData.ShapeText(shape)} has more than {ElementTypes.MaxElements} elements.", name);
        var bytes = (long)count * ElementTypes.Size(type);
        if (bytes != end - begin)
            throw new WeightFormatException(file, $"its shape {TensorData.ShapeText(shape)} of {type} takes {bytes} bytes, its data_offsets [{begin}, {end}] span {end - begin}.", name);
        return new SafeTensorsEntry(name, type, shape, count, begin, end);
    }

    private static bool TryOffset(JsonElement element, out long offset)
    {
        offset = -1;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out offset) && offset >= 0;
    }

    private static JsonElement Require(JsonElement entry, string key, JsonValueKind kind, string name, string file)
        => entry.TryGetProperty(key, out var value) && value.ValueKind == kind
            ? value
            : throw new WeightFormatException(file, $"its header entry has no proper '{key}'.", name);

    private static ElementType ReadType(string text, string name, string file)
        // IsDefined: TryParse takes numbers too.
        => Enum.TryParse<ElementType>(text, out var type) && Enum.IsDefined(type) && type.ToString() == text
            ? type
            : throw new WeightFormatException(file, $"its type {WeightFormatException.Printable(text)} is not supported; known are {string.Join(", ", Enum.GetNames<ElementType>())}.", name);

    private static int[] ReadShape(JsonElement element, string name, string file)
    {
        if (element.GetArrayLength() > MaxRank)
            throw new WeightFormatException(file, $"its shape has {element.GetArrayLength()} extents, at most {MaxRank} are supported.", name);
        var shape = new List<int>();
        foreach (var extent in element.EnumerateArray())
        {
            if (extent.ValueKind != JsonValueKind.Number || !extent.TryGetInt32(out var value) || value < 0)
                throw new WeightFormatException(file, $"its shape holds {WeightFormatException.Printable(extent.GetRawText())}, which is no extent.", name);
            shape.Add(value);
        }
        return [.. shape];
    }
}
