using System.Globalization;
using System.Text.Json;
using FocalNet.Model;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Training;

/// <summary>A run that is to go on: its folder, its record, and its last checkpoint if it has come to one.</summary>
internal sealed class ResumePoint
{
    private readonly string _recordPath;

    private ResumePoint(RunFolder folder, JsonElement record, TrainingOptions options)
    {
        (Folder, Record, Options, _recordPath) = (folder, record, options, folder.Record);
        if (File.Exists(folder.Last))
        {
            Checkpoint = TrainingCheckpoint.Read(folder.Last, NetworkCatalog.Find(options.Network));
            (Step, Next, Validations) = ReadNotes(Checkpoint.Metadata);
        }
    }

    public RunFolder Folder { get; }

    /// <summary>The content of run.json.</summary>
    public JsonElement Record { get; }

    /// <summary>What the run was asked to do.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Null where the run was stopped before it saved itself: it then begins anew.</summary>
    public TrainingCheckpoint? Checkpoint { get; }

    /// <summary>Steps taken at the checkpoint.</summary>
    public long Step { get; }

    /// <summary>The batch that comes next.</summary>
    public SamplerPosition Next { get; } = SamplerPosition.Start;

    public IReadOnlyList<ValidationReport> Validations { get; } = [];

    public bool IsFinished => Checkpoint is not null && Record.TryGetProperty("state", out var state) && state.ValueKind == JsonValueKind.String && state.GetString() == "finished";

    /// <summary>Opens a run.</summary>
    /// <param name="path">Its folder; null takes the newest of the task.</param>
    /// <param name="task">The task.</param>
    /// <exception cref="RunFolderException">There is no run.</exception>
    /// <exception cref="RunConfigurationException">Its record is damaged, or another task's.</exception>
    /// <exception cref="WeightFormatException">Its checkpoint is damaged.</exception>
    public static ResumePoint Open(string? path, TaskDefinition task)
    {
        path ??= RunFolder.NewestRun(task.Name) ?? throw new RunFolderException(
            System.IO.Path.Combine("runs", task.Name), "there is no run to go on with.", "Name its folder after --resume, or start one without --resume.");
        var folder = RunFolder.Open(path);
        using var document = RunConfiguration.Open(folder.Record);
        var record = document.RootElement.Clone();
        return new ResumePoint(folder, record, RunConfiguration.Read(folder.Record, record, task, path));
    }

    /// <summary>What the checkpoint's file says of itself, for <see cref="ReadNotes"/>. Nothing in it may depend on the clock or the machine.</summary>
    public static Dictionary<string, string> Notes(TrainingOptions options, long step, SamplerPosition next, IEnumerable<ValidationReport> validations) => new()
    {
        ["task"] = options.Task.Name,
        ["step"] = step.ToString(CultureInfo.InvariantCulture),
        ["version"] = RunFolder.Version,
        ["nextEpoch"] = next.Epoch.ToString(CultureInfo.InvariantCulture),
        ["nextBatch"] = next.Step.ToString(CultureInfo.InvariantCulture),
        ["validations"] = RunRecord.Validations(validations).ToJsonString(),
    };

    /// <summary>Refuses to go on where options, data or processes are others: the result would be neither run's.</summary>
    /// <exception cref="RunConfigurationException">The message names all that differs.</exception>
    public void RequireSame(TrainingOptions now, TrainingData data, int processes)
    {
        var differences = RunConfiguration.Differences(Options, now).ToList();
        if (Record.TryGetProperty("dataFingerprint", out var fingerprint) && fingerprint.GetString() != DataFingerprint.Of(data))
        {
            differences.Add($"the data set is another one: the run has {Text("trainingData")}, now it is {data.Train.Description} (names or lengths of files differ)");
        }

        if (Record.TryGetProperty("processes", out var count) && count.TryGetInt32(out var before) && before != processes)
        {
            differences.Add(FormattableString.Invariant($"the run has {before} processes, now there are {processes}"));
        }

        if (differences.Count > 0)
        {
            throw new RunConfigurationException(_recordPath, $"the run can't go on, because {string.Join("; ", differences)}.",
                "Resume it as it was, or start a new run from its weights with --weights.");
        }
    }

    private string Text(string key) => Record.TryGetProperty(key, out var value) ? value.ToString() : "others";

    private (long Step, SamplerPosition Next, IReadOnlyList<ValidationReport> Validations) ReadNotes(IReadOnlyDictionary<string, string> notes)
    {
        try
        {
            return (Number("step"), new SamplerPosition(checked((int)Number("nextEpoch")), checked((int)Number("nextBatch"))), RunRecord.Validations(notes["validations"]));
        }
        catch (Exception e) when (e is KeyNotFoundException or FormatException or OverflowException or JsonException)
        {
            throw new WeightFormatException(Folder.Last, "its notes on the run are missing or damaged; put a numbered checkpoint of the run (step-….safetensors) in its place.", inner: e);
        }

        long Number(string key) => long.Parse(notes[key], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
