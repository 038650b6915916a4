using System.Diagnostics;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>Every workload one after the other, within a limit, beside a peer where there is one.</summary>
internal static class AllWorkloads
{
    private const int WarmUps = 50, Runs = 200, QuickWarmUps = 1, QuickRuns = 5;

    /// <summary>Times them, and writes the file after each: what ends this program can't take what was measured.</summary>
    /// <param name="options">What to time, and where to write.</param>
    /// <param name="log">A line for each workload.</param>
    /// <returns>Whether all of it was measured.</returns>
    public static bool Run(BenchmarkOptions options, TextWriter log)
    {
        var clock = Stopwatch.StartNew();
        TimeSpan Left() => options.Limit - clock.Elapsed;
        Workload[] workloads = [.. options.Workloads ?? (options.Quick ? Workload.Quick : Workload.All)];
        var times = new Times { Started = DateTime.UtcNow, LimitSeconds = options.Limit.TotalSeconds, Workloads = [.. workloads.Select(w => w.ToString())] };
        times.Write(options.Out);
        using var ours = new Side(Comparison.Ours, Environment.ProcessPath!, "serve");
        Side[] peers = options.Peer is not { } peer ? [] : [.. ((string[])["eager", "compiled"]).Select(way => new Side(way, peer[0], [.. peer[1..], "serve", way]))];
        try
        {
            if (peers.Length > 0)
                times.Peer = DescribePeer(peers[0], Left());
            var comparison = new Comparison(ours, peers, Left)
            {
                WarmUps = options.Quick ? QuickWarmUps : WarmUps,
                Runs = options.Runs ?? (options.Quick ? QuickRuns : Runs),
                PeerLimit = options.PeerLimit,
            };
            foreach (Workload workload in workloads)
                Measure(workload, comparison, times, options, Left, log);
            return times.Results.All(r => r.Problems.Count == 0);
        }
        finally
        {
            foreach (Side side in peers)
                side.Dispose();
        }
    }

    private static void Measure(Workload workload, Comparison comparison, Times times, BenchmarkOptions options, Func<TimeSpan> left, TextWriter log)
    {
        times.Running = workload.ToString();
        times.Write(options.Out);
        var result = new WorkloadResult(times.Running);
        if (left() > TimeSpan.Zero)
            result = comparison.Measure(workload);
        else
            result.Problems[Comparison.Ours] = FormattableString.Invariant($"Not reached within the limit of {options.Limit.TotalSeconds:0} s.");
        times.Results.Add(result);
        times.Running = null;
        times.Write(options.Out);
        string found = string.Join(", ", result.Times.Select(t => FormattableString.Invariant($"{t.Key} {t.Value.Median:0.000} ms")).Concat(result.Problems.Select(p => $"{p.Key}: {p.Value}")));
        log.WriteLine($"{workload}: {found}");
    }

    // A peer that does not start fails at each workload, and is told of there.
    private static string DescribePeer(Side peer, TimeSpan limit)
    {
        try
        {
            return peer.Ask("hello", limit).GetProperty("description").GetString() ?? "unknown";
        }
        catch (Exception exception) when (exception is SideException or KeyNotFoundException or InvalidOperationException)
        {
            return $"unknown ({exception.Message})";
        }
    }
}
