using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Model;
using FocalNet.Trainer.Kernels;
using Spectre.Console;

namespace FocalNet.Trainer.Benchmarking;

/// <summary>Benchmark results for people and for programs.</summary>
internal static class BenchmarkText
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A line for each size and number of threads.</summary>
    public static Table Summary(IEnumerable<BenchmarkResult> results)
    {
        var table = TableOf("size", ["threads", "runs", "median, ms", "fastest, ms", "GFLOP", "GFLOP/s", "FMA peak", "of peak", "GB/s", "memory, MB"]);
        foreach (var r in results)
        {
            table.AddRow(
                FormattableString.Invariant($"{r.Height}×{r.Width}"), Number(r.Threads, 0), Number(r.Runs, 0), Number(r.Seconds * 1e3, 2), Number(r.Fastest * 1e3, 2), Number(r.Operations / 1e9, 1),
                Number(r.OperationsPerSecond / 1e9, 1), Number(r.Peak / 1e9, 1), Percent(r.PeakShare), Number(r.Bytes / r.Seconds / 1e9, 2), Number(r.MemoryBytes / 1e6, 1));
        }

        return table;
    }

    /// <summary>A line for each step, the slowest first.</summary>
    public static Table Steps(BenchmarkResult result)
    {
        var table = TableOf("layer", ["ms", "share", "GFLOP/s", "of peak", "MB", "MB/s"]);
        table.AddColumn("kernel");
        foreach (var step in result.Steps.OrderByDescending(step => step.Seconds))
        {
            var isConvolution = step.Macs > 0;
            table.AddRow(
                Markup.Escape(step.Name), Number(step.Seconds * 1e3, 3), Percent(result.Share(step), 1),
                isConvolution ? Number(step.OperationsPerSecond / 1e9, 1) : "", isConvolution ? Percent(step.OperationsPerSecond / result.Peak) : "",
                Number(step.Bytes / 1e6, 2), Number(step.BytesPerSecond / 1e6, 0), Markup.Escape(step.Kernel));
        }

        return table;
    }

    /// <summary>Everything, in SI units without prefixes.</summary>
    public static string Json(NetworkEntry network, PlanMode mode, string device, IEnumerable<BenchmarkResult> results) => new JsonObject
    {
        ["network"] = network.Name,
        ["mode"] = mode.ToString().ToLowerInvariant(),
        ["device"] = device,
        ["results"] = new JsonArray([.. results.Select(Json)]),
    }.ToJsonString(Indented);

    private static JsonNode Json(BenchmarkResult result) => new JsonObject
    {
        ["height"] = result.Height,
        ["width"] = result.Width,
        ["threads"] = result.Threads,
        ["runs"] = result.Runs,
        ["medianSeconds"] = result.Seconds,
        ["fastestSeconds"] = result.Fastest,
        ["macs"] = result.Macs,
        ["bytes"] = result.Bytes,
        ["memoryBytes"] = result.MemoryBytes,
        ["flopsPerSecond"] = result.OperationsPerSecond,
        ["fmaPeakFlopsPerSecond"] = result.Peak,
        ["peakShare"] = result.PeakShare,
        ["steps"] = new JsonArray([.. result.Steps.Select(step => (JsonNode)new JsonObject
        {
            ["index"] = step.Index,
            ["name"] = step.Name,
            ["kernel"] = step.Kernel,
            ["seconds"] = step.Seconds,
            ["share"] = result.Share(step),
            ["macs"] = step.Macs,
            ["bytes"] = step.Bytes,
            ["flopsPerSecond"] = step.OperationsPerSecond,
            ["peakShare"] = step.OperationsPerSecond / result.Peak,
            ["bytesPerSecond"] = step.BytesPerSecond,
        })]),
    };

    private static Table TableOf(string first, string[] numbers)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(first);
        foreach (var column in numbers)
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        return table;
    }

    private static string Percent(double share, int digits = 0) => Number(100 * share, digits) + " %";

    private static string Number(double value, int digits) => value.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
