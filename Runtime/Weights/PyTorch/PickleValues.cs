namespace FocalNet.Runtime.Weights.PyTorch;

// What a pickle may build, besides null, bool, long, double, BigInteger, string and byte[]. These are plain classes, not
// records: hostile pickles nest values a million deep, or into themselves, where generated equality would not return.

/// <summary>A Python tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    internal object?[] Items { get; } = items;
}

/// <summary>A Python list or set.</summary>
internal sealed class PickleList(IEnumerable<object?> items)
{
    internal List<object?> Items { get; } = [.. items];
}

/// <summary>A Python dict, OrderedDict or defaultdict; entries in the order they were set.</summary>
internal sealed class PickleDictionary
{
    internal List<KeyValuePair<object?, object?>> Entries { get; } = [];

    /// <summary>The value last set under a text key.</summary>
    internal bool TryGet(string key, out object? value)
    {
        for (var i = Entries.Count - 1; i >= 0; i--)
        {
            if (Entries[i].Key is not string text || text != key) continue;
            value = Entries[i].Value;
            return true;
        }
        value = null;
        return false;
    }
}

/// <summary>An object whose state does not matter here, such as a learning-rate scheduler; its class is never run.</summary>
internal sealed class OpaqueObject(string className)
{
    internal string ClassName { get; } = className;
}

/// <summary>The raw bytes that one or more tensors look into.</summary>
/// <param name="key">Its name in the archive.</param>
/// <param name="type">Element type, U8 for untyped storages.</param>
/// <param name="count">Number of elements.</param>
/// <param name="offset">First element this view of the storage begins at (only in files of very old versions).</param>
internal sealed class StorageReference(string key, ElementType type, long count, long offset)
{
    internal string Key { get; } = key;

    internal ElementType Type { get; } = type;

    internal long Count { get; } = count;

    internal long Offset { get; } = offset;

    internal long ByteCount => Count * ElementTypes.Size(Type);
}

/// <summary>A strided view into a storage, checked to lie inside of it. Strides and offset count elements.</summary>
internal sealed class TensorReference(StorageReference storage, ElementType type, long offset, int[] shape, long[] strides, int count)
{
    internal StorageReference Storage { get; } = storage;

    internal ElementType Type { get; } = type;

    internal long Offset { get; } = offset;

    internal int[] Shape { get; } = shape;

    internal long[] Strides { get; } = strides;

    internal int Count { get; } = count;
}
