using System.CommandLine;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Commands;

/// <summary>The commands, and what happens around each: usage errors, failures and exit codes.</summary>
internal static class CommandLine
{
    /// <summary>Runs one command line and gives the exit code; nothing is thrown.</summary>
    public static int Run(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            var result = Root(terminal, cancellation).Parse(arguments);
            if (result.Errors.Count > 0)
            {
                foreach (var error in result.Errors)
                {
                    terminal.Error("error: " + error.Message);
                }

                var command = string.Join(' ', CommandNames(result));
                terminal.Error($"'focalnet {(command.Length > 0 ? command + " " : "")}--help' lists what there is.");
                return ExitCodes.Usage;
            }

            using var output = new TerminalWriter(terminal);
            return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output });
        }
        catch (Exception e)
        {
            return Failures.Report(e, terminal);
        }
    }

    private static RootCommand Root(Terminal terminal, CancellationToken cancellation)
    {
        var root = new RootCommand("FocalNet: trains networks that restore pictures, restores with them, and shows the kernels they are compiled to.");
        foreach (var task in RestorationTasks.All)
        {
            root.Add(TrainCommand.Create(task, terminal, cancellation));
        }

        root.Add(RestoreCommand.Create(terminal, cancellation));
        root.Add(EvaluateCommand.Create(terminal, cancellation));
        foreach (var command in DegradeCommands.Create(terminal, cancellation))
        {
            root.Add(command);
        }

        root.Add(ExportCommand.Create(terminal));
        root.Add(DescribeCommand.Create(terminal));
        root.Add(KernelsCommand.Create(terminal));
        root.Add(BenchCommand.Create(terminal, cancellation));
        root.Add(DoctorCommand.Create(terminal));
        return root;
    }

    private static IEnumerable<string> CommandNames(ParseResult result)
    {
        var names = new Stack<string>();
        for (var here = result.CommandResult; here is { Command: not RootCommand }; here = here.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Push(here.Command.Name);
        }

        return names;
    }

    /// <summary>Where help and version go.</summary>
    private sealed class TerminalWriter(Terminal terminal) : StringWriter
    {
        protected override void Dispose(bool disposing)
        {
            if (GetStringBuilder().Length > 0)
            {
                terminal.Line(ToString());
                GetStringBuilder().Clear();
            }

            base.Dispose(disposing);
        }
    }
}
