using System.Globalization;
using System.Text.Json;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>The page of a report as lines of Markdown. A dash stands for what was not measured.</summary>
internal static class ReportTables
{
    private const string None = "–";

    private static readonly string[] _sides = [Comparison.Ours, "eager", "compiled"];

    /// <summary>On what it was measured.</summary>
    /// <param name="doctor">What <c>doctor --json</c> printed.</param>
    /// <param name="smi">Lines of nvidia-smi: names and values.</param>
    /// <param name="times">The file of times.</param>
    /// <param name="commit">The commit that was packed.</param>
    public static IEnumerable<string> Head(JsonElement? doctor, IReadOnlyList<string> smi, Times? times, string commit)
    {
        JsonElement[] devices = [.. Items(doctor, "devices")];
        yield return "# " + (devices.Length == 0 ? "No device" : Text(devices[0], "name"));
        yield return "";
        yield return "| | |";
        yield return "|---|---|";
        foreach (JsonElement device in devices)
        {
            yield return $"| cuda:{Text(device, "ordinal")} | {Text(device, "name")}, sm_{Text(device, "capability").Replace(".", "")}, " +
                $"{Number(Value(device, "bytes") / (1 << 30), "0.0")} GiB, {Text(device, "multiprocessors")} multiprocessors |";
        }
        foreach (JsonElement library in Items(doctor, "libraries"))
            yield return $"| {Text(library, "name")} | {(Text(library, "version") is { Length: > 0 } version ? "CUDA " + version : "not there")} |";
        foreach (string line in smi)
            yield return Row(["nvidia-smi", line]);
        yield return $"| peer | {times?.Peer ?? "none: python3 with torch and CUDA was not found, so that our side alone was timed, and no error against float64"} |";
        yield return $"| commit | {commit} |";
        if (times is not null)
            yield return string.Create(CultureInfo.InvariantCulture, $"| measured | {times.Started:yyyy-MM-dd HH:mm} UTC, limit {times.LimitSeconds:0} s |");
    }

    /// <summary>What was measured.</summary>
    public static IEnumerable<string> Of(Times times) =>
    [
        "", "## Times", "",
        "Milliseconds of a run (a batch restored, or a training step) by the device's clock, after runs to warm up, all sides in turns. Ratios are of medians: above 1, ours is faster.", "",
        .. Speed(times.Results),
        "", "## Accuracy, memory, start", "",
        "Errors are the largest against float64, over the largest value: of the first picture, or of the loss. Memory is what ours needs on the device. Ready is the time from nothing to a network whose " +
        "kernels are loaded; a kernel that an earlier workload has compiled is read from the cache. First runs of the peer contain its compiling and tuning.", "",
        .. Facts(times.Results),
        .. Problems(times.Results),
        .. Kernels(times.Results),
    ];

    private static IEnumerable<string> Speed(IEnumerable<WorkloadResult> results) =>
    [
        "| workload | ours: median | p95 | eager: median | p95 | compiled: median | p95 | eager ÷ ours | compiled ÷ ours | runs |",
        "|---|---|---|---|---|---|---|---|---|---|",
        .. results.Select(r => Row([
            Title(r.Workload),
            .. _sides.SelectMany(side => (string[])[Number(Of(r, side)?.Median, "0.000"), Number(Of(r, side)?.P95, "0.000")]),
            Number(Ratio(r, "eager"), "0.00"), Number(Ratio(r, "compiled"), "0.00"), Of(r, Comparison.Ours) is { } ours ? Number(ours.Runs, "0") : None])),
    ];

    private static IEnumerable<string> Facts(IEnumerable<WorkloadResult> results) =>
    [
        "| workload | error: ours | eager | compiled | launches | memory, MiB | kernels | ready, s | first run: eager, s | compiled, s |",
        "|---|---|---|---|---|---|---|---|---|---|",
        .. results.Select(r => Row([
            Title(r.Workload),
            .. _sides.Select(side => Number(r.Errors.TryGetValue(side, out double error) ? error : null, "0.0e-00")),
            Number(r.Facts?.Launches, "0"), Number(r.Facts?.Bytes / (double)(1 << 20), "0.0"), r.Facts is null ? None : Compiled(r.Facts.Kernels), Number(r.Facts?.ReadySeconds, "0.0"),
            .. _sides.Skip(1).Select(side => Number(r.FirstRunSeconds.TryGetValue(side, out double seconds) ? seconds : null, "0.0"))])),
    ];

    private static string[] Problems(IEnumerable<WorkloadResult> results)
    {
        string[] lines = [.. results.SelectMany(r => r.Problems.Select(p => $"- {Title(r.Workload)}, {p.Key}: {OneLine(p.Value)}"))];
        return lines.Length == 0 ? [] : ["", "## Not measured", "", .. lines];
    }

    // How long each took to compile: those whose registers spill first, then the slowest.
    private static string[] Kernels(IEnumerable<WorkloadResult> results)
    {
        KernelFacts[] kernels = [.. results.SelectMany(r => r.Facts?.Kernels ?? []).GroupBy(k => k.Name).Select(g => g.OrderBy(k => k.Cached).ThenByDescending(k => k.Seconds).First())];
        if (kernels.Length == 0)
            return [];
        return
        [
            "", "## Kernels", "",
            $"{Number(kernels.Length, "0")} kernels, {Number(kernels.Where(k => !k.Cached).Sum(k => k.Seconds), "0.0")} s of compiling, of which several go on at a time.", "",
            "| kernel | compiled in, s | registers | spilled, bytes | shared, bytes |", "|---|---|---|---|---|",
            .. kernels.OrderByDescending(k => k.Spilled > 0).ThenByDescending(k => k.Seconds).Select(k => Row([
                k.Name, k.Cached ? "from cache" : Number(k.Seconds, "0.00"), Number(k.Registers, "0"), Number(k.Spilled, "0"), Number(k.Shared, "0")])),
        ];
    }

    private static string Compiled(IReadOnlyList<KernelFacts> kernels)
    {
        int cached = kernels.Count(k => k.Cached), compiled = kernels.Count - cached;
        return cached == 0 ? $"{Number(compiled, "0")} compiled" : compiled == 0 ? $"{Number(cached, "0")} from cache" : $"{Number(compiled, "0")} compiled, {Number(cached, "0")} from cache";
    }

    private static SideTimes? Of(WorkloadResult result, string side) => result.Times.TryGetValue(side, out SideTimes? times) ? times : null;

    private static double? Ratio(WorkloadResult result, string side) => result.Ratios.TryGetValue(side, out double ratio) ? ratio : null;

    // Dehaze inference bf16 32×256×256
    private static string Title(string workload)
    {
        string[] words = workload.Split(' ');
        return words.Length == 6 ? $"{words[0]} {words[1]} {words[2]} {words[3]}×{words[4]}×{words[5]}" : workload;
    }

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells.Select(c => OneLine(c).Replace("|", "/")))} |";

    private static string OneLine(string text) => text.Replace("\r", "").Replace("\n", " ");

    private static string Number(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : None;

    private static IEnumerable<JsonElement> Items(JsonElement? document, string name) =>
        document is { } found && found.TryGetProperty(name, out JsonElement items) ? items.EnumerateArray() : [];

    private static string Text(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";

    private static double? Value(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
