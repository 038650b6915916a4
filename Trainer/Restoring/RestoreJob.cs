using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Restoring;

/// <summary>What became of a job.</summary>
internal readonly record struct RestoreSummary(int Restored, int Failed);

/// <summary>Restores one picture after the other. A picture that fails is reported, and the rest goes on.</summary>
internal sealed class RestoreJob(Restorer restorer, IReadOnlyList<RestoreItem> items, bool overwrite, Func<Exception, bool> isExpected)
{
    // Progress is counted in thousandths of a picture.
    private const int Unit = 1000;

    private readonly ImageWriteOptions _writing = new() { Overwrite = overwrite, Inputs = [.. items.Select(item => item.Input)] };

    /// <exception cref="OperationCanceledException">The token was cancelled; the picture in progress leaves no file.</exception>
    public RestoreSummary Run(IProgressDisplay display, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var estimator = new ProgressEstimator((long)items.Count * Unit);
        var (restored, failed) = (0, 0);
        foreach (var (item, index) in items.Select((item, index) => (item, index)))
        {
            cancellation.ThrowIfCancellationRequested();
            var progress = new Progress(share => Show(display, estimator.Report((long)((index + share) * Unit), watch.Elapsed), item));
            progress.Report(0);
            try
            {
                RestoreOne(item, progress, cancellation);
                restored++;
            }
            catch (Exception e) when (isExpected(e))
            {
                failed++;
                display.Error("error: " + (e.Message.Contains(item.Input, StringComparison.Ordinal) || e.Message.Contains(item.Output, StringComparison.Ordinal)
                    ? e.Message
                    : $"'{item.Input}': {e.Message}"));
            }
        }

        return new RestoreSummary(restored, failed);
    }

    private void RestoreOne(RestoreItem item, IProgress<double> progress, CancellationToken cancellation)
    {
        if (!overwrite && File.Exists(item.Output))
        {
            // Before minutes of work, not after them.
            throw new ImageException(ImageFailure.WouldOverwrite, item.Output, "it exists already.", "Choose another folder, or add --overwrite.");
        }

        var picture = ImageFile.Read(item.Input);
        ImageFileWriter.Write(PictureRestoration.Restore(restorer, picture, progress, cancellation), item.Output, _writing);
    }

    private void Show(IProgressDisplay display, ProgressState state, RestoreItem item)
    {
        var remaining = state.Remaining is { } time ? ProgressEstimator.Describe(time) : "…";
        display.Update(state.Fraction, FormattableString.Invariant(
            $"picture {Math.Min(items.Count, state.Done / Unit + 1)}/{items.Count}  ETA {remaining}  {Path.GetFileName(item.Input)}"));
    }

    /// <summary>Calls back on the thread that reports, unlike <see cref="System.Progress{T}"/>.</summary>
    private sealed class Progress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
