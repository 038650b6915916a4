namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>Turns references into tensors.</summary>
internal static class TensorLoader
{
    /// <summary>What views may add to a file's own size: a tensor can repeat a storage's elements (stride 0).</summary>
    private const long Slack = 64 << 20;

    /// <param name="references">The wanted tensors.</param>
    /// <param name="fileLength">Size of the file, which bounds what is allocated.</param>
    /// <param name="file">For messages.</param>
    /// <param name="load">Returns at least the bytes a storage claims; called once for each key.</param>
    internal static List<TensorData> Load(
        List<(string Name, TensorReference Tensor)> references, long fileLength, string file, Func<StorageReference, string, byte[]> load)
    {
        // Float32 of one-byte elements is four times the file.
        var total = references.Sum(reference => sizeof(float) * (long)reference.Tensor.Count);
        if (total > 4 * fileLength + Slack)
            throw new WeightFormatException(file, $"its tensors would take {total >> 20} MB, the file has only {fileLength >> 20} MB.");
        var result = new TensorData[references.Count];
        // Tensors of one storage together, so that each storage is read once and only one is in memory.
        foreach (var group in Enumerable.Range(0, result.Length).GroupBy(index => references[index].Tensor.Storage.Key, StringComparer.Ordinal))
        {
            var largest = group.MaxBy(index => references[index].Tensor.Storage.ByteCount);
            var bytes = load(references[largest].Tensor.Storage, references[largest].Name);
            foreach (var index in group)
            {
                var (name, tensor) = references[index];
                result[index] = new TensorData(name, tensor.Shape, Values(tensor, bytes));
            }
        }
        return [.. result];
    }

    private static float[] Values(TensorReference tensor, ReadOnlySpan<byte> storage)
    {
        var values = new float[tensor.Count];
        if (tensor.Count == 0) return values;
        var size = ElementTypes.Size(tensor.Type);
        var begin = checked((int)(tensor.Offset * size));
        if (IsContiguous(tensor))
        {
            ElementTypes.Decode(tensor.Type, storage.Slice(begin, checked(tensor.Count * size)), values);
            return values;
        }
        ElementTypes.Decode(tensor.Type, Gather(tensor, storage[begin..], size), values);
        return values;
    }

    private static bool IsContiguous(TensorReference tensor)
    {
        long stride = 1;
        for (var axis = tensor.Shape.Length - 1; axis >= 0; axis--)
        {
            if (tensor.Shape[axis] != 1 && tensor.Strides[axis] != stride) return false;
            stride *= tensor.Shape[axis];
        }
        return true;
    }

    private static byte[] Gather(TensorReference tensor, ReadOnlySpan<byte> storage, int size)
    {
        var result = new byte[checked(tensor.Count * size)];
        var index = new int[tensor.Shape.Length];
        long position = 0;
        for (var element = 0; element < tensor.Count; element++)
        {
            storage.Slice((int)(position * size), size).CopyTo(result.AsSpan(element * size));
            for (var axis = index.Length - 1; axis >= 0; axis--)
            {
                position += tensor.Strides[axis];
                if (++index[axis] < tensor.Shape[axis]) break;
                position -= tensor.Strides[axis] * tensor.Shape[axis];
                index[axis] = 0;
            }
        }
        return result;
    }
}
