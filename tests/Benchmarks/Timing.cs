using System.Diagnostics;

namespace FocalNet.Benchmarks;

/// <summary>Times of two things that take turns.</summary>
/// <param name="First">Seconds of the first's runs.</param>
/// <param name="Second">Seconds of the second's runs.</param>
internal sealed record Turns(IReadOnlyList<double> First, IReadOnlyList<double> Second)
{
    public int Runs => First.Count;

    public double FirstMedian => Timing.Median(First);

    public double SecondMedian => Timing.Median(Second);
}

/// <summary>Medians of runs that take turns, so that a shared machine disturbs both sides alike.</summary>
internal static class Timing
{
    private const int LeastRuns = 5, MostRuns = 400;

    // .NET compiles a method again after its 30th call, slower at first since it counts, and once more after as many: the middle of
    // these times would be measured for a small network. What takes seconds shows none of that.
    private const int LeastWarmUps = 2, MostWarmUps = 120;
    private const double WarmUpSeconds = 2.5;

    // A pair of runs that takes so long is not disturbed by an interrupt, and is run less often.
    private const double LongPair = 4, VeryLongPair = 12;

    /// <param name="first">Runs the first.</param>
    /// <param name="second">Runs the second.</param>
    /// <param name="seconds">For how long at least.</param>
    /// <param name="pause">Milliseconds of sleep before each run.</param>
    public static Turns TakeTurns(Action first, Action second, double seconds, int pause = 0)
    {
        double pair = Seconds(first) + Seconds(second);
        var clock = Stopwatch.StartNew();
        for (int i = 0; pair < LongPair && i < MostWarmUps && (i < LeastWarmUps || clock.Elapsed.TotalSeconds < WarmUpSeconds); i++)
            pair = Seconds(first) + Seconds(second);

        int least = pair > VeryLongPair ? 3 : LeastRuns;
        List<double> firsts = [], others = [];
        clock.Restart();
        while (firsts.Count < least || (clock.Elapsed.TotalSeconds < seconds && firsts.Count < MostRuns))
        {
            // Who goes second finds the other's data in the caches: that changes, too.
            if (firsts.Count % 2 == 0)
            {
                firsts.Add(Seconds(first, pause));
                others.Add(Seconds(second, pause));
            }
            else
            {
                others.Add(Seconds(second, pause));
                firsts.Add(Seconds(first, pause));
            }
        }

        return new Turns(firsts, others);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double Seconds(Action action, int pause = 0)
    {
        if (pause > 0)
            Thread.Sleep(pause);
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
