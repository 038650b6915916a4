using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Model;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Training;

/// <summary>A run's folder can't be used, or a file in it could not be written.</summary>
internal sealed class RunFolderException(string path, string reason, string wayOut, Exception? inner = null)
    : Exception($"'{path}': {reason} {wayOut}", inner)
{
    public string FilePath { get; } = path;
}

/// <summary>What a checkpoint says of itself.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Psnr">Validation PSNR in dB; null where it was not taken.</param>
internal sealed record CheckpointNote(long Step, double? Psnr);

/// <summary>The files that a training run leaves. All but the log are written under a temporary name and then renamed.</summary>
internal sealed class RunFolder
{
    public const string BestName = "best.safetensors";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private RunFolder(string path) => Path = path;

    public string Path { get; }

    public string Last => In("last.safetensors");

    public string Best => In(BestName);

    public string Log => In("steps.jsonl");

    public string Sheet => In("before-after-truth.png");

    public string Record => In("run.json");

    /// <summary>Held-out pairs as picture files, laid out as a data set: something to try the network on.</summary>
    public string Examples => In("examples");

    /// <summary>Makes the folder ready for a new run.</summary>
    /// <exception cref="RunFolderException">It holds a run already, or can't be made.</exception>
    public static RunFolder Create(string path)
    {
        var folder = new RunFolder(path);
        if (IsRun(path))
        {
            throw new RunFolderException(path, "the folder holds an earlier run.", "Name another with --out, or remove this one.");
        }

        folder.Try(path, () => Directory.CreateDirectory(path));
        return folder;
    }

    /// <summary>The first of "runs/NAME", "runs/NAME-2", "runs/NAME-3" … that holds no run: none is ever overwritten.</summary>
    public static string NextDefault(string task, string root = "runs")
    {
        for (var number = 1; ; number++)
        {
            var path = System.IO.Path.Combine(root, number == 1 ? task : string.Create(CultureInfo.InvariantCulture, $"{task}-{number}"));
            if (!IsRun(path))
            {
                return path;
            }
        }
    }

    /// <summary>The best weights of the newest of those runs; null if there are none.</summary>
    public static string? NewestBest(string task, string root = "runs") => !Directory.Exists(root) ? null : Directory.EnumerateDirectories(root)
        .Where(folder => System.IO.Path.GetFileName(folder) is var name && (name == task || name.StartsWith(task + "-", StringComparison.Ordinal)))
        .Select(folder => System.IO.Path.Combine(folder, BestName))
        .Where(File.Exists)
        .OrderByDescending(File.GetLastWriteTimeUtc).ThenByDescending(path => path, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <exception cref="RunFolderException">The disk is full or refuses; the previous checkpoint is untouched.</exception>
    public void SaveCheckpoint(string path, TrainingOptions options, NetworkEntry network, ReadOnlySpan<float> parameters, CheckpointNote note)
    {
        // Nothing here may depend on the clock or the machine: the same run gives the same bytes.
        var metadata = new Dictionary<string, string>
        {
            ["task"] = options.Task.Name,
            ["step"] = note.Step.ToString(CultureInfo.InvariantCulture),
            ["version"] = Version,
        };
        if (note.Psnr is { } psnr)
        {
            metadata["psnr"] = psnr.ToString("F4", CultureInfo.InvariantCulture);
        }

        var values = parameters.ToArray();
        Try(path, () => NetworkWeights.Save(path, network, values, metadata));
    }

    public static string Version => typeof(RunFolder).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    public void SaveRecord(JsonObject record) =>
        Try(Record, () => AtomicFile.Write(Record, stream => JsonSerializer.Serialize(stream, record, Json)));

    public void SaveSheet(Picture sheet) => ImageFileWriter.Write(sheet, Sheet, new ImageWriteOptions { Overwrite = true });

    public void SaveExamples(IEnumerable<ValidatedPair> pairs)
    {
        foreach (var pair in pairs)
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(pair.Pair.Name) + ".png";
            ImageFileWriter.Write(pair.Pair.Input, System.IO.Path.Combine(Examples, "input", name));
            ImageFileWriter.Write(pair.Pair.Target, System.IO.Path.Combine(Examples, "target", name));
        }
    }

    private static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, "run.json")) || File.Exists(System.IO.Path.Combine(path, BestName));

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private void Try(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException(path, $"writing failed ({e.Message.TrimEnd('.')}).",
                "Free space on the disk or choose another folder with --out; what was there before is untouched.", e);
        }
    }
}
