using System.Diagnostics.CodeAnalysis;
using FocalNet.Runtime.Weights.PyTorch;

namespace FocalNet.Runtime.Weights;

/// <summary>Formats of weight files.</summary>
public enum WeightFormat
{
    /// <summary>safetensors.</summary>
    SafeTensors,

    /// <summary>What <c>torch.save</c> writes since PyTorch 1.6: a zip archive of a pickle and raw storages.</summary>
    PyTorchZip,

    /// <summary>What <c>torch.save</c> wrote before: a sequence of pickles and raw storages.</summary>
    PyTorchLegacy,
}

/// <summary>How a safetensors file that is written stores numbers; all that is computed is in 32 bits.</summary>
public enum WeightStorage
{
    /// <summary>32 bits: as they are.</summary>
    Float32,

    /// <summary>16 bits (IEEE 754 half): half the size, three decimal digits, up to 65,504.</summary>
    Float16,

    /// <summary>
    /// 8 bits (E4M3) for tensors of at least 2,048 numbers, 32 bits for the others: a quarter of the size, one decimal digit, up to 448.
    /// </summary>
    Float8,
}

/// <summary>Which tensors of a checkpoint to read.</summary>
public enum WeightSelection
{
    /// <summary>
    /// The model's: what is under <c>model</c>, <c>state_dict</c> and the like, or the file itself; a <c>module.</c> prefix is stripped.
    /// Of a safetensors file all but what is under <see cref="WeightFile.TrainingPrefix"/>.
    /// </summary>
    Model,

    /// <summary>All, the optimizer's too, named by their path: <c>optimizer.state.0.exp_avg</c>.</summary>
    Everything,
}

/// <summary>The tensors of a weight file. Reading never executes anything a file contains.</summary>
public sealed class WeightFile
{
    /// <summary>Stands before the names of tensors that only training needs, in checkpoints of training.</summary>
    public const string TrainingPrefix = "optimizer.";

    private readonly Dictionary<string, TensorData> byName = new(StringComparer.Ordinal);

    internal WeightFile(string name, WeightFormat format, IReadOnlyList<TensorData> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Name = name;
        Format = format;
        Tensors = tensors;
        Metadata = metadata;
        foreach (var tensor in tensors)
            if (!byName.TryAdd(tensor.Name, tensor))
                throw new WeightFormatException(name, "the name occurs twice.", tensor.Name);
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name { get; }

    /// <summary>The format found.</summary>
    public WeightFormat Format { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<TensorData> Tensors { get; }

    /// <summary>The <c>__metadata__</c> of a safetensors file, empty for the others.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of that name, if there is one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorData? tensor) => byName.TryGetValue(name, out tensor);

    /// <summary>Reads a weight file; the format is told from the content.</summary>
    /// <param name="path">A safetensors file, or a <c>.pkl</c>, <c>.pth</c> or <c>.pt</c> written by <c>torch.save</c>.</param>
    /// <param name="selection">Which tensors of a checkpoint to read.</param>
    /// <exception cref="WeightFormatException">The file is damaged, unknown, or refused.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static WeightFile Read(string path, WeightSelection selection = WeightSelection.Model)
    {
        using var stream = File.OpenRead(path);
        return Read(stream, path, selection);
    }

    /// <summary>Reads a weight file from a seekable stream, which holds nothing else.</summary>
    /// <param name="stream">The file's content; read from its beginning and left open.</param>
    /// <param name="name">The file's name, for messages and as a hint where the content does not tell the format.</param>
    /// <param name="selection">Which tensors of a checkpoint to read.</param>
    /// <exception cref="WeightFormatException">The file is damaged, unknown, or refused.</exception>
    public static WeightFile Read(Stream stream, string name, WeightSelection selection = WeightSelection.Model)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            switch (FormatSniffer.Sniff(stream, name))
            {
                case WeightFormat.SafeTensors:
                    return SafeTensors.Read(stream, name, selection);
                case WeightFormat.PyTorchZip:
                    return new(name, WeightFormat.PyTorchZip, PyTorchZip.Read(stream, name, selection), NoMetadata);
                default:
                    return new(name, WeightFormat.PyTorchLegacy, PyTorchLegacy.Read(stream, name, selection), NoMetadata);
            }
        }
        catch (EndOfStreamException exception)
        {
            throw new WeightFormatException(name, "the file ends early; it is damaged or not completely copied.", inner: exception);
        }
    }

    /// <summary>
    /// Writes a safetensors file, to a temporary name first: a failure leaves the previous file.
    /// </summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="tensors">The tensors; names must differ.</param>
    /// <param name="metadata">Texts for the file's <c>__metadata__</c>.</param>
    /// <param name="storage">In how many bits numbers are stored.</param>
    /// <exception cref="IOException">The disk is full or the folder does not exist.</exception>
    /// <exception cref="ArgumentException">A name occurs twice, or a number is too large for its bits.</exception>
    public static void Write(
        string path, IReadOnlyList<TensorData> tensors, IReadOnlyDictionary<string, string>? metadata = null, WeightStorage storage = WeightStorage.Float32)
        => AtomicFile.Write(path, stream => SafeTensors.Write(stream, tensors, metadata, storage));

    private static IReadOnlyDictionary<string, string> NoMetadata { get; } = new Dictionary<string, string>();
}
