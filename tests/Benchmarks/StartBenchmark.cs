using System.Diagnostics;
using FocalNet.Model;

namespace FocalNet.Benchmarks;

/// <summary>
/// From before the process is started until the sample says that its picture of 256×256 is written: the sample with the JIT and,
/// where it was published so, as native code, turn by turn.
/// </summary>
internal static class StartBenchmark
{
    public static void Run(IReadOnlyList<NetworkCase> rows, string? native, int starts, ResultTable table)
    {
        string folder = Directory.CreateTempSubdirectory("focalnet-start-").FullName;
        try
        {
            foreach (NetworkEntry network in rows.Select(r => r.Network).Distinct())
            {
                string weights = Path.Combine(folder, network.Name + ".safetensors"), picture = Path.Combine(folder, "restored.png");
                NetworkWeights.Save(weights, network, NetworkCase.Weights(network));
                string sample = Path.Combine(AppContext.BaseDirectory, "FocalNet.Embedding.dll");
                (string Name, string File, string[] Arguments)[] ways =
                [
                    ("JIT", "dotnet", [sample, picture, weights]),
                    .. native is null ? [] : (ReadOnlySpan<(string, string, string[])>)[("native", native, [picture, weights])],
                ];
                List<Start>[] times = [.. ways.Select(_ => new List<Start>())];
                // The first starts read the programs from the disk.
                for (int i = -1; i < starts; i++)
                {
                    for (int way = 0; way < ways.Length; way++)
                    {
                        Start start = Measure(ways[way].File, ways[way].Arguments, picture);
                        if (i >= 0)
                            times[way].Add(start);
                    }
                }

                for (int way = 0; way < ways.Length; way++)
                {
                    table.Add(
                        Figure.Of("network", network.Name), Figure.Of("program", ways[way].Name), Figure.Of("starts", starts),
                        Figure.Milliseconds("first line", "firstLine", Timing.Median(times[way].Select(t => t.FirstLine))),
                        Figure.Milliseconds("picture written", "written", Timing.Median(times[way].Select(t => t.Written))),
                        Figure.Milliseconds("process ended", "ended", Timing.Median(times[way].Select(t => t.Ended))));
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Start Measure(string program, string[] arguments, string picture)
    {
        File.Delete(picture);
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(info) ?? throw new InvalidOperationException($"{program} was not started.");
        string? instructions = process.StandardOutput.ReadLine();
        double first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string? last = process.StandardOutput.ReadLine();
        double written = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.WaitForExit();
        double ended = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (process.ExitCode != 0 || last is null || !File.Exists(picture))
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with exit code {process.ExitCode} and wrote no picture.");
        // Natively compiled without them the same code takes seconds.
        if (instructions?.Contains(" AVX2/FMA", StringComparison.Ordinal) != true)
            throw new InvalidOperationException($"{program} says that it runs without AVX2: {instructions}");
        return new Start(first, written, ended);
    }

    private sealed record Start(double FirstLine, double Written, double Ended);
}
