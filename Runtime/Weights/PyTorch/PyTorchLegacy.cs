using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>
/// Reads what <c>torch.save</c> wrote before 1.6: five pickles (magic number, protocol version, system, the object, the
/// keys of its storages), then for each key an element count of 8 bytes and the raw elements.
/// </summary>
internal static class PyTorchLegacy
{
    private const long ProtocolVersion = 1001;
    private static readonly BigInteger MagicNumber = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    internal static List<TensorData> Read(Stream stream, string file, WeightSelection selection)
    {
        stream.Position = 0;
        var window = new byte[Math.Min(stream.Length, PickleInput.MaxBytes)];
        stream.ReadExactly(window);
        var input = new PickleInput(file, window, truncated: window.Length < stream.Length);
        RequireHeader(input);
        var storages = new Dictionary<string, StorageReference>(StringComparer.Ordinal);
        var root = new PickleMachine(input, identifier => Remember(TensorBuilder.Storage(identifier, input), storages, input)).Run();
        if (NextPickle(input) is not PickleList keys) throw input.Error("the list of storages is missing.");
        var references = StateDictionary.Select(root, selection, file);
        var positions = Positions(stream, keys, storages, input, file);
        return TensorLoader.Load(references, stream.Length, file, (storage, tensor) =>
        {
            if (!positions.TryGetValue(storage.Key, out var position))
                throw new WeightFormatException(file, $"storage '{WeightFormatException.Printable(storage.Key)}' is not in the file.", tensor);
            if (storage.ByteCount > Array.MaxLength)
                throw new WeightFormatException(file, "its storage is larger than 2 GB.", tensor);
            var bytes = new byte[storage.ByteCount];
            stream.Position = position;
            stream.ReadExactly(bytes);
            return bytes;
        });
    }

    private static object? NextPickle(PickleInput input)
        => new PickleMachine(input, _ => throw input.Error("a storage occurs where none is expected.")).Run();

    private static void RequireHeader(PickleInput input)
    {
        if (NextPickle(input) is not BigInteger magic || magic != MagicNumber)
            throw input.Error("a pickle, but not one of torch.save: the magic number is missing.", 0);
        if (NextPickle(input) is not ProtocolVersion) throw input.Error("unknown version of torch.save.");
        if (NextPickle(input) is not PickleDictionary system) throw input.Error("the description of the system is missing.");
        if (system.TryGet("little_endian", out var little) && little is false)
            throw input.Error("the file was written on a big-endian machine, which is not supported.");
    }

    private static StorageReference Remember(StorageReference storage, Dictionary<string, StorageReference> storages, PickleInput input)
    {
        if (storages.TryGetValue(storage.Key, out var known) && (known.Type != storage.Type || known.Count != storage.Count))
            throw input.Error($"storage '{WeightFormatException.Printable(storage.Key)}' is described in two ways.");
        storages[storage.Key] = storage;
        return storage;
    }

    /// <summary>Where each storage's elements begin, checked to end inside the file.</summary>
    private static Dictionary<string, long> Positions(
        Stream stream, PickleList keys, Dictionary<string, StorageReference> storages, PickleInput input, string file)
    {
        var positions = new Dictionary<string, long>(StringComparer.Ordinal);
        Span<byte> prefix = stackalloc byte[8];
        long position = input.Position;
        foreach (var item in keys.Items)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage))
                throw input.Error("the list of storages names one that no tensor uses.");
            stream.Position = position;
            stream.ReadExactly(prefix);
            var count = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (count != storage.Count)
                throw new WeightFormatException(file, $"storage '{WeightFormatException.Printable(key)}' has {count} elements, {storage.Count} are expected.", offset: position);
            if (storage.ByteCount > stream.Length - position - prefix.Length)
                throw new WeightFormatException(file, $"storage '{WeightFormatException.Printable(key)}' ends after the file does; it is damaged or not completely copied.", offset: position);
            positions[key] = position + prefix.Length;
            position += prefix.Length + storage.ByteCount;
        }
        return positions;
    }
}
