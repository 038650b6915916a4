using System.Text.Json;
using System.Text.RegularExpressions;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>Puts what run.sh has gathered into one JSON file and one page for people. What is missing is named, with the reason.</summary>
internal static class Report
{
    // What `timeout` leaves with, and what a process that it had to kill leaves with.
    private const int TimedOut = 124, Killed = 137;

    /// <summary>Writes both.</summary>
    public static void Write(ReportFiles files)
    {
        JsonElement? doctor = File.Exists(files.Doctor) ? Parsed(files.Doctor) : null;
        Times? times = File.Exists(files.Times) ? Complete(Times.Read(files.Times), files.TimesExit) : null;
        string commit = File.Exists(files.Commit) ? File.ReadAllText(files.Commit).Trim() : "unknown";
        string[] smi = File.Exists(files.Smi) ? [.. File.ReadAllLines(files.Smi).Where(line => line.Length > 0)] : [];
        string output = File.Exists(files.Tests) ? File.ReadAllText(files.Tests) : "";
        SortedDictionary<string, int> counts = CountsOf(output);
        string[] failures = [.. Regex.Matches(output, @"^failed (\S+)", RegexOptions.Multiline).Select(m => m.Groups[1].Value).Distinct()];
        string? end = files.TestsExit is TimedOut or Killed ? "cut off by the limit" : null;
        var document = new { commit, doctor, smi, tests = new { exitCode = files.TestsExit, end, counts, failures }, times };
        Runtime.Weights.AtomicFile.Write(files.Json, stream => JsonSerializer.Serialize(stream, Times.ToJson(document), new JsonSerializerOptions { WriteIndented = true }));
        string tests = string.Join(", ", counts.Select(c => FormattableString.Invariant($"{c.Value} {c.Key}")).Append(end).Where(text => text is not null));
        string[] lines =
        [
            .. ReportTables.Head(doctor, smi, times, commit),
            "", $"Tests on the device: {(tests.Length == 0 ? FormattableString.Invariant($"none finished, exit code {files.TestsExit}") : tests)}.",
            .. failures.Select(name => "- failed: " + name),
            .. times is null ? ["", "Nothing was timed."] : ReportTables.Of(times),
        ];
        Runtime.Weights.AtomicFile.Write(files.Markdown, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (string line in lines)
                writer.WriteLine(line);
        });
    }

    /// <summary>The file of times, with a result for what the benchmarks were ended in and for what they did not reach.</summary>
    private static Times Complete(Times times, int exitCode)
    {
        bool limit = exitCode is TimedOut or Killed;
        foreach (string workload in times.Workloads.Except(times.Results.Select(r => r.Workload)))
        {
            string end = limit ? "the limit cut the benchmarks off" : FormattableString.Invariant($"the benchmarks ended with exit code {exitCode}");
            times.Results.Add(new WorkloadResult(workload)
            {
                Problems = { [Comparison.Ours] = workload == times.Running ? $"Not finished: {end} meanwhile." : $"Not reached: {end} before." },
            });
        }
        return times;
    }

    private static JsonElement? Parsed(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Totals of the suite, from its last summary.
    private static SortedDictionary<string, int> CountsOf(string output)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (Match match in Regex.Matches(output, @"^\s*(total|failed|succeeded|skipped): (\d+)\s*$", RegexOptions.Multiline))
            counts[match.Groups[1].Value] = int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
        return counts;
    }
}
