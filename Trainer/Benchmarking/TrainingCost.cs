using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Runtime;

namespace FocalNet.Trainer.Benchmarking;

/// <summary>What a step of training takes.</summary>
/// <param name="RequiredBytes">Memory of a step of a whole batch on the device.</param>
/// <param name="AvailableBytes">Memory that there is for this process.</param>
/// <param name="StepTime">Time of a step of a whole batch; null if not even one picture fits into memory.</param>
/// <param name="MeasuredBatch">Pictures in the steps that were measured; fewer than a batch where that would take long or too much memory.</param>
/// <param name="MeasuredSteps">How many steps were measured, after one to warm up.</param>
internal sealed record TrainingCost(long RequiredBytes, long AvailableBytes, TimeSpan? StepTime, int MeasuredBatch, int MeasuredSteps)
{
    private const int Steps = 3;

    // A dry run should take seconds; so many more a batch may add.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Whether a step fits into memory.</summary>
    public bool Fits => RequiredBytes <= AvailableBytes;

    /// <summary>Takes a few steps of the real network on grey pictures.</summary>
    /// <param name="network">The network.</param>
    /// <param name="device">Where to run; stays the caller's.</param>
    /// <param name="batch">Pictures in a batch.</param>
    /// <param name="height">A multiple of what the network takes.</param>
    /// <param name="width">Likewise.</param>
    /// <param name="cancellation">Stops it.</param>
    public static TrainingCost Measure(NetworkEntry network, IDevice device, int batch, int height, int width, CancellationToken cancellation)
    {
        using var session = new TrainingSession(network, device, NetworkWeights.Initial(network, 1));
        var required = session.RequiredBytes(batch, height, width);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (session.RequiredBytes(1, height, width) > available)
        {
            return new TrainingCost(required, available, null, 0, 0);
        }

        var one = MedianStep(session, 1, height, width, cancellation);
        var isWholeBatch = batch > 1 && required <= available / 2 && one * batch * (Steps + 1) <= Patience;
        return isWholeBatch
            ? new TrainingCost(required, available, MedianStep(session, batch, height, width, cancellation), batch, Steps)
            : new TrainingCost(required, available, one * batch, 1, Steps);
    }

    private static TimeSpan MedianStep(TrainingSession session, int batch, int height, int width, CancellationToken cancellation)
    {
        var pictures = new float[checked(batch * 3 * height * width)];
        Array.Fill(pictures, 0.5f);
        var times = new List<TimeSpan>();
        for (var step = 0; step <= Steps; step++)
        {
            var watch = Stopwatch.StartNew();
            session.Step(pictures, pictures, batch, height, width, learningRate: 1e-6, clip: 0.001, cancellation);
            times.Add(watch.Elapsed);
        }

        return times.Skip(1).Order().ElementAt(Steps / 2);
    }
}
