using System.Globalization;

namespace FocalNet.Benchmarks;

/// <summary>
/// All threads against one, turn by turn: calls one after the other, and with a pause before each, in which the workers go to
/// sleep, as in a program that restores now and then. Beside it stands what the machine gives: as many networks of one thread each at
/// the same time, which never wait for each other.
/// </summary>
internal static class ThreadBenchmark
{
    private static readonly int[] PausesInMilliseconds = [0, 5];

    public static void Run(IReadOnlyList<NetworkCase> rows, double seconds, ResultTable table)
    {
        foreach (NetworkCase row in rows.Where(r => r.Threads > 1))
        {
            using OwnNetwork one = new(row with { Threads = 1 }), all = new(row);
            using var copies = new Copies(row);
            foreach (int pause in PausesInMilliseconds)
            {
                IReadOnlyList<double>[] times = Timing.TakeTurns([one.Run, all.Run, copies.Run], seconds, pause);
                double[] medians = [.. times.Select(Timing.Median)];
                table.Add(
                    Figure.Of("network", row.Network.Name), Figure.Of("size", OnnxRuntimeBenchmark.SizeText(row)), Figure.Of("threads", row.Threads),
                    new Figure("pause, ms", pause.ToString(CultureInfo.InvariantCulture), "pauseSeconds", pause / 1e3), Figure.Of("runs", times[0].Count),
                    Figure.Milliseconds("one thread", "one", medians[0]), Figure.Milliseconds("all threads", "all", medians[1]),
                    Figure.Ratio("ratio", medians[0] / medians[1]),
                    Figure.Ratio("copies", medians[0] * row.Threads * copies.RunsOfEach / medians[2]),
                    // A neighbour who takes one of two processors away delays both threads, and not the one of the other side.
                    Figure.Ratio("ratio of the fastest", times[0].Min() / times[1].Min()));
            }
        }
    }

    /// <summary>A network for each thread, each of one thread.</summary>
    private sealed class Copies : IDisposable
    {
        // Starting and ending together then count little.
        private const double LeastSeconds = 0.2;

        private readonly OwnNetwork[] networks;
        private readonly Thread[] threads;
        private readonly Barrier barrier;
        private bool ends;

        public Copies(NetworkCase row)
        {
            networks = [.. Enumerable.Range(0, row.Threads).Select(_ => new OwnNetwork(row with { Threads = 1 }))];
            networks[0].Run();
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            networks[0].Run();
            RunsOfEach = (int)Math.Ceiling(LeastSeconds / System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
            barrier = new Barrier(row.Threads);
            threads = [.. networks.Skip(1).Select(network => new Thread(() => Work(network)) { IsBackground = true })];
            foreach (Thread thread in threads)
                thread.Start();
        }

        /// <summary>How often each runs in one turn.</summary>
        public int RunsOfEach { get; }

        public void Run()
        {
            barrier.SignalAndWait();
            Turn(networks[0]);
            barrier.SignalAndWait();
        }

        public void Dispose()
        {
            ends = true;
            barrier.SignalAndWait();
            foreach (Thread thread in threads)
                thread.Join();
            foreach (OwnNetwork network in networks)
                network.Dispose();
            barrier.Dispose();
        }

        private void Work(OwnNetwork network)
        {
            while (true)
            {
                barrier.SignalAndWait();
                if (ends)
                    return;
                Turn(network);
                barrier.SignalAndWait();
            }
        }

        private void Turn(OwnNetwork network)
        {
            for (int run = 0; run < RunsOfEach; run++)
                network.Run();
        }
    }
}
