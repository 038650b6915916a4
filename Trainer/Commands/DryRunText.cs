using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Model;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>Dry runs for people and for programs.</summary>
internal static class DryRunText
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints what was found; problems go to the error stream.</summary>
    public static void Print(DryRunReport report, TrainingOptions options, string device, Terminal terminal)
    {
        var network = NetworkCatalog.Find(options.Network);
        terminal.Line($"training  {report.Description}");
        PrintSizes(report.Train, terminal);
        if (report.Held is { } held)
        {
            terminal.Line($"held out  {held.Description}");
            PrintSizes(held, terminal);
        }

        if (options.Preset is { } preset)
        {
            terminal.Line($"settings  {preset}: {options.Task.Presets.First(p => p.Name == preset).Description}");
        }

        terminal.Line($"network   {network.Name} on {device}");
        PrintCost(report, options, terminal);
        foreach (var note in report.Notes)
        {
            terminal.Line("note      " + note);
        }

        foreach (var problem in report.Problems)
        {
            terminal.Error("error: " + problem);
        }

        if (report.IsTrainable)
        {
            terminal.Line("nothing stands in the way; without --dry-run this trains");
        }
        else
        {
            terminal.Error(FormattableString.Invariant($"{report.Problems.Count} {(report.Problems.Count == 1 ? "problem" : "problems")}: this would not train"));
        }
    }

    /// <summary>Everything, in bytes and seconds.</summary>
    public static string Json(DryRunReport report, TrainingOptions options, string device) => new JsonObject
    {
        ["isTrainable"] = report.IsTrainable,
        ["task"] = options.Task.Name,
        ["preset"] = options.Preset,
        ["network"] = NetworkCatalog.Find(options.Network).Name,
        ["device"] = device,
        ["training"] = Json(report.Train, report.Description),
        ["heldOut"] = report.Held is { } held ? Json(held, held.Description) : null,
        ["batch"] = options.Batch,
        ["height"] = report.Height,
        ["width"] = report.Width,
        ["stepsPerEpoch"] = report.StepsPerEpoch,
        ["totalSteps"] = report.TotalSteps,
        ["requiredBytes"] = report.Cost?.RequiredBytes,
        ["availableBytes"] = report.Cost?.AvailableBytes,
        ["stepSeconds"] = report.Cost?.StepTime?.TotalSeconds,
        ["measuredBatch"] = report.Cost?.MeasuredBatch,
        ["measuredSteps"] = report.Cost?.MeasuredSteps,
        ["pairsPerSecond"] = report.PairsPerSecond,
        ["epochSeconds"] = report.EpochTime(options.Batch)?.TotalSeconds,
        ["problems"] = new JsonArray([.. report.Problems.Select(problem => (JsonNode)problem)]),
        ["notes"] = new JsonArray([.. report.Notes.Select(note => (JsonNode)note)]),
    }.ToJsonString(Indented);

    private static JsonObject Json(DataSetReport? report, string description) => new()
    {
        ["description"] = description,
        ["pairs"] = report?.Pairs,
        ["smallest"] = Json(report?.Smallest),
        ["median"] = Json(report?.Median),
        ["largest"] = Json(report?.Largest),
        ["bitDepths"] = report is null ? null : new JsonObject(report.BitDepths.Select(depth => KeyValuePair.Create(depth.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)depth.Value))),
    };

    private static JsonArray? Json(PictureHead? head) => head is { } size ? [size.Width, size.Height] : null;

    private static void PrintSizes(DataSetReport? report, Terminal terminal)
    {
        if (report is not { Smallest: { } smallest, Median: { } median, Largest: { } largest })
        {
            return;
        }

        var sizes = (smallest.Width, smallest.Height) == (largest.Width, largest.Height)
            ? $"all {Text(smallest)}"
            : $"{Text(smallest)} to {Text(largest)}, median {Text(median)}";
        var depths = string.Join(", ", report.BitDepths.Select(depth => FormattableString.Invariant($"{depth.Value} pictures of {depth.Key} bits")));
        terminal.Line($"          {sizes}; {depths}");
    }

    private static void PrintCost(DryRunReport report, TrainingOptions options, Terminal terminal)
    {
        if (report.Cost is not { } cost)
        {
            return;
        }

        terminal.Line(FormattableString.Invariant(
            $"memory    a step of {options.Batch} × {report.Width}×{report.Height} takes {cost.RequiredBytes / 1e9:F2} GB of {cost.AvailableBytes / 1e9:F2} GB"));
        if (cost.StepTime is not { } step || report.EpochTime(options.Batch) is not { } epoch)
        {
            return;
        }

        var how = cost.MeasuredBatch == options.Batch ? "" : FormattableString.Invariant($" of {cost.MeasuredBatch}, times {options.Batch}");
        terminal.Line(FormattableString.Invariant(
            $"time      {step.TotalSeconds:F2} s a step (the median of {cost.MeasuredSteps} measured steps{how}), {report.StepsPerEpoch} steps an epoch: {ProgressEstimator.Describe(epoch)} an epoch, {ProgressEstimator.Describe(epoch * ((double)report.TotalSteps / report.StepsPerEpoch))} for {report.TotalSteps:N0} steps"));
        if (report.PairsPerSecond is { } rate)
        {
            var needed = options.Batch / step.TotalSeconds;
            terminal.Line(FormattableString.Invariant(
                $"reading   {rate:F1} pairs a second with nothing else running; training takes {needed:F1}: {(rate >= needed ? "it keeps up" : "reading sets the pace")}"));
        }
    }

    private static string Text(PictureHead head) => FormattableString.Invariant($"{head.Width}×{head.Height}");
}
