using System.CommandLine;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>Training: one command for each task.</summary>
internal static class TrainCommand
{
    public static Command Create(TaskDefinition task, Terminal terminal, CancellationToken cancellation)
    {
        var options = new TrainOptionSet(task);
        var dryRun = new Option<string?>("--dry-run")
        {
            Description = "Only check: the pairs, memory and time. Reads the head of every picture, or with 'full' every picture to its end. Exit code 0 if it would train, else 1.",
            HelpName = "heads|full",
            Arity = ArgumentArity.ZeroOrOne,
        };
        dryRun.AcceptOnlyFromAmong("heads", "full");
        var json = new Option<bool>("--json") { Description = "With --dry-run, print one JSON document." };
        var command = new Command(task.Name, task.Description);
        options.AddTo(command);
        command.Add(dryRun);
        command.Add(json);
        command.SetAction(result => result.GetResult(dryRun) is not null
            ? Check(options.Read(result), result.GetValue(dryRun) == "full", result.GetValue(json), result.GetValue(options.Device)!, result.GetValue(options.Threads), result.GetValue(options.Precision), terminal, cancellation)
            : Run(options.Read(result), result.GetValue(options.Device)!, result.GetValue(options.Threads), result.GetValue(options.Precision), terminal, cancellation));
        return command;
    }

    internal static int Run(TrainingOptions options, string deviceName, int threads, Precision precision, Terminal terminal, CancellationToken cancellation)
    {
        using var device = Devices.Open(deviceName, threads, precision);
        TrainingOutcome? outcome = null;
        terminal.Line($"device    {Devices.Explain(deviceName, device)}");
        terminal.WithProgress(display =>
        {
            using var note = cancellation.Register(() => display.Line("stopping after this step; Ctrl-C again stops at once"));
            display.Update(0, options.Data is null ? "drawing scenes" : "checking pictures");
            using var run = new TrainingRun(options, device, new TrainingProgress(display, options), cancellation);
            outcome = run.Run(cancellation);
        });
        return outcome!.IsInterrupted ? ReportInterruption(outcome, terminal) : ReportEnd(outcome, options, terminal);
    }

    private static int Check(TrainingOptions options, bool isThorough, bool isJson, string deviceName, int threads, Precision precision, Terminal terminal, CancellationToken cancellation)
    {
        using var device = Devices.Open(deviceName, threads, precision);
        DryRunReport? report = null;
        terminal.WithProgress(display => report = DryRun.Make(options, device, isThorough, isJson ? new SilentProgress() : display, cancellation));
        if (isJson)
        {
            terminal.Line(DryRunText.Json(report!, options, device.Description));
        }
        else
        {
            DryRunText.Print(report!, options, device.Description, terminal);
        }

        return report!.IsTrainable ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static int ReportInterruption(TrainingOutcome outcome, Terminal terminal)
    {
        terminal.Error(outcome.Steps == 0
            ? "cancelled before the first step"
            : FormattableString.Invariant($"cancelled after step {outcome.Steps}; the weights so far are in {outcome.Folder.Last}"));
        return ExitCodes.Cancelled;
    }

    private static int ReportEnd(TrainingOutcome outcome, TrainingOptions options, Terminal terminal)
    {
        var (before, best, folder) = (outcome.Before, outcome.Best!, outcome.Folder);
        terminal.Line();
        terminal.Line(FormattableString.Invariant(
            $"validation PSNR {before.Psnr:F2} dB before, {best.After.Psnr:F2} dB after: {best.After.Psnr - before.Psnr:+0.00;-0.00} dB (SSIM {before.Ssim:F3} to {best.After.Ssim:F3}, preset standard)"));
        terminal.Line($"weights   {folder.Best}");
        terminal.Line($"pictures  {folder.Sheet}");
        terminal.Line($"log       {folder.Log}");
        terminal.Line();
        terminal.Line(options.Data is null ? $"Next, restore pictures; these are {options.Task.Degraded} scenes that it never saw:" : "Next, restore pictures:");
        var input = options.Data is null ? Path.Combine(folder.Examples, "input") : options.Data;
        terminal.Line($"  {ShellText.Program} restore {options.Task.Name} {ShellText.Quote(input)} --out restored --weights {ShellText.Quote(folder.Best)}");
        return ExitCodes.Success;
    }
}
