using FocalNet.Runtime.Cuda.Templates;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Support;

/// <summary>A mutation that changes nothing.</summary>
/// <param name="File">The template file, or <see cref="MutationSuite.Own"/>.</param>
/// <param name="What">The change, as <see cref="KernelMutation.What"/> has it.</param>
/// <param name="Why">The reason.</param>
/// <param name="In">Part of its line, where the file has the same change in several.</param>
internal sealed record HarmlessMutation(string File, string What, string Why, string In = "");

/// <summary>
/// Counts what a suite notices, file by file; a mutation that any of a file's cases notices is caught. Every barrier and wait is tried each time,
/// of the bounds perhaps a sample; FOCALNET_MUTATIONS=all tries all, FOCALNET_MUTATIONS=scm.cu those of one file.
/// </summary>
/// <param name="output">Where the counts go.</param>
/// <param name="harmless">What may survive, and why.</param>
/// <param name="sample">Of a file's bounds the first and then every so manieth is tried where the variable is not set.</param>
internal sealed class MutationSuite(ITestOutputHelper output, IReadOnlyList<HarmlessMutation> harmless, int sample)
{
    /// <summary>The name of the kernels' own text, where others are template files.</summary>
    internal const string Own = "kernels";

    private readonly SortedDictionary<string, Dictionary<(int Offset, string What), MutationResult>> _results = new(StringComparer.Ordinal);
    private readonly Dictionary<(string File, int Offset, string What), KernelMutation> _notRun = [];
    // The same ones are a sample in every text that has them: what one text's cases miss another's may notice.
    private readonly Dictionary<(string File, int Offset, string What), int> _numbers = [];

    private static string? Chosen => Environment.GetEnvironmentVariable("FOCALNET_MUTATIONS");

    private bool IsSample => sample != 1 && string.IsNullOrEmpty(Chosen);

    /// <summary>Whether anything of these files is to be tried.</summary>
    internal static bool Wants(IEnumerable<string> files) => Chosen is null or "" or "all" || files.Contains(Chosen);

    /// <summary>Tries the mutations of some files that stand in a text.</summary>
    /// <param name="files">Their names.</param>
    /// <param name="text">The text that has them.</param>
    /// <param name="exercise">Runs its kernels in an order and throws when a value is wrong.</param>
    internal void Try(IReadOnlyList<string> files, string text, Action<CudaModule, ulong> exercise)
    {
        (string File, int Start, int End)[] regions = [.. files.Where(file => Wants([file])).Select(file => Region(file, text))];
        if (regions.Length == 0) return;
        (string File, int Start, int End) RegionOf(KernelMutation m) => regions.FirstOrDefault(r => m.At >= r.Start && m.At < r.End);
        (string, int, string) Key(KernelMutation m) => RegionOf(m) is var r && r.File is null ? default : (r.File, m.At - r.Start, m.What);

        MutationReport report = MutationTester.Run(string.Join(", ", files), text, exercise, choose: mutation =>
        {
            if (RegionOf(mutation) is not { File: { } file } region) return false;
            if (_results.GetValueOrDefault(file)?.GetValueOrDefault((mutation.At - region.Start, mutation.What)) is { Caught: true }) return false;
            return !IsSample || !mutation.IsBound || NumberOf(Key(mutation)) % sample == 0;
        });
        foreach (MutationResult result in report.Results)
        {
            (string file, int offset, string what) = Key(result.Mutation);
            if (!_results.TryGetValue(file, out var known)) _results.Add(file, known = []);
            string line = text.Split('\n')[result.Mutation.Line - 1];
            string? why = harmless.FirstOrDefault(h => h.File == file && h.What == what && line.Contains(h.In, StringComparison.Ordinal))?.Why;
            known[(offset, what)] = result with { HarmlessBecause = why, Mutation = result.Mutation with { Line = result.Mutation.Line - KernelText.LineOf(text, regions.First(r => r.File == file).Start) + 1 } };
        }
        foreach (KernelMutation mutation in report.NotRun) _notRun.TryAdd(Key(mutation), mutation);
    }

    private int NumberOf((string File, int Offset, string What) key)
    {
        if (!_numbers.TryGetValue(key, out int number))
            _numbers.Add(key, number = _numbers.Keys.Count(k => k.File == key.File));
        return number;
    }

    /// <summary>Prints the counts, and fails where less than 95 of 100 mutations of a file are caught.</summary>
    internal void AssertCaught()
    {
        var reports = _results.Select(file => new MutationReport(
            file.Key, [.. file.Value.OrderBy(entry => entry.Key.Offset).Select(entry => entry.Value)],
            [.. _notRun.Where(entry => entry.Key.File == file.Key && !file.Value.ContainsKey((entry.Key.Offset, entry.Key.What))).Select(entry => entry.Value)])).ToArray();
        foreach (MutationReport report in reports) output.WriteLine(report.ToString());
        output.WriteLine($"{reports.Sum(r => r.Caught)} of {reports.Sum(r => r.Total)} mutations caught");
        Requires.SomethingNamed(Chosen, reports.Sum(r => r.Results.Count));
        foreach (MutationReport report in reports)
        {
            Assert.True(report.Caught >= 0.95 * report.Total, $"Only {report.Caught} of {report.Total} mutations of {report.Name} are caught.");
            if (IsSample) continue;
            // A reason for what is caught is none.
            string[] excused = [.. report.Survivors.Select(s => s.HarmlessBecause).OfType<string>()];
            Assert.DoesNotContain(harmless, h => h.File == report.Name && !excused.Contains(h.Why));
        }
    }

    // The kernels' own begins behind the last template.
    private static (string File, int Start, int End) Region(string file, string text)
    {
        if (file != Own) return text.IndexOf(CudaTemplates.Text(file), StringComparison.Ordinal) is var start && start >= 0
            ? (file, start, start + CudaTemplates.Text(file).Length) : throw new ArgumentException($"The text has no {file}.", nameof(file));
        return (file, CudaTemplates.Names.Select(CudaTemplates.Text).Where(t => text.Contains(t, StringComparison.Ordinal)).Max(t => text.IndexOf(t, StringComparison.Ordinal) + t.Length), text.Length);
    }
}
