using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Trainer.Files;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Restoring;

/// <summary>How pictures are restored.</summary>
internal sealed record RestoreSettings
{
    /// <summary>Whether results of an earlier time are made anew; else they are skipped.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether EXIF, XMP and IPTC are left out of the results.</summary>
    public bool StripMetadata { get; init; }

    /// <summary>See <see cref="ImageWriteOptions.Quality"/>.</summary>
    public int? Quality { get; init; }

    /// <summary>Bytes that the program may take; null leaves it to the restorer.</summary>
    public long? Memory { get; init; }

    /// <summary>Called for each picture whose result is there, just made or of an earlier time.</summary>
    public Action<RestoreItem>? OnResult { get; init; }
}

/// <summary>
/// Restores one picture after the other. A picture that fails is reported, and the rest goes on; one whose result is there is
/// skipped, so that a job that was interrupted goes on where it was.
/// </summary>
internal sealed class RestoreJob(
    Restorer restorer, IReadOnlyList<RestoreItem> items, RestoreSettings settings, IRestoreObserver observer, Func<Exception, bool> isExpected)
{
    // Progress is counted in thousandths of a picture.
    private const int Unit = 1000;

    private readonly ImageWriteOptions _writing = new() { Overwrite = settings.Overwrite, Quality = settings.Quality, Inputs = [.. items.Select(item => item.Input)] };
    private readonly HashSet<string> _inputs = new(items.Select(item => FilePaths.Resolve(item.Input)), StringComparer.FromComparison(FilePaths.Comparison));

    /// <exception cref="OperationCanceledException">The token was cancelled; the picture in progress leaves no file.</exception>
    public RestoreSummary Run(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var pending = items.Where(item => !IsDone(item)).ToList();
        var skipped = items.Count - pending.Count;
        var (restored, failed) = (0, 0);
        observer.Planned(items.Count, skipped);
        try
        {
            foreach (var item in items.Except(pending))
            {
                cancellation.ThrowIfCancellationRequested();
                observer.Skipped(item);
                failed += Try(item, () => settings.OnResult?.Invoke(item)) ? 0 : 1;
            }

            var estimator = new ProgressEstimator((long)pending.Count * Unit);
            for (var i = 0; i < pending.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (item, index) = (pending[i], i);
                var progress = new Progress(share => observer.Progressed(
                    new RestoreProgress(item, index + 1, pending.Count, share, estimator.Report((long)((index + share) * Unit), watch.Elapsed))));
                if (Try(item, () => RestoreOne(item, progress, cancellation)))
                {
                    restored++;
                }
                else
                {
                    failed++;
                }
            }
        }
        catch (OperationCanceledException)
        {
            observer.Ended(new RestoreSummary(restored, skipped, failed, watch.Elapsed.TotalSeconds, Cancelled: true));
            throw;
        }

        var summary = new RestoreSummary(restored, skipped, failed, watch.Elapsed.TotalSeconds, Cancelled: false);
        observer.Ended(summary);
        return summary;
    }

    // Results are renamed into place when they are complete: what is there is whole.
    private bool IsDone(RestoreItem item) => !settings.Overwrite && File.Exists(item.Output) && !_inputs.Contains(FilePaths.Resolve(item.Output));

    private bool Try(RestoreItem item, Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception e) when (isExpected(e))
        {
            observer.Failed(item, e.Message.Contains(item.Input, StringComparison.Ordinal) || e.Message.Contains(item.Output, StringComparison.Ordinal)
                ? e.Message
                : $"'{item.Input}': {e.Message}");
            return false;
        }
    }

    private void RestoreOne(RestoreItem item, IProgress<double> progress, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        progress.Report(0);
        var picture = ImageFile.Read(item.Input);
        if (settings.StripMetadata)
        {
            picture = picture.WithFormat(picture.Format.WithoutMetadata());
        }

        // Before minutes of work, not after them.
        ImageFileWriter.Require(picture, item.Output, _writing);
        RestoreMemory.CollectAfter(picture);
        restorer.MemoryBudget = RestoreMemory.BudgetFor(settings.Memory, picture, item.Output);
        observer.Started(item, picture, PlanFor(picture, item.Output));
        PictureRestoration.RestoreInPlace(restorer, picture, progress, cancellation);
        RestoreMemory.CollectAfter(picture);
        ImageFileWriter.Write(picture, item.Output, _writing);
        settings.OnResult?.Invoke(item);
        observer.Finished(item, watch.Elapsed.TotalSeconds);
    }

    private RestorationPlan PlanFor(Picture picture, string output)
    {
        try
        {
            return PictureRestoration.Plan(restorer, picture);
        }
        catch (DeviceMemoryException e) when (settings.Memory is { } limit && e.AvailableBytes == restorer.MemoryBudget)
        {
            throw RestoreMemory.TooLittle(limit, e.NeededBytes, picture, output);
        }
    }

    /// <summary>Calls back on the thread that reports, unlike <see cref="System.Progress{T}"/>.</summary>
    private sealed class Progress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
