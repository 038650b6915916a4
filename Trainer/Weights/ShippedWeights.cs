using System.Security.Cryptography;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Weights;

/// <summary>A weight file that comes with the program.</summary>
/// <param name="Path">The file.</param>
/// <param name="Sha256">Its SHA-256 as the program knows it, 64 hexadecimal digits.</param>
internal sealed record ShippedFile(string Path, string Sha256)
{
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>
/// The weights that lie in the folder Weights beside the program, at most one file a task. The program has their hashes in itself, as
/// <c>SHA256SUMS</c> beside them lists them, and takes no file that has another.
/// </summary>
internal static class ShippedWeights
{
    /// <summary>What <c>--weights</c> takes for them in place of a file's name.</summary>
    public const string Keyword = "shipped";

    /// <summary>Where they are.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Weights");

    /// <summary>The files and their hashes, as the program was built with them.</summary>
    public static IReadOnlyDictionary<string, string> Hashes { get; } = ReadHashes();

    /// <summary>Whether there are any for a task.</summary>
    public static bool Has(TaskDefinition task) => Hashes.ContainsKey(NameOf(task));

    /// <summary>The file of a task, after a look at its content.</summary>
    /// <exception cref="WeightFormatException">It is missing or is not what the program was built with.</exception>
    /// <exception cref="UsageException">The program comes without weights for the task.</exception>
    public static ShippedFile Find(TaskDefinition task) => Find(task, Folder);

    internal static ShippedFile Find(TaskDefinition task, string folder)
    {
        if (!Has(task))
        {
            throw new UsageException($"No weights for {task.Name} come with the program, only {string.Join(", ", Hashes.Keys.Order(StringComparer.Ordinal))}. "
                + $"Train a network first ({ShellText.Program} {task.Name}), or name a .safetensors, .pkl or .pth file with --weights.");
        }

        var name = NameOf(task);
        var file = new ShippedFile(Path.Combine(folder, name), Hashes[name]);
        if (!File.Exists(file.Path))
        {
            throw new WeightFormatException(file.Path, "the weights that come with the program are not there; install it again, or name other weights with --weights.");
        }

        using var stream = File.OpenRead(file.Path);
        var found = Convert.ToHexStringLower(SHA256.HashData(stream));
        return found == file.Sha256 ? file : throw new WeightFormatException(
            file.Path, $"the file is not the one that comes with the program: its SHA-256 is {found}, not {file.Sha256}; install the program again, or name the file with --weights if you changed it yourself.");
    }

    /// <summary>The file that <c>--weights</c> names, which may be <see cref="Keyword"/>.</summary>
    /// <exception cref="WeightFormatException">The shipped file is missing or damaged.</exception>
    public static string Resolve(string named, TaskDefinition task) => named == Keyword ? Find(task).Path : named;

    private static string NameOf(TaskDefinition task) => task.Name + ".safetensors";

    // As sha256sum writes them: the hash, two spaces, the name.
    private static Dictionary<string, string> ReadHashes()
    {
        using var stream = typeof(ShippedWeights).Assembly.GetManifestResourceStream("SHA256SUMS")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToDictionary(line => line[66..], line => line[..64]);
    }
}
