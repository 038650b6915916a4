using System.CommandLine;
using FocalNet.Model;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Evaluating;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Commands;

/// <summary>Scores a network on picture pairs.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        var task = CommonOptions.Task();
        var data = new Option<string>("--data") { Description = "Folder of picture pairs; its test pairs are taken where it has such.", HelpName = "DIR", Required = true };
        var weights = CommonOptions.Weights(WeightChoice.Description);
        var network = CommonOptions.Network("Network that the weights belong to, if their file does not say.");
        var preset = new Option<string>("--preset")
        {
            Description = "How scores are taken: paper (as the published evaluation code) or standard (8-bit pictures, full resolution).",
            DefaultValueFactory = _ => "paper",
        };
        preset.AcceptOnlyFromAmong("paper", "standard");
        var csv = new Option<string?>("--csv") { Description = "Also write the scores of every picture to this file.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var (threads, device, precision) = (CommonOptions.Threads(), CommonOptions.Device(), CommonOptions.Precision());
        var command = new Command("evaluate", "Restores the inputs of picture pairs and prints PSNR, SSIM and mean absolute error.")
        {
            task, data, weights, network, preset, csv, json, threads, device, precision,
        };
        command.SetAction(result =>
        {
            CommonOptions.RequireNetwork(result.GetValue(network));
            var request = new Request(
                result.GetRequiredValue(task), result.GetRequiredValue(data), result.GetValue(weights), result.GetValue(network),
                Enum.Parse<MetricPreset>(result.GetValue(preset)!, ignoreCase: true), result.GetValue(csv), result.GetValue(json), result.GetValue(device)!, result.GetValue(threads), result.GetValue(precision));
            return Run(request, terminal, cancellation);
        });
        return command;
    }

    private static int Run(Request request, Terminal terminal, CancellationToken cancellation)
    {
        var pairs = PairedFolder.Find(request.Data, DataSplit.Test);
        var weights = WeightChoice.Find(request.Weights, request.Task, terminal);
        using var device = Devices.Open(request.Device, request.Threads, request.Precision, terminal, cancellation);
        using var restorer = Restorer.Load(request.Network, weights, device);
        restorer.Warning += terminal.Error;
        if (!request.IsJson)
        {
            terminal.Line($"network   {restorer.Network.Name} on {Devices.Explain(request.Device, device)}");
            terminal.Line($"data      {pairs.Description}");
            terminal.Line($"preset    {request.Preset.ToString().ToLowerInvariant()}");
        }

        EvaluationReport? report = null;
        var job = new EvaluationJob(restorer, pairs, request.Preset, Failures.IsExpected);
        terminal.WithProgress(display => report = job.Run(request.IsJson ? new SilentProgress(terminal) : display, cancellation));
        if (request.Csv is { } csv)
        {
            report!.WriteCsv(csv);
        }

        Print(report!, request, terminal, report!.ToJson(restorer.Network.Name, device.Description, pairs.Description));
        if (report.Failures.Count == 0)
        {
            return ExitCodes.Success;
        }

        terminal.Error(FormattableString.Invariant($"{report.Failures.Count} of {report.Count} pairs failed; see above"));
        return ExitCodes.Failure;
    }

    private static void Print(EvaluationReport report, Request request, Terminal terminal, string json)
    {
        if (request.IsJson)
        {
            terminal.Line(json);
            return;
        }

        if (report.Average is { } average)
        {
            terminal.Line(EvaluationJob.Describe(average, request.Preset));
        }

        if (request.Csv is { } csv)
        {
            terminal.Line($"scores    {csv}");
        }
    }

    private sealed record Request(
        TaskDefinition Task, string Data, string? Weights, string? Network, MetricPreset Preset, string? Csv, bool IsJson, string Device, int Threads, Precision Precision);
}
