using System.CommandLine;
using FocalNet.Model;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Restoring;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Commands;

/// <summary>Restores picture files and folders.</summary>
internal static class RestoreCommand
{
    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        var task = CommonOptions.Task();
        var inputs = new Argument<string[]>("in") { Description = "Pictures, and folders of pictures.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--out") { Description = "Folder for the restored pictures, which keep their names.", HelpName = "DIR", Required = true };
        var weights = CommonOptions.Weights("Weights; those of the newest run if not given.");
        var network = CommonOptions.Network("Network that the weights belong to, if their file does not say.");
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace restored pictures of an earlier time. Inputs are never replaced." };
        var (threads, device, precision) = (CommonOptions.Threads(), CommonOptions.Device(), CommonOptions.Precision());
        var command = new Command("restore", "Restores pictures and whole folders.") { task, inputs, output, weights, network, overwrite, threads, device, precision };
        command.SetAction(result =>
        {
            CommonOptions.RequireNetwork(result.GetValue(network));
            var request = new Request(
                result.GetRequiredValue(task), result.GetRequiredValue(inputs), result.GetRequiredValue(output), result.GetValue(weights), result.GetValue(network),
                result.GetValue(overwrite), result.GetValue(device)!, result.GetValue(threads), result.GetValue(precision));
            return Run(request, terminal, cancellation);
        });
        return command;
    }

    private static int Run(Request request, Terminal terminal, CancellationToken cancellation)
    {
        var items = RestorePlan.Make(request.Inputs, request.Output);
        var weights = WeightChoice.Find(request.Weights, request.Task, terminal);
        using var device = Devices.Open(request.Device, request.Threads, request.Precision, terminal, cancellation);
        using var restorer = Restorer.Load(request.Network, weights, device);
        terminal.Line($"network   {restorer.Network.Name} on {Devices.Explain(request.Device, device)}");
        var summary = default(RestoreSummary);
        var job = new RestoreJob(restorer, items, request.Overwrite, Failures.IsExpected);
        terminal.WithProgress(display => summary = job.Run(display, cancellation));
        terminal.Line(FormattableString.Invariant($"{summary.Restored} of {items.Count} pictures restored into {request.Output}"));
        if (summary.Failed == 0)
        {
            return ExitCodes.Success;
        }

        terminal.Error(FormattableString.Invariant($"{summary.Failed} of {items.Count} pictures failed; see above"));
        return ExitCodes.Failure;
    }

    private sealed record Request(
        TaskDefinition Task, string[] Inputs, string Output, string? Weights, string? Network, bool Overwrite, string Device, int Threads, Precision Precision);
}
