using System.IO.Compression;

namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>
/// Reads what <c>torch.save</c> writes since 1.6: a zip archive without compression, holding &lt;name&gt;/data.pkl (the
/// structure) and &lt;name&gt;/data/&lt;key&gt; (the storages).
/// </summary>
internal static class PyTorchZip
{
    private const string PickleName = "/data.pkl";

    internal static List<TensorData> Read(Stream stream, string file, WeightSelection selection)
    {
        try
        {
            stream.Position = 0;
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            return Read(archive, stream.Length, file, selection);
        }
        // What the framework's zip reader throws on damaged archives.
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException or NotSupportedException
            or OverflowException or ObjectDisposedException || exception is IOException and not FileNotFoundException)
        {
            throw new WeightFormatException(file, $"the zip archive is damaged or not completely copied: {exception.Message}", inner: exception);
        }
    }

    private static List<TensorData> Read(ZipArchive archive, long fileLength, string file, WeightSelection selection)
    {
        var pickle = FindPickle(archive, file);
        var prefix = pickle.FullName[..^PickleName.Length];
        RequireLittleEndian(archive.GetEntry(prefix + "/byteorder"), fileLength, file);
        if (pickle.Length > PickleInput.MaxBytes)
            throw new WeightFormatException(file, $"{Shown(pickle)} has {pickle.Length >> 20} MB; checkpoints of weights have less than {PickleInput.MaxBytes >> 20} MB.");
        var input = new PickleInput($"{file} ({Shown(pickle)})", Content(pickle, fileLength, file), truncated: false);
        var root = new PickleMachine(input, identifier => TensorBuilder.Storage(identifier, input)).Run();
        var references = StateDictionary.Select(root, selection, file);
        return TensorLoader.Load(references, fileLength, file, (storage, tensor) =>
        {
            var entry = archive.GetEntry($"{prefix}/data/{storage.Key}")
                ?? throw new WeightFormatException(file, $"the archive has no entry {WeightFormatException.Printable($"{prefix}/data/{storage.Key}")}.", tensor);
            if (entry.Length < storage.ByteCount)
                throw new WeightFormatException(file, $"{Shown(entry)} has {entry.Length} bytes, {storage.ByteCount} are expected.", tensor);
            return Content(entry, fileLength, file);
        });
    }

    private static ZipArchiveEntry FindPickle(ZipArchive archive, string file)
    {
        var found = archive.Entries.Where(entry => entry.FullName.EndsWith(PickleName, StringComparison.Ordinal)).Take(2).ToList();
        if (found.Count == 1 && archive.Entries.Any(entry => entry.FullName.EndsWith("/constants.pkl", StringComparison.Ordinal)))
            throw new WeightFormatException(file, "this is a TorchScript program, not a checkpoint; save its state_dict instead.");
        if (found.Count == 1) return found[0];
        throw new WeightFormatException(file, found.Count == 0
            ? "a zip archive, but not one of torch.save: it holds no data.pkl."
            : "a zip archive, but not one of torch.save: it holds several data.pkl.");
    }

    private static void RequireLittleEndian(ZipArchiveEntry? entry, long fileLength, string file)
    {
        if (entry is not null && !Content(entry, fileLength, file).AsSpan().StartsWith("little"u8))
            throw new WeightFormatException(file, "the file was written on a big-endian machine, which is not supported.");
    }

    /// <summary>An entry's bytes. Sizes in a zip are claims: they are compared with the file before anything is allocated.</summary>
    private static byte[] Content(ZipArchiveEntry entry, long fileLength, string file)
    {
        if (entry.CompressedLength != entry.Length)
            throw new WeightFormatException(file, $"{Shown(entry)} is compressed; torch.save does not compress. Repack the archive without compression.");
        if (entry.Length > fileLength)
            throw new WeightFormatException(file, $"{Shown(entry)} claims {entry.Length} bytes, the file has {fileLength}.");
        if (entry.Length > Array.MaxLength)
            throw new WeightFormatException(file, $"{Shown(entry)} is larger than 2 GB.");
        var bytes = new byte[entry.Length];
        using var content = entry.Open();
        content.ReadExactly(bytes);
        if (Crc32.Of(bytes) != entry.Crc32)
            throw new WeightFormatException(file, $"the checksum of {Shown(entry)} is wrong: the file is damaged (or was written with set_crc32_options(False); then save it again without).");
        return bytes;
    }

    private static string Shown(ZipArchiveEntry entry) => WeightFormatException.Printable(entry.FullName);
}
