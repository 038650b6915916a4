using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Restoring;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Evaluating;

/// <summary>The scores of one pair: of the degraded picture, and of the restored one.</summary>
internal sealed record PairScores(string Name, PictureScores Before, PictureScores After);

/// <summary>Restores the inputs of a data set and compares them with their targets.</summary>
internal sealed class EvaluationJob(Restorer restorer, PairedFolder pairs, MetricPreset preset, Func<Exception, bool> isExpected)
{
    /// <summary>The scores of all pairs that could be read; the others are reported.</summary>
    public IReadOnlyList<PairScores> Run(IProgressDisplay display, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var estimator = new ProgressEstimator(pairs.Count);
        var scores = new List<PairScores>();
        for (var i = 0; i < pairs.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var state = estimator.Report(i, watch.Elapsed);
            var remaining = state.Remaining is { } time ? ProgressEstimator.Describe(time) : "…";
            display.Update(state.Fraction, FormattableString.Invariant($"picture {i + 1}/{pairs.Count}  ETA {remaining}"));
            try
            {
                var pair = pairs.Load(i, new SeededRandom(i));
                var restored = PictureRestoration.Restore(restorer, pair.Input, null, cancellation);
                var result = new PairScores(pair.Name, PictureMetrics.Compare(pair.Input, pair.Target, preset), PictureMetrics.Compare(restored, pair.Target, preset));
                scores.Add(result);
                display.Line(Describe(result));
            }
            catch (Exception e) when (isExpected(e))
            {
                display.Error("error: " + e.Message);
            }
        }

        return scores;
    }

    /// <summary>The scores in a line.</summary>
    public static string Describe(PairScores scores) => FormattableString.Invariant(
        $"PSNR {scores.After.Psnr,7:F4} dB  SSIM {scores.After.Ssim:F5}  MAE {scores.After.MeanAbsoluteError:F5}  (input {scores.Before.Psnr:F2} dB, {scores.Before.Ssim:F3})  {scores.Name}");
}
