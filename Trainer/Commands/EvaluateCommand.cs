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
        var weights = CommonOptions.Weights("Weights; those of the newest run if not given.");
        var network = CommonOptions.Network("Network that the weights belong to, if their file does not say.");
        var preset = new Option<string>("--preset")
        {
            Description = "How scores are taken: paper (as the published evaluation code) or standard (8-bit pictures, full resolution).",
            DefaultValueFactory = _ => "paper",
        };
        preset.AcceptOnlyFromAmong("paper", "standard");
        var (threads, device, precision) = (CommonOptions.Threads(), CommonOptions.Device(), CommonOptions.Precision());
        var command = new Command("evaluate", "Restores the inputs of picture pairs and prints PSNR, SSIM and mean absolute error.")
        {
            task, data, weights, network, preset, threads, device, precision,
        };
        command.SetAction(result =>
        {
            CommonOptions.RequireNetwork(result.GetValue(network));
            var request = new Request(
                result.GetRequiredValue(task), result.GetRequiredValue(data), result.GetValue(weights), result.GetValue(network),
                Enum.Parse<MetricPreset>(result.GetValue(preset)!, ignoreCase: true), result.GetValue(device)!, result.GetValue(threads), result.GetValue(precision));
            return Run(request, terminal, cancellation);
        });
        return command;
    }

    private static int Run(Request request, Terminal terminal, CancellationToken cancellation)
    {
        var pairs = PairedFolder.Open(request.Data, DataSplit.Test);
        var weights = WeightChoice.Find(request.Weights, request.Task, terminal);
        using var device = Devices.Open(request.Device, request.Threads, request.Precision, terminal, cancellation);
        using var restorer = Restorer.Load(request.Network, weights, device);
        var preset = request.Preset.ToString().ToLowerInvariant();
        terminal.Line($"network   {restorer.Network.Name} on {Devices.Explain(request.Device, device)}");
        terminal.Line($"data      {pairs.Description}");
        terminal.Line($"preset    {preset}");
        IReadOnlyList<PairScores> scores = [];
        var job = new EvaluationJob(restorer, pairs, request.Preset, Failures.IsExpected);
        terminal.WithProgress(display => scores = job.Run(display, cancellation));
        if (scores.Count > 0)
        {
            var average = new PairScores(
                FormattableString.Invariant($"average of {scores.Count} of {pairs.Count} pictures, preset {preset}"),
                PictureScores.Average([.. scores.Select(s => s.Before)]), PictureScores.Average([.. scores.Select(s => s.After)]));
            terminal.Line(EvaluationJob.Describe(average));
        }

        if (scores.Count == pairs.Count)
        {
            return ExitCodes.Success;
        }

        terminal.Error(FormattableString.Invariant($"{pairs.Count - scores.Count} of {pairs.Count} pairs failed; see above"));
        return ExitCodes.Failure;
    }

    private sealed record Request(
        TaskDefinition Task, string Data, string? Weights, string? Network, MetricPreset Preset, string Device, int Threads, Precision Precision);
}
