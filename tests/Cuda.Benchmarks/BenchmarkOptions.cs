using System.Globalization;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>What <c>run</c> and <c>check</c> are told.</summary>
internal sealed record BenchmarkOptions
{
    /// <summary>The file for the times.</summary>
    public string Out { get; init; } = "times.json";

    /// <summary>Time for all workloads together.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(1500);

    /// <summary>Time for a peer to get ready for one workload.</summary>
    public TimeSpan PeerLimit { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Small workloads and few runs.</summary>
    public bool Quick { get; init; }

    /// <summary>Timed runs of each workload; null takes what is usual.</summary>
    public int? Runs { get; init; }

    /// <summary>Workloads in place of the usual ones.</summary>
    public IReadOnlyList<Workload>? Workloads { get; init; }

    /// <summary>Program and arguments that start the peer; null times our side alone.</summary>
    public string[]? Peer { get; init; }

    /// <summary>From arguments.</summary>
    /// <exception cref="FormatException">They make no sense; the message says which and what there is.</exception>
    public static BenchmarkOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new BenchmarkOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == "--quick")
            {
                options = options with { Quick = true };
                continue;
            }
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new FormatException($"{name} takes a value, or is no option. {Program.Usage}");
            i++;
            options = name switch
            {
                "--out" => options with { Out = value },
                "--seconds" => options with { Limit = TimeSpan.FromSeconds(Positive(name, value)) },
                "--peer-seconds" => options with { PeerLimit = TimeSpan.FromSeconds(Positive(name, value)) },
                "--runs" => options with { Runs = Positive(name, value) },
                "--workload" => options with { Workloads = [.. options.Workloads ?? [], Workload.Parse(value.Split(' '))] },
                // All that follows starts the peer.
                "--peer" => options with { Peer = arguments[i..].ToArray() },
                _ => throw new FormatException($"There is no option '{name}'. {Program.Usage}"),
            };
            if (name == "--peer")
                break;
        }
        return options;
    }

    private static int Positive(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new FormatException($"{name} takes a whole number from 1, not '{value}'.");
}
