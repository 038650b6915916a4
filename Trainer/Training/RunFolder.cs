using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Training;

/// <summary>A run's folder can't be used, or a file in it could not be written.</summary>
internal sealed class RunFolderException(string path, string reason, string wayOut, Exception? inner = null)
    : Exception($"'{path}': {reason} {wayOut}", inner)
{
    public string FilePath { get; } = path;
}

/// <summary>The files that a training run leaves. All but the logs are written under a temporary name and then renamed.</summary>
internal sealed partial class RunFolder
{
    public const string BestName = "best.safetensors";

    private const string RecordName = "run.json";

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

    public string Record => In(RecordName);

    /// <summary>Held-out pairs as picture files, laid out as a data set: something to try the network on.</summary>
    public string Examples => In("examples");

    /// <summary>Makes the folder ready for a new run.</summary>
    /// <exception cref="RunFolderException">It holds a run already, or can't be made.</exception>
    public static RunFolder Create(string path)
    {
        var folder = new RunFolder(path);
        if (IsRun(path))
        {
            throw new RunFolderException(path, "the folder holds an earlier run.", "Name another with --out, go on with it with --resume, or remove this one.");
        }

        folder.Try(path, () => Directory.CreateDirectory(path));
        return folder;
    }

    /// <summary>The folder of a run that is there.</summary>
    /// <exception cref="RunFolderException">There is no such folder, or it holds no run.</exception>
    public static RunFolder Open(string path) => File.Exists(System.IO.Path.Combine(path, RecordName))
        ? new RunFolder(path)
        : throw new RunFolderException(path, $"this is no folder of a run: there is no {RecordName} in it.", "Name the folder that a run was written to.");

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
    public static string? NewestBest(string task, string root = "runs") => Newest(task, BestName, root);

    /// <summary>The newest of those runs; null if there is none.</summary>
    public static string? NewestRun(string task, string root = "runs") => Newest(task, RecordName, root) is { } record ? System.IO.Path.GetDirectoryName(record) : null;

    /// <summary>Keeps other processes from training into the folder until what is returned is disposed, or the process ends.</summary>
    /// <exception cref="RunFolderException">Another process does, or the folder can't be written to.</exception>
    public IDisposable Lock()
    {
        var path = In(".lock");
        FileStream? stream = null;
        Try(path, () =>
        {
            try
            {
                stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException e) when (File.Exists(path))
            {
                throw new RunFolderException(Path, "another process trains into this folder.", "Wait for its end or stop it first.", e);
            }
        });
        return stream!;
    }

    /// <summary>Removes what a process that was killed while it wrote has left, and checkpoints of steps that will be taken again.</summary>
    public void Clean(long step) => Try(Path, () =>
    {
        foreach (var file in Directory.EnumerateFiles(Path).Where(file => TemporaryName().IsMatch(System.IO.Path.GetFileName(file))))
        {
            File.Delete(file);
        }

        foreach (var (file, _) in Numbered().Where(checkpoint => checkpoint.Step > step))
        {
            File.Delete(file);
        }
    });

    /// <summary>Writes a checkpoint that training can go on from: numbered first, if any are kept, then as the last.</summary>
    /// <param name="step">Steps taken.</param>
    /// <param name="keep">How many numbered ones stay.</param>
    /// <param name="save">Writes the file of a path, atomically.</param>
    /// <exception cref="RunFolderException">The disk is full or refuses; the previous checkpoint is untouched.</exception>
    public void SaveCheckpoint(long step, int keep, Action<string> save)
    {
        if (keep == 0)
        {
            Try(Last, () => save(Last));
            return;
        }

        var numbered = In(string.Create(CultureInfo.InvariantCulture, $"step-{step:0000000}.safetensors"));
        Try(numbered, () => save(numbered));
        Try(Last, () => AtomicFile.Write(Last, target =>
        {
            using var source = File.OpenRead(numbered);
            source.CopyTo(target);
        }));
        Try(Path, () =>
        {
            foreach (var (file, _) in Numbered().OrderByDescending(checkpoint => checkpoint.Step).Skip(keep))
            {
                File.Delete(file);
            }
        });
    }

    /// <summary>Writes the best weights.</summary>
    /// <exception cref="RunFolderException">The disk is full or refuses; the previous ones are untouched.</exception>
    public void SaveBest(Action<string> save) => Try(Best, () => save(Best));

    public static string Version => typeof(RunFolder).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    public void SaveRecord(JsonObject record) =>
        Try(Record, () => AtomicFile.Write(Record, stream => JsonSerializer.Serialize(stream, record, Json)));

    /// <summary>Writes the comparison sheet and gives its PNG.</summary>
    public byte[] SaveSheet(Picture sheet)
    {
        var png = ImageFileWriter.Encode(sheet, Sheet);
        Try(Sheet, () => AtomicFile.Write(Sheet, stream => stream.Write(png)));
        return png;
    }

    public void SaveExamples(IEnumerable<ValidatedPair> pairs)
    {
        // A run that was resumed at its very end has written some of them.
        var options = new ImageWriteOptions { Overwrite = true };
        foreach (var pair in pairs)
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(pair.Pair.Name) + ".png";
            ImageFileWriter.Write(pair.Pair.Input, System.IO.Path.Combine(Examples, "input", name), options);
            ImageFileWriter.Write(pair.Pair.Target, System.IO.Path.Combine(Examples, "target", name), options);
        }
    }

    /// <summary>Runs something that writes here, and says of its failure which file it was and what to do.</summary>
    /// <exception cref="RunFolderException">The disk is full or refuses.</exception>
    public void Try(string path, Action write)
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

    private static string? Newest(string task, string name, string root) => !Directory.Exists(root) ? null : Directory.EnumerateDirectories(root)
        .Where(folder => System.IO.Path.GetFileName(folder) is var run && (run == task || run.StartsWith(task + "-", StringComparison.Ordinal)))
        .Select(folder => System.IO.Path.Combine(folder, name))
        .Where(File.Exists)
        .OrderByDescending(File.GetLastWriteTimeUtc).ThenByDescending(path => path, StringComparer.Ordinal)
        .FirstOrDefault();

    private static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, RecordName)) || File.Exists(System.IO.Path.Combine(path, BestName));

    private IEnumerable<(string Path, long Step)> Numbered() =>
        from path in Directory.EnumerateFiles(Path, "step-*.safetensors")
        let match = NumberedName().Match(System.IO.Path.GetFileName(path))
        where match.Success
        select (path, long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));

    private string In(string name) => System.IO.Path.Combine(Path, name);

    [GeneratedRegex(@"^step-(\d{7,18})\.safetensors$")]
    private static partial Regex NumberedName();

    // As AtomicFile names them.
    [GeneratedRegex(@"^\..+\.[0-9a-f]{32}\.tmp$")]
    private static partial Regex TemporaryName();
}
