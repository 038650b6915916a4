using System.Globalization;

namespace FocalNet.Benchmarks;

/// <summary>
/// All threads against one, turn by turn: calls one after the other, and with a pause before each, in which the workers go to
/// sleep, as in a program that restores now and then.
/// </summary>
internal static class ThreadBenchmark
{
    private static readonly int[] PausesInMilliseconds = [0, 5];

    public static void Run(IReadOnlyList<NetworkCase> rows, double seconds, ResultTable table)
    {
        foreach (NetworkCase row in rows.Where(r => r.Threads > 1))
        {
            using OwnNetwork one = new(row with { Threads = 1 }), all = new(row);
            foreach (int pause in PausesInMilliseconds)
            {
                Turns turns = Timing.TakeTurns(one.Run, all.Run, seconds, pause);
                table.Add(
                    Figure.Of("network", row.Network.Name), Figure.Of("size", OnnxRuntimeBenchmark.SizeText(row)), Figure.Of("threads", row.Threads),
                    new Figure("pause, ms", pause.ToString(CultureInfo.InvariantCulture), "pauseSeconds", pause / 1e3), Figure.Of("runs", turns.Runs),
                    Figure.Milliseconds("one thread", "one", turns.FirstMedian), Figure.Milliseconds("all threads", "all", turns.SecondMedian),
                    Figure.Ratio("ratio", turns.FirstMedian / turns.SecondMedian),
                    // A neighbour who takes one of two processors away doubles the time of both threads, and not that of one.
                    Figure.Ratio("ratio of the fastest", turns.First.Min() / turns.Second.Min()));
            }
        }
    }
}
