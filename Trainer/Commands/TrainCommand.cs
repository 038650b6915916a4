using System.CommandLine;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Distributed;
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
        var command = new Command(task.Name, task.Description);
        options.AddTo(command);
        command.Add(dryRun);
        command.SetAction(result =>
        {
            var (run, resume) = options.Read(result);
            var request = new TrainRequest(run, resume, result.GetValue(options.Device)!, result.GetValue(options.Threads), result.GetValue(options.Json));
            return result.GetResult(dryRun) is not null
                ? Check(request, result.GetValue(dryRun) == "full", terminal, cancellation)
                : Run(request, terminal, cancellation);
        });
        return command;
    }

    internal static int Run(TrainRequest request, Terminal terminal, CancellationToken cancellation)
    {
        using var group = MpiGroup.Join(Environment.GetEnvironmentVariable);
        var own = group.Rank == 0 ? terminal : terminal.WithoutOutput();
        if (request.Resume is { IsFinished: true } finished)
        {
            return ReportFinished(finished, request, own);
        }

        var agreement = new Agreement(group);
        try
        {
            return request.IsJson ? RunWithJson(request, group, agreement, own, cancellation) : RunWithText(request, group, agreement, own, cancellation);
        }
        catch (Exception e) when (group.Size > 1 && !agreement.HasFailed)
        {
            // The others wait for this process, and would do so for ever.
            var code = Failures.Report(e, terminal);
            group.Abort(code);
            return code;
        }
    }

    private static int RunWithText(TrainRequest request, IProcessGroup group, Agreement agreement, Terminal terminal, CancellationToken cancellation)
    {
        var options = request.Options;
        using var device = Devices.Open(request.Device, request.Threads, options.Precision, terminal, cancellation);
        TrainingOutcome? outcome = null;
        terminal.Line($"device    {Devices.Explain(request.Device, device)}");
        if (group.Size > 1)
        {
            terminal.Line($"together  {group.Description}");
        }

        terminal.WithProgress(display =>
        {
            using var note = cancellation.Register(() => display.Line("stopping after this step; Ctrl-C again stops at once"));
            display.Update(0, options.Data is null ? "drawing scenes" : "checking pictures");
            using var run = TrainingRun.Open(options, device, new TrainingProgress(display, options), cancellation, request.Resume, group, agreement);
            outcome = run.Run(cancellation);
        });
        if (group.Rank != 0)
        {
            return outcome!.IsInterrupted ? ExitCodes.Cancelled : ExitCodes.Success;
        }

        return outcome!.IsInterrupted ? ReportInterruption(outcome, request, terminal) : ReportEnd(outcome, options, terminal);
    }

    private static int RunWithJson(TrainRequest request, IProcessGroup group, Agreement agreement, Terminal terminal, CancellationToken cancellation)
    {
        var json = new TrainingJson(terminal);
        try
        {
            using var device = Devices.Open(request.Device, request.Threads, request.Options.Precision, cancellation: cancellation);
            using var run = TrainingRun.Open(request.Options, device, json, cancellation, request.Resume, group, agreement);
            var outcome = run.Run(cancellation);
            if (group.Rank == 0)
            {
                json.Finished(outcome);
            }

            return outcome.IsInterrupted ? ExitCodes.Cancelled : ExitCodes.Success;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            json.Failed(Failures.Describe(e));
            throw;
        }
    }

    private static int ReportFinished(ResumePoint finished, TrainRequest request, Terminal terminal)
    {
        if (request.IsJson)
        {
            new TrainingJson(terminal).Finished(finished);
        }
        else
        {
            terminal.Line(FormattableString.Invariant($"The run in {finished.Folder.Path} is finished: {finished.Step} steps are done, and the best weights are in {finished.Folder.Best}."));
        }

        return ExitCodes.Success;
    }

    private static int Check(TrainRequest request, bool isThorough, Terminal terminal, CancellationToken cancellation)
    {
        var (options, isJson) = (request.Options, request.IsJson);
        using var device = Devices.Open(request.Device, request.Threads, options.Precision, terminal, cancellation);
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

    private static int ReportInterruption(TrainingOutcome outcome, TrainRequest request, Terminal terminal)
    {
        terminal.Error(outcome.Steps == 0
            ? "cancelled before the first step"
            : FormattableString.Invariant($"cancelled after step {outcome.Steps}; the weights so far are in {outcome.Folder.Last}"));
        terminal.Error($"go on with: {ShellText.Program} {request.Options.Task.Name} --resume {ShellText.Quote(outcome.Folder.Path)}");
        return ExitCodes.Cancelled;
    }

    private static int ReportEnd(TrainingOutcome outcome, TrainingOptions options, Terminal terminal)
    {
        var (before, best, folder) = (outcome.Before, outcome.Best!, outcome.Folder);
        terminal.Line();
        terminal.Line(FormattableString.Invariant(
            $"validation PSNR {before.Psnr:F2} dB before, {best.After.Psnr:F2} dB after: {best.After.Psnr - before.Psnr:+0.00;-0.00} dB (SSIM {before.Ssim:F3} to {best.After.Ssim:F3}, preset {Validation.PresetName})"));
        if (best.Clean is { } clean)
        {
            terminal.Line(FormattableString.Invariant($"clean     pictures that lack nothing come out at {clean.Psnr:F2} dB (SSIM {clean.Ssim:F3}, preset {Validation.PresetName})"));
        }

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

/// <summary>A training command line.</summary>
/// <param name="Options">What to do.</param>
/// <param name="Resume">The run to go on with; null for a new one.</param>
/// <param name="Device">Where to compute.</param>
/// <param name="Threads">Threads; 0 takes one a processor.</param>
/// <param name="IsJson">Whether to report in JSON.</param>
internal sealed record TrainRequest(TrainingOptions Options, ResumePoint? Resume = null, string Device = "auto", int Threads = 0, bool IsJson = false);
