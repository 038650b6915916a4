using System.Diagnostics;
using System.Reflection;

namespace FocalNet.Benchmarks;

/// <summary>This program once more, in a process of its own: so that the memory or the start of nothing else is measured with it.</summary>
internal static class ChildProcess
{
    /// <summary>Runs it and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message has its errors.</exception>
    public static string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with exit code {process.ExitCode}.");
    }
}
