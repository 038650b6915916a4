using System.Globalization;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>What a report is made of, and where it goes. Of the files that it is made of any may be missing.</summary>
/// <param name="Doctor">JSON of <c>doctor</c>.</param>
/// <param name="Tests">Output of the suite.</param>
/// <param name="TestsExit">Its exit code; 124 is that of <c>timeout</c>.</param>
/// <param name="Times">The file of times.</param>
/// <param name="TimesExit">Exit code of the benchmarks.</param>
/// <param name="Smi">What NVIDIA's tool says of devices and driver, as CSV.</param>
/// <param name="Commit">The commit that was packed.</param>
/// <param name="Json">The whole report as JSON.</param>
/// <param name="Markdown">The report for people.</param>
internal sealed record ReportFiles(string Doctor, string Tests, int TestsExit, string Times, int TimesExit, string Smi, string Commit, string Json, string Markdown)
{
    /// <summary>From arguments, all of which are needed.</summary>
    /// <exception cref="FormatException">One is missing or unknown.</exception>
    public static ReportFiles Parse(string[] arguments)
    {
        string[] names = ["--doctor", "--tests", "--tests-exit", "--times", "--times-exit", "--smi", "--commit", "--json", "--markdown"];
        var values = new Dictionary<string, string>();
        for (int i = 0; i < arguments.Length; i += 2)
            values[names.Contains(arguments[i]) && i + 1 < arguments.Length ? arguments[i] : throw new FormatException($"{arguments[i]} takes a value, or is no option. {Program.Usage}")] = arguments[i + 1];
        return new ReportFiles(Value("--doctor"), Value("--tests"), Code("--tests-exit"), Value("--times"), Code("--times-exit"), Value("--smi"), Value("--commit"), Value("--json"), Value("--markdown"));

        string Value(string name) => values.TryGetValue(name, out string? value) ? value : throw new FormatException($"{name} is missing. {Program.Usage}");

        int Code(string name) => int.TryParse(Value(name), NumberStyles.None, CultureInfo.InvariantCulture, out int code) ? code : throw new FormatException($"{name} takes an exit code.");
    }
}
