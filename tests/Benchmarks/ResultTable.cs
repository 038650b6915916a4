using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Benchmarks;

/// <summary>A figure, for people under a heading and for programs under a key.</summary>
/// <param name="Heading">Of the column.</param>
/// <param name="Text">As the table has it.</param>
/// <param name="Key">In JSON.</param>
/// <param name="Value">In JSON: SI units without prefixes.</param>
internal sealed record Figure(string Heading, string Text, string Key, JsonNode? Value)
{
    public static Figure Of(string heading, string text) => new(heading, text, heading, text);

    public static Figure Of(string heading, int count) => new(heading, count.ToString(CultureInfo.InvariantCulture), heading, count);

    public static Figure Milliseconds(string who, string key, double seconds) =>
        new(who + ", ms", string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:F2}"), key + "Seconds", seconds);

    public static Figure Megabytes(string who, string key, long bytes) =>
        new(who + ", MB", string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F0}"), key + "Bytes", bytes);

    public static Figure Ratio(string heading, double value) => new(heading, string.Create(CultureInfo.InvariantCulture, $"{value:F2}"), heading, value);

    public static Figure Share(string heading, string key, double value) => new(heading, string.Create(CultureInfo.InvariantCulture, $"{100 * value:F0} %"), key, value);

    public static Figure Error(string who, string key, double value) => new(who, string.Create(CultureInfo.InvariantCulture, $"{value:E1}"), key, value);

    /// <summary>Operations, or operations a second, in units of 10⁹.</summary>
    public static Figure Giga(string heading, string key, double value) => new(heading, string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:F1}"), key, value);
}

/// <summary>Prints the rows of a benchmark as they are measured, as a Markdown table, or all of them as one JSON document.</summary>
/// <param name="benchmark">Its name.</param>
/// <param name="json">Which of the two.</param>
internal sealed class ResultTable(string benchmark, bool json)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly JsonArray rows = [];

    public void Add(params IReadOnlyList<Figure> figures)
    {
        if (rows.Count == 0 && !json)
        {
            Console.WriteLine(Machine);
            Console.WriteLine();
            Console.WriteLine($"| {string.Join(" | ", figures.Select(f => f.Heading))} |");
            Console.WriteLine($"|{string.Concat(figures.Select(_ => "---|"))}");
        }

        if (!json)
            Console.WriteLine($"| {string.Join(" | ", figures.Select(f => f.Text))} |");
        rows.Add(new JsonObject(figures.Select(f => KeyValuePair.Create(f.Key, f.Value))));
    }

    /// <summary>Writes the document, if that was asked for.</summary>
    public void Finish()
    {
        if (json)
            Console.WriteLine(new JsonObject { ["benchmark"] = benchmark, ["machine"] = Machine, ["time"] = DateTime.UtcNow.ToString("s", CultureInfo.InvariantCulture) + "Z", ["rows"] = rows }.ToJsonString(Indented));
    }

    private static string Machine
    {
        get
        {
            const string Table = "/proc/cpuinfo", Row = "model name";
            string? model = File.Exists(Table) ? File.ReadLines(Table).FirstOrDefault(l => l.StartsWith(Row, StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
            return $"{(model is null ? string.Empty : model + ", ")}{CpuFeatures.Description}; .NET {Environment.Version}, ONNX Runtime {OnnxRuntimeNetwork.Version}";
        }
    }
}
