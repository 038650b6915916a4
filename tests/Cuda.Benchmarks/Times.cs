using System.Text.Json;
using System.Text.Json.Serialization;
using FocalNet.Runtime.Weights;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>A kernel of a workload.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Seconds">Time to compile it, or to read it.</param>
/// <param name="Cached">It was compiled before, by another workload.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="Spilled">Bytes of memory that a thread's registers are spilled to.</param>
/// <param name="Shared">Bytes of shared memory that its text declares.</param>
internal sealed record KernelFacts(string Name, double Seconds, bool Cached, int Registers, int Spilled, int Shared);

/// <summary>What is to be known of a workload on our side beside its times.</summary>
/// <param name="Device">The device, its driver and compiler.</param>
/// <param name="Launches">Kernels that a run starts.</param>
/// <param name="Bytes">Memory of the device that a run needs.</param>
/// <param name="ReadySeconds">Time until the network was ready: all its kernels compiled, or read, and loaded.</param>
/// <param name="Kernels">Its kernels.</param>
internal sealed record WorkloadFacts(string Device, int Launches, long Bytes, double ReadySeconds, IReadOnlyList<KernelFacts> Kernels);

/// <summary>What one side took for a run.</summary>
/// <param name="Median">Milliseconds by the device's clock.</param>
/// <param name="P95">What 95 % of the runs stay within, in milliseconds.</param>
/// <param name="Runs">Timed runs.</param>
internal sealed record SideTimes(double Median, double P95, int Runs)
{
    /// <summary>From the milliseconds of each run.</summary>
    public static SideTimes Of(IReadOnlyList<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Order()];
        int n = sorted.Length;
        return new SideTimes((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[Math.Min(n - 1, n * 95 / 100)], n);
    }
}

/// <summary>What a workload came to. What is not there was not measured, and <see cref="Problems"/> says why.</summary>
/// <param name="Workload">The workload.</param>
internal sealed record WorkloadResult(string Workload)
{
    /// <summary>Our side's facts.</summary>
    public WorkloadFacts? Facts { get; set; }

    /// <summary>Times by side: ours, eager, compiled.</summary>
    public SortedDictionary<string, SideTimes> Times { get; init; } = new(StringComparer.Ordinal);

    /// <summary>By side: largest error against float64, over the largest value.</summary>
    public SortedDictionary<string, double> Errors { get; init; } = new(StringComparer.Ordinal);

    /// <summary>By side of the peer: seconds of its first run, compiling and tuning included.</summary>
    public SortedDictionary<string, double> FirstRunSeconds { get; init; } = new(StringComparer.Ordinal);

    /// <summary>By side, or "reference": why something was not measured.</summary>
    public SortedDictionary<string, string> Problems { get; init; } = new(StringComparer.Ordinal);

    /// <summary>By side of the peer: its median over ours.</summary>
    public IReadOnlyDictionary<string, double> Ratios => !Times.TryGetValue(Comparison.Ours, out SideTimes? ours)
        ? new Dictionary<string, double>()
        : Times.Where(t => t.Key != Comparison.Ours).ToDictionary(t => t.Key, t => t.Value.Median / ours.Median);
}

/// <summary>The file of times, which is whole on disk after each workload.</summary>
internal sealed record Times
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // What cannot be compared, such as the error of a result that is not finite, is written as it is.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>When the benchmarks began, UTC.</summary>
    public DateTime Started { get; init; }

    /// <summary>Seconds that there were for all.</summary>
    public double LimitSeconds { get; init; }

    /// <summary>PyTorch and what it runs on; null where only our side was timed.</summary>
    public string? Peer { get; set; }

    /// <summary>What was to be timed, in this order.</summary>
    public required IReadOnlyList<string> Workloads { get; init; }

    /// <summary>The workload that was under way when the file was written.</summary>
    public string? Running { get; set; }

    /// <summary>What was timed, in this order.</summary>
    public List<WorkloadResult> Results { get; init; } = [];

    /// <summary>Reads a file.</summary>
    /// <exception cref="JsonException">It is no such file.</exception>
    public static Times Read(string path) =>
        JsonSerializer.Deserialize<Times>(File.ReadAllBytes(path), Format) ?? throw new JsonException($"{path} is empty.");

    /// <summary>Writes the file, under another name first.</summary>
    public void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, Format));

    /// <summary>Any value in the format of the file.</summary>
    public static JsonElement ToJson<T>(T value) => JsonSerializer.SerializeToElement(value, Format);

    /// <summary>Any value in the format of the file, in a line.</summary>
    public static string ToLine<T>(T value) => JsonSerializer.Serialize(value, new JsonSerializerOptions(Format) { WriteIndented = false });

    /// <summary>A value from an answer in the format of the file.</summary>
    /// <exception cref="SideException">The answer has another form.</exception>
    public static T FromJson<T>(JsonElement element)
    {
        try
        {
            return element.Deserialize<T>(Format) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new SideException($"The answer '{element}' is not understood: {exception.Message}");
        }
    }
}
