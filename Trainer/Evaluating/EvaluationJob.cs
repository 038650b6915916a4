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
    /// <summary>The scores of all pairs that could be read; the others are reported, and the rest goes on.</summary>
    public EvaluationReport Run(IProgressDisplay display, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var estimator = new ProgressEstimator(pairs.Count);
        var scores = new List<PairScores>();
        var failures = new List<FailedPair>();
        void Fail(string name, Exception e)
        {
            failures.Add(new FailedPair(name, e.Message));
            // Most messages begin with the file; what the network says of a picture does not.
            display.Error("error: " + (e.Message.StartsWith('\'') ? e.Message : $"'{name}': {e.Message}"));
        }

        foreach (var problem in pairs.Problems)
        {
            Fail(Path.GetRelativePath(pairs.Root, problem.DataPath).Replace('\\', '/'), problem);
        }

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
                display.Line(Describe(result, preset));
            }
            catch (Exception e) when (isExpected(e))
            {
                Fail(pairs.NameOf(i), e);
            }
        }

        return new EvaluationReport(preset, scores, failures);
    }

    /// <summary>The scores in a line, with the name of the preset.</summary>
    public static string Describe(PairScores scores, MetricPreset preset) => FormattableString.Invariant(
        $"{preset.ToString().ToLowerInvariant()}: PSNR {scores.After.Psnr,7:F4} dB  SSIM {scores.After.Ssim:F5}  MAE {scores.After.MeanAbsoluteError:F5}  (input {scores.Before.Psnr:F2} dB, {scores.Before.Ssim:F3}, {scores.Before.MeanAbsoluteError:F4})  {scores.Name}");
}
