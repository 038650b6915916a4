using System.Diagnostics;

namespace FocalNet.Tests.Cuda;

/// <summary>Runs a compiler or a binary tool to its end and keeps what it printed.</summary>
internal static class ToolProcess
{
    // Only against what never ends: all kernels of a network at once take g++ minutes where others work too.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    internal readonly record struct Result(int ExitCode, string Output, string Error);

    internal static Result Run(string tool, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The messages are read: they must not be translated.
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{tool} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{tool} did not end within {Limit.TotalMinutes} minutes.");
        }
        return new(process.ExitCode, output.Result, error.Result);
    }
}
