using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Trainer.Benchmarking;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Training;

/// <summary>What a run would do and what it would take.</summary>
/// <param name="Train">The pairs to train on; null where scenes are drawn.</param>
/// <param name="Held">The pairs to judge by; null where there are no others.</param>
/// <param name="Description">What is trained on, in a line.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="TotalSteps">Steps of the run.</param>
/// <param name="Width">Of the pictures in a batch.</param>
/// <param name="Height">Of the pictures in a batch.</param>
/// <param name="Cost">Memory and time of a step; null where there are no pairs to tell its size from.</param>
/// <param name="PairsPerSecond">Pairs read, degraded and cropped a second, with nothing else running; null if none can be.</param>
/// <param name="Problems">What keeps the run from its end, each with the way out.</param>
/// <param name="Notes">What one should know and can live with.</param>
internal sealed record DryRunReport(
    DataSetReport? Train, DataSetReport? Held, string Description, int StepsPerEpoch, long TotalSteps, int Width, int Height, TrainingCost? Cost, double? PairsPerSecond,
    IReadOnlyList<string> Problems, IReadOnlyList<string> Notes)
{
    /// <summary>Batches of a step, each of which takes the time of <see cref="Cost"/>.</summary>
    public int BatchesPerStep { get; init; } = 1;

    public bool IsTrainable => Problems.Count == 0;

    /// <summary>Time of an epoch: that of computing or of reading, whichever takes longer, as they go on at once.</summary>
    public TimeSpan? EpochTime(int batch) => Cost?.StepTime is not { } step ? null
        : StepsPerEpoch * BatchesPerStep * (PairsPerSecond is { } rate && batch / rate > step.TotalSeconds ? TimeSpan.FromSeconds(batch / rate) : step);
}

/// <summary>Checks all that a run needs, and takes a few steps without keeping anything.</summary>
internal static class DryRun
{
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(2);

    /// <param name="options">The run.</param>
    /// <param name="device">Where it would compute; stays the caller's.</param>
    /// <param name="isThorough">Whether pictures are decoded to their end, not only their heads read.</param>
    /// <param name="display">Shows how far it is.</param>
    /// <param name="cancellation">Stops it.</param>
    public static DryRunReport Make(TrainingOptions options, IDevice device, bool isThorough, IProgressDisplay display, CancellationToken cancellation)
    {
        var network = NetworkCatalog.Find(options.Network);
        DataSetReport? Inspect(PairedFolder? pairs, int? crop, string what) => pairs is null ? null : DataSetInspection.Inspect(
            pairs, crop, options.Batch, isThorough, new Counter(done => display.Update((double)done / pairs.Count, $"looking at {what} pairs: {done} of {pairs.Count}")), cancellation);

        var train = options.Data is null ? null : PairedFolder.Find(options.Data, DataSplit.Train);
        var held = options.Data is null ? null : PairedFolder.Find(options.Data, DataSplit.Test);
        var isHeldOut = held?.Root != train?.Root;
        var trainReport = Inspect(train, options.Crop, "training");
        var heldReport = isHeldOut ? Inspect(held, null, "held-out") : null;
        List<string> problems = [.. trainReport?.Problems ?? [], .. heldReport?.Problems ?? []];
        List<string> notes = [.. trainReport?.Notes ?? []];
        if (train is not null && !isHeldOut)
        {
            notes.Add("there is no test/ folder: validation is on pictures that are trained on");
        }

        if (train is { Count: 0 })
        {
            problems.Add($"'{train.Root}': there is no pair to train on.");
            return new DryRunReport(trainReport, heldReport, train.Description, 0, 0, 0, 0, null, null, problems, notes);
        }

        var source = train ?? options.Task.TrainingScenes(options.Seed, options.Scenes.TrainingScenes, options.Scenes.TrainingSize);
        var (width, height) = SizeOf(options, trainReport);
        display.Update(0, "taking a few steps");
        var cost = width == 0 ? null : TrainingCost.Measure(network, device, options.Batch, height, width, cancellation);
        if (cost is { Fits: false })
        {
            problems.Add(FormattableString.Invariant(
                $"A step takes {cost.RequiredBytes / 1e9:F1} GB, and there are {cost.AvailableBytes / 1e9:F1} GB. Use a smaller --batch or --crop."));
        }

        var assembler = new BatchAssembler(source, new BatchOptions
        {
            BatchSize = options.Batch,
            Crop = options.Crop,
            FlipProbability = options.Flip,
            Division = new BatchDivision(options.Accumulate),
        }, options.Seed);
        var schedule = new RunSchedule(options, assembler.Sampler.UpdatesPerEpoch);
        display.Update(0, "reading a few batches");
        double? rate = null;
        try
        {
            rate = problems.Count > 0 ? null
                : options.Batch * new DataBenchmark(assembler, BatchPrefetcher.DefaultDecoders, ahead: 2, Reading).BatchesPerSecond(cancellation);
        }
        catch (Exception e) when (e is ImageException or DataSetException)
        {
            // Behind its head a picture may be damaged.
            problems.Add(e.Message);
        }

        return new DryRunReport(trainReport, heldReport, source.Description, schedule.StepsPerEpoch, schedule.TotalSteps, width, height, cost, rate, problems, notes)
        {
            BatchesPerStep = options.Accumulate,
        };
    }

    /// <summary>That of the crops; of whole pictures, the largest.</summary>
    private static (int Width, int Height) SizeOf(TrainingOptions options, DataSetReport? report)
    {
        const int Multiple = 4;
        if (options.Crop > 0)
        {
            return (options.Crop, options.Crop);
        }

        var (width, height) = options.Data is null ? (options.Scenes.TrainingSize, options.Scenes.TrainingSize) : (report?.Largest?.Width ?? 0, report?.Largest?.Height ?? 0);
        return (PairCrop.RoundUp(width, Multiple), PairCrop.RoundUp(height, Multiple));
    }

    private sealed class Counter(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
