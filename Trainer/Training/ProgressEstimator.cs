using System.Globalization;

namespace FocalNet.Trainer.Training;

/// <summary>How far a job is.</summary>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="PerSecond">Recent rate; null before anything is known.</param>
/// <param name="Remaining">Expected time to the end; null before anything is known.</param>
internal readonly record struct ProgressState(long Done, long Total, double? PerSecond, TimeSpan? Remaining)
{
    /// <summary>0…1.</summary>
    public double Fraction => Total == 0 ? 1 : (double)Done / Total;
}

/// <summary>
/// Rate and remaining time from what was done when. The time is handed in, so that the same calls give the same
/// answers. The rate is that of a sliding window, which forgets a slow start; units done before a resume
/// count as done, but not for the rate. Progress never goes back.
/// </summary>
internal sealed class ProgressEstimator
{
    private readonly Queue<(TimeSpan Time, long Done)> _window = new();
    private readonly long _total;
    private readonly TimeSpan _span;
    private (TimeSpan Time, long Done) _last;

    /// <param name="total">Units in all.</param>
    /// <param name="alreadyDone">Done by an earlier run.</param>
    /// <param name="span">Length of the window; 30 seconds if not given.</param>
    public ProgressEstimator(long total, long alreadyDone = 0, TimeSpan? span = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(total);
        ArgumentOutOfRangeException.ThrowIfNegative(alreadyDone);
        _total = total;
        _span = span ?? TimeSpan.FromSeconds(30);
        _last = (TimeSpan.Zero, Math.Min(alreadyDone, total));
        _window.Enqueue(_last);
    }

    /// <param name="done">Units done in all, those before a resume included.</param>
    /// <param name="elapsed">Since this run began.</param>
    public ProgressState Report(long done, TimeSpan elapsed)
    {
        _last = (elapsed > _last.Time ? elapsed : _last.Time, Math.Clamp(done, _last.Done, _total));
        _window.Enqueue(_last);
        // One entry older than the window stays, or slow jobs would have nothing to measure from.
        while (_window.Count > 2 && _last.Time - _window.ElementAt(1).Time >= _span)
        {
            _window.Dequeue();
        }

        var (since, before) = _window.Peek();
        var seconds = (_last.Time - since).TotalSeconds;
        double? rate = seconds > 0 && _last.Done > before ? (_last.Done - before) / seconds : null;
        TimeSpan? remaining = _last.Done == _total ? TimeSpan.Zero : rate is { } r ? FromSeconds((_total - _last.Done) / r) : null;
        return new ProgressState(_last.Done, _total, rate, remaining);
    }

    /// <summary>As people say it: 45s, 12m05s, 3h20m, 2d04h.</summary>
    public static string Describe(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds}s"),
        { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{time.Seconds:00}s"),
        { TotalHours: < 24 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours}h{time.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalDays}d{time.Hours:00}h"),
    };

    private static TimeSpan FromSeconds(double seconds) =>
        TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(365_000).TotalSeconds));
}
