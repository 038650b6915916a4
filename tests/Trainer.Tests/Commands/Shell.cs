using System.Diagnostics;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Display;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>What a command did.</summary>
internal sealed record CommandOutcome(int ExitCode, string Output, string Error)
{
    public void RequireSuccess() => Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");

    /// <summary>One message, no stack trace, all of these words in it.</summary>
    public void RequireFailure(int exitCode, params string[] words)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}\n{Output}\n{Error}");
        Assert.All(words, word => Assert.Contains(word, Error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", Error, StringComparison.Ordinal);
    }
}

/// <summary>Runs command lines: in this process, or in one of their own.</summary>
internal static class Shell
{
    public static CommandOutcome Run(params string[] arguments) => Run(arguments, CancellationToken.None);

    public static CommandOutcome Run(string[] arguments, CancellationToken cancellation)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = CommandLine.Run(arguments, new Terminal(output, error, isInteractive: false), cancellation);
        return new CommandOutcome(code, output.ToString(), error.ToString());
    }

    /// <summary>Starts the program itself, through a shell command in which "$@" stands for it.</summary>
    public static Process Start(string script, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in new[] { "-c", script, "sh", Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet", Path.Combine(AppContext.BaseDirectory, "focalnet.dll") })
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
