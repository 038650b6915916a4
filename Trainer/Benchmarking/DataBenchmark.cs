using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Trainer.Data;

namespace FocalNet.Trainer.Benchmarking;

/// <summary>How fast batches come, and whether training has to wait for them.</summary>
/// <param name="Decoders">Threads that read, degrade and crop.</param>
/// <param name="PairsPerSecond">Pairs with nothing else running.</param>
/// <param name="BatchesPerSecond">Batches likewise.</param>
/// <param name="StepsAlone">Steps a second on a batch that is there already.</param>
/// <param name="StepsTogether">Steps a second on batches that are prepared meanwhile.</param>
/// <param name="Waiting">Share of the time that training then waits for a batch, 0…1.</param>
internal sealed record DataRates(int Decoders, double PairsPerSecond, double BatchesPerSecond, double StepsAlone, double StepsTogether, double Waiting)
{
    // Waiting is also counted where a batch is there and only has to be taken.
    private const double Unnoticed = 0.02;

    /// <summary>Whether training waits less than a fiftieth of the time.</summary>
    public bool KeepsUp => Waiting <= Unnoticed;
}

/// <summary>Measures how a data set keeps a network busy.</summary>
/// <param name="assembler">Makes the batches.</param>
/// <param name="decoders">Threads that read, degrade and crop.</param>
/// <param name="ahead">Batches in preparation or waiting, as in training.</param>
/// <param name="duration">Of each of the measurements.</param>
internal sealed class DataBenchmark(BatchAssembler assembler, int decoders, int ahead, TimeSpan duration)
{
    private const int FewestBatches = 3;

    /// <summary>Batches a second with nothing else running. What is kept in memory after the first time is drawn before.</summary>
    public double BatchesPerSecond(CancellationToken cancellation)
    {
        using var batches = new BatchPrefetcher(assembler, SamplerPosition.Start, ahead, decoders);
        WarmUp(batches, cancellation);
        var (watch, count) = (Stopwatch.StartNew(), 0);
        while (count < FewestBatches || watch.Elapsed < duration)
        {
            batches.Next(cancellation).Dispose();
            count++;
        }

        return count / watch.Elapsed.TotalSeconds;
    }

    /// <summary>All of the measurements.</summary>
    public DataRates Run(TrainingSession session, CancellationToken cancellation)
    {
        var batchesPerSecond = BatchesPerSecond(cancellation);
        using var batches = new BatchPrefetcher(assembler, SamplerPosition.Start, ahead, decoders);
        double alone;
        using (var batch = batches.Next(cancellation))
        {
            Step(session, batch);
            alone = Rate(() => Step(session, batch), cancellation).PerSecond;
        }

        var waiting = new Stopwatch();
        var together = Rate(() =>
        {
            waiting.Start();
            using var batch = batches.Next(cancellation);
            waiting.Stop();
            Step(session, batch);
        }, cancellation);
        return new DataRates(
            decoders, batchesPerSecond * assembler.Sampler.BatchSize, batchesPerSecond, alone, together.PerSecond, waiting.Elapsed / together.Time);
    }

    /// <summary>An epoch at most, and no longer than a measurement.</summary>
    private void WarmUp(BatchPrefetcher batches, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < assembler.Sampler.StepsPerEpoch && watch.Elapsed < duration; i++)
        {
            batches.Next(cancellation).Dispose();
        }
    }

    private (double PerSecond, TimeSpan Time) Rate(Action work, CancellationToken cancellation)
    {
        var (watch, count) = (Stopwatch.StartNew(), 0);
        while (count < FewestBatches || watch.Elapsed < duration)
        {
            cancellation.ThrowIfCancellationRequested();
            work();
            count++;
        }

        return (count / watch.Elapsed.TotalSeconds, watch.Elapsed);
    }

    private static void Step(TrainingSession session, Batch batch) =>
        session.Step(batch.Input, batch.Target, batch.Count, batch.Height, batch.Width, learningRate: 1e-6, clip: 0.001);
}
