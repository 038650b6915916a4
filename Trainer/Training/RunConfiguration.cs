using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Training;

/// <summary>A configuration file, or the record of a run, does not make sense. The message names the file and the key.</summary>
internal sealed class RunConfigurationException(string path, string reason, string wayOut, Exception? inner = null)
    : Exception($"'{path}': {reason} {wayOut}", inner);

/// <summary>
/// The options of a run as JSON, under the names that the command line has for them, and some that it has none for. The one list of
/// what there is: records are written from it, and configurations read by it.
/// </summary>
internal static class RunConfiguration
{
    private static readonly Entry[] Entries =
    [
        Text("network", o => o.Network, (o, v) => o with { Network = v ?? o.Network }),
        Text("weights", o => o.Weights, (o, v) => o with { Weights = v }),
        // Where the data lies may change; whether it is the same is the fingerprint's to say.
        Text("data", o => o.Data, (o, v) => o with { Data = v }) with { DecidesResult = false },
        // All that it stands for is here too.
        Text("preset", o => o.Preset, (o, v) => o with { Preset = v }) with { DecidesResult = false },
        Integer("epochs", 1, o => o.Epochs, (o, v) => o with { Epochs = (int?)v }, isOptional: true),
        Integer("steps", 1, o => o.Steps, (o, v) => o with { Steps = v }, isOptional: true, maximum: long.MaxValue),
        Integer("batch", 1, o => o.Batch, (o, v) => o with { Batch = (int)v! }),
        Integer("accumulate", 1, o => o.Accumulate, (o, v) => o with { Accumulate = (int)v! }),
        Integer("crop", 0, o => o.Crop, (o, v) => o with { Crop = (int)v! }),
        Number("flip", o => o.Flip, (o, v) => o with { Flip = v }, value => value is >= 0 and <= 1),
        Number("lr", o => o.LearningRate, (o, v) => o with { LearningRate = v }, value => value > 0),
        Integer("warmup-epochs", 0, o => o.WarmUpEpochs, (o, v) => o with { WarmUpEpochs = (int)v! }),
        Number("clip", o => o.Clip, (o, v) => o with { Clip = v }, value => value > 0),
        Number("ema", o => o.AverageDecay, (o, v) => o with { AverageDecay = v }, value => value is >= 0 and < 1),
        Choice(
            "precision", [.. Enum.GetNames<Precision>().Select(name => name.ToLowerInvariant())],
            o => o.Precision.ToString().ToLowerInvariant(), (o, v) => o with { Precision = Enum.Parse<Precision>(v, ignoreCase: true) }),
        Integer("seed", 0, o => o.Seed, (o, v) => o with { Seed = v!.Value }, maximum: long.MaxValue),
        Integer("validations", 1, o => o.Validations, (o, v) => o with { Validations = (int)v! }),
        Integer("validation-pictures", 1, o => o.ValidationPictures, (o, v) => o with { ValidationPictures = (int)v! }),
        Integer("training-scenes", 1, o => o.Scenes.TrainingScenes, (o, v) => o with { Scenes = o.Scenes with { TrainingScenes = (int)v! } }),
        Integer("training-size", 4, o => o.Scenes.TrainingSize, (o, v) => o with { Scenes = o.Scenes with { TrainingSize = (int)v! } }),
        Integer("validation-size", 4, o => o.Scenes.ValidationSize, (o, v) => o with { Scenes = o.Scenes with { ValidationSize = (int)v! } }),
        new("save-every", o => o.Saving.Interval, (o, value) => value.ValueKind == JsonValueKind.String && CheckpointPolicy.TryParse(value.GetString()!, o.Saving.Keep) is { } saving
            ? o with { Saving = saving }
            : throw new FormatException("""takes a number of steps or a time as text, such as "500" or "10m"."""), DecidesResult: false),
        Integer("keep", 0, o => o.Saving.Keep, (o, v) => o with { Saving = o.Saving with { Keep = (int)v! } }) with { DecidesResult = false },
    ];

    /// <summary>All options.</summary>
    public static JsonObject ToJson(TrainingOptions options)
    {
        var json = new JsonObject();
        foreach (var entry in Entries)
        {
            json.Add(entry.Name, entry.Get(options));
        }

        return json;
    }

    /// <summary>Reads a configuration: the record of a run, or a file with "task" and "options" written by hand.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="document">Its content.</param>
    /// <param name="task">The task that is trained.</param>
    /// <param name="output">The run's folder.</param>
    /// <exception cref="RunConfigurationException">A key is unknown, or a value makes no sense.</exception>
    public static TrainingOptions Read(string path, JsonElement document, TaskDefinition task, string output)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty("options", out var options) || options.ValueKind != JsonValueKind.Object)
        {
            throw new RunConfigurationException(path, "there is no object \"options\".", $$"""Write { "task": "{{task.Name}}", "options": { "batch": 4 } }, or name the run.json of a run.""");
        }

        RequireKnown(path, "", document, RunRecord.Keys);
        RequireKnown(path, "options.", options, [.. Entries.Select(entry => entry.Name)]);
        if (document.TryGetProperty("task", out var named) && !(named.ValueKind == JsonValueKind.String && named.GetString() == task.Name))
        {
            throw new RunConfigurationException(path, $"the task is {named.GetRawText()}, the command {task.Name}.", "Use the command of that task.");
        }

        var result = TrainingOptions.For(task, TextOf(options, "data"), output, PresetOf(path, task, TextOf(options, "preset")));
        if (options.TryGetProperty("epochs", out _) || options.TryGetProperty("steps", out _))
        {
            // One of the two alone is the length; the default of the other would shorten it.
            result = result with { Epochs = null, Steps = null };
        }

        foreach (var entry in Entries)
        {
            if (options.TryGetProperty(entry.Name, out var value))
            {
                result = Set(path, entry, result, value);
            }
        }

        return result.Epochs is null && result.Steps is null
            ? throw new RunConfigurationException(path, "options.epochs and options.steps are both null.", "A run needs a length.")
            : result;
    }

    /// <summary>Reads a configuration file.</summary>
    /// <exception cref="RunConfigurationException">It can't be read, is no JSON, or makes no sense.</exception>
    public static TrainingOptions Read(string path, TaskDefinition task, string output)
    {
        using var document = Open(path);
        return Read(path, document.RootElement, task, output);
    }

    /// <summary>The file as JSON; comments and trailing commas are allowed, a key that occurs twice is not.</summary>
    public static JsonDocument Open(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions
            {
                AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, AllowDuplicateProperties = false,
            });
        }
        catch (JsonException e)
        {
            throw new RunConfigurationException(path, $"this is no valid JSON: {e.Message.TrimEnd('.')}.", "Correct it there.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunConfigurationException(path, $"it can't be read ({e.Message.TrimEnd('.')}).", "Check the path and its spelling.", e);
        }
    }

    /// <summary>Options in which two runs differ and that decide what comes out, each with both values.</summary>
    public static IReadOnlyList<string> Differences(TrainingOptions run, TrainingOptions now) =>
    [
        .. from entry in Entries
           where entry.DecidesResult
           let before = entry.Get(run)?.ToJsonString() ?? "not given"
           let after = entry.Get(now)?.ToJsonString() ?? "not given"
           where before != after
           select $"{entry.Name} is {before} in the run and {after} now",
    ];

    private static string? TextOf(JsonElement options, string name) =>
        options.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static TrainingPreset? PresetOf(string path, TaskDefinition task, string? name) => name is null ? null
        : task.Presets.FirstOrDefault(preset => preset.Name == name) ?? throw new RunConfigurationException(
            path, $"options.preset is \"{name}\", which the task {task.Name} does not have.", $"It has: {string.Join(", ", task.Presets.Select(preset => preset.Name))}.");

    private static TrainingOptions Set(string path, Entry entry, TrainingOptions options, JsonElement value)
    {
        try
        {
            return entry.Set(options, value);
        }
        catch (FormatException e)
        {
            throw new RunConfigurationException(path, $"options.{entry.Name} is {value.GetRawText()}, but it {e.Message}", "Correct it there.", e);
        }
    }

    private static void RequireKnown(string path, string prefix, JsonElement element, IReadOnlyList<string> known)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                throw new RunConfigurationException(path, $"there is no key \"{prefix}{property.Name}\".", $"The keys are: {string.Join(", ", known)}.");
            }
        }
    }

    private static Entry Text(string name, Func<TrainingOptions, string?> get, Func<TrainingOptions, string?, TrainingOptions> set) =>
        new(name, o => get(o), (o, value) => value.ValueKind switch
        {
            JsonValueKind.String => set(o, value.GetString()),
            JsonValueKind.Null => set(o, null),
            _ => throw new FormatException("takes a text."),
        });

    private static Entry Choice(string name, string[] choices, Func<TrainingOptions, string> get, Func<TrainingOptions, string, TrainingOptions> set) =>
        new(name, o => get(o), (o, value) => value.ValueKind == JsonValueKind.String && choices.Contains(value.GetString())
            ? set(o, value.GetString()!)
            : throw new FormatException($"takes one of: {string.Join(", ", choices)}."));

    private static Entry Integer(
        string name, long minimum, Func<TrainingOptions, long?> get, Func<TrainingOptions, long?, TrainingOptions> set, bool isOptional = false, long maximum = int.MaxValue) =>
        new(name, o => get(o), (o, value) =>
        {
            if (isOptional && value.ValueKind == JsonValueKind.Null)
            {
                return set(o, null);
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= minimum && number <= maximum
                ? set(o, number)
                : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"takes a whole number of at least {minimum}."));
        });

    private static Entry Number(string name, Func<TrainingOptions, double> get, Func<TrainingOptions, double, TrainingOptions> set, Func<double, bool> isAllowed) =>
        new(name, o => get(o), (o, value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) && isAllowed(number)
            ? set(o, number)
            : throw new FormatException("takes another number; the command's --help says which."));

    /// <summary>An option.</summary>
    /// <param name="Name">As on the command line, without dashes.</param>
    /// <param name="Get">Its value as JSON.</param>
    /// <param name="Set">Takes a value over; throws <see cref="FormatException"/> with what it would take instead.</param>
    /// <param name="DecidesResult">Whether another value gives another run.</param>
    private sealed record Entry(string Name, Func<TrainingOptions, JsonNode?> Get, Func<TrainingOptions, JsonElement, TrainingOptions> Set, bool DecidesResult = true);
}
