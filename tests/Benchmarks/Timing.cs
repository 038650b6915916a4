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

    // A round that takes so long is not disturbed by an interrupt, and is run less often.
    private const double LongRound = 4, VeryLongRound = 12;

    /// <param name="first">Runs the first.</param>
    /// <param name="second">Runs the second.</param>
    /// <param name="seconds">For how long at least.</param>
    /// <param name="pause">Milliseconds of sleep before each run.</param>
    public static Turns TakeTurns(Action first, Action second, double seconds, int pause = 0)
    {
        IReadOnlyList<double>[] times = TakeTurns([first, second], seconds, pause);
        return new Turns(times[0], times[1]);
    }

    /// <summary>The seconds of each side's runs.</summary>
    /// <param name="sides">Runs one of them.</param>
    /// <param name="seconds">For how long at least.</param>
    /// <param name="pause">Milliseconds of sleep before each run.</param>
    public static IReadOnlyList<double>[] TakeTurns(IReadOnlyList<Action> sides, double seconds, int pause = 0)
    {
        double round = sides.Sum(side => Seconds(side));
        var clock = Stopwatch.StartNew();
        for (int i = 0; round < LongRound && i < MostWarmUps && (i < LeastWarmUps || clock.Elapsed.TotalSeconds < WarmUpSeconds); i++)
            round = sides.Sum(side => Seconds(side));

        int least = round > VeryLongRound ? 3 : LeastRuns;
        List<double>[] times = [.. sides.Select(_ => new List<double>())];
        clock.Restart();
        for (int run = 0; run < least || (clock.Elapsed.TotalSeconds < seconds && run < MostRuns); run++)
        {
            // Who goes second finds the other's data in the caches: that changes, too.
            for (int i = 0; i < sides.Count; i++)
            {
                int side = run % 2 == 0 ? i : sides.Count - 1 - i;
                times[side].Add(Seconds(sides[side], pause));
            }
        }

        return times;
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
