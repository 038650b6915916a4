namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>Builds and checks references to storages and tensors from a pickle's arguments.</summary>
internal static class TensorBuilder
{
    private const int MaxRank = 16;

    /// <summary>The storage of a persistent identifier: ('storage', class, key, location, count[, view]).</summary>
    internal static StorageReference Storage(object? identifier, PickleInput input)
    {
        if (identifier is not PickleTuple { Items: ["storage", PickleGlobal { Type: { } type }, string key, string, long count, .. var rest] })
            throw input.Error("a storage is described in an unknown way.");
        // Only versions before 0.4 wrote views: (key of the view, offset, size).
        long offset = 0;
        if (rest is [PickleTuple view, ..])
        {
            if (view.Items is not [_, long begin, long] || begin < 0) throw input.Error("a view of a storage is described in an unknown way.");
            offset = begin;
        }
        if (count < 0 || count > long.MaxValue / 8 || offset > count) throw input.Error($"storage '{WeightFormatException.Printable(key)}' has an impossible size of {count}.");
        return new StorageReference(key, type, count, offset);
    }

    /// <summary>The tensor of (storage, offset, shape, strides, …).</summary>
    internal static TensorReference Build(object?[] arguments, ElementType? type, PickleInput input)
    {
        if (arguments is not [StorageReference storage, long offset, PickleTuple shapeItems, PickleTuple strideItems, ..])
            throw input.Error("a tensor is described in an unknown way.");
        var shape = Integers(shapeItems, int.MaxValue, input);
        var strides = Integers(strideItems, long.MaxValue, input);
        if (shape.Length != strides.Length) throw input.Error($"a tensor has {shape.Length} extents and {strides.Length} strides.");
        var extents = Array.ConvertAll(shape, extent => (int)extent);
        var count = ElementTypes.TryCount(extents)
            ?? throw input.Error($"a tensor of shape {TensorData.ShapeText(extents)} is larger than {ElementTypes.MaxElements} elements.");
        var element = type ?? storage.Type;
        RequireInside(storage, element, offset, extents, strides, count, input);
        return new TensorReference(storage, element, offset + storage.Offset, extents, strides, count);
    }

    private static long[] Integers(PickleTuple items, long maximum, PickleInput input)
    {
        if (items.Items.Length > MaxRank) throw input.Error($"a tensor of rank {items.Items.Length} does not occur in checkpoints.");
        return Array.ConvertAll(items.Items, item => item is long value && value >= 0 && value <= maximum
            ? value
            : throw input.Error("a tensor's extent or stride is not a proper number."));
    }

    private static void RequireInside(
        StorageReference storage, ElementType element, long offset, int[] shape, long[] strides, int count, PickleInput input)
    {
        // 128 bits: 16 products of 31 and 63 bits cannot overflow them.
        Int128 last = (Int128)offset + storage.Offset;
        if (count > 0)
            for (var axis = 0; axis < shape.Length; axis++) last += (Int128)(shape[axis] - 1) * strides[axis];
        var end = (last + (count > 0 ? 1 : 0)) * ElementTypes.Size(element);
        if (offset < 0 || (count > 0 && end > storage.ByteCount))
            throw input.Error($"a tensor of shape {TensorData.ShapeText(shape)} reaches beyond its storage '{WeightFormatException.Printable(storage.Key)}' of {storage.Count} elements.");
    }
}
