using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace FocalNet.Tests.Shared;

/// <summary>
/// Runs tests of the running test program in a process of its own: some settings, such as which instruction sets the JIT may use, are
/// read once when a process starts.
/// </summary>
public static partial class TestProcess
{
    /// <summary>Runs tests and waits for them.</summary>
    /// <param name="environment">Variables to set.</param>
    /// <param name="filter">What to run, in the words of the test program's command line: <c>--filter-class *SomeTests</c>.</param>
    /// <returns>How many passed.</returns>
    /// <exception cref="TestProcessException">A test failed, or none ran. The message has all that was printed.</exception>
    public static int Run(IReadOnlyDictionary<string, string> environment, params string[] filter)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Either the program's own executable, or dotnet with the program's assembly.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        foreach (string argument in filter)
            start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        Match passed = Succeeded().Match(output);
        if (process.ExitCode != 0 || !passed.Success)
            throw new TestProcessException($"{string.Join(' ', environment.Select(e => $"{e.Key}={e.Value}"))} {string.Join(' ', filter)}: exit code {process.ExitCode}\n{output}");
        return int.Parse(passed.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^\s*succeeded: (\d+)", RegexOptions.Multiline)]
    private static partial Regex Succeeded();
}

/// <summary>Tests in another process did not pass.</summary>
public sealed class TestProcessException(string message) : Exception(message);
