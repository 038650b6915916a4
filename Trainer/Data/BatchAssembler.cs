namespace FocalNet.Trainer.Data;

/// <summary>How pairs become batches.</summary>
internal sealed record BatchOptions
{
    public required int BatchSize { get; init; }

    /// <summary>Side of the random square cut out of each pair; 0 takes whole pictures.</summary>
    public required int Crop { get; init; }

    public double FlipProbability { get; init; } = 0.5;

    /// <summary>What the network's sizes must be multiples of.</summary>
    public int SizeMultiple { get; init; } = 4;

    public BatchDivision Division { get; init; } = BatchDivision.Whole;
}

/// <summary>
/// Loads, crops and flips the pairs of a batch. A batch is a function of its position alone. A picture
/// smaller than the crop, or whose whole size is no multiple of what the network takes, is continued at the
/// right and bottom by reflection.
/// </summary>
internal sealed class BatchAssembler
{
    private readonly IPairSource _source;
    private readonly BatchOptions _options;
    private readonly long _seed;
    private readonly BufferPool _pool = new();

    public BatchAssembler(IPairSource source, BatchOptions options, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Crop);
        if (options.Crop % options.SizeMultiple != 0)
        {
            throw new ArgumentException(
                $"A crop of {options.Crop} is no multiple of {options.SizeMultiple}, which the network needs. Take {PairCrop.RoundUp(options.Crop, options.SizeMultiple)}.", nameof(options));
        }

        (_source, _options, _seed) = (source, options, seed);
        Sampler = new EpochSampler(source.Count, options.BatchSize, seed, options.Division);
    }

    public EpochSampler Sampler { get; }

    /// <summary>A batch whose pairs are still to be loaded.</summary>
    public PendingBatch Begin(SamplerPosition position) => new(position, Sampler.After(position), Sampler.IndicesOf(position), LoadItem, _pool);

    /// <summary>Loads a whole batch, on this thread.</summary>
    /// <exception cref="DataSetException">Whole pictures of different sizes are to share a batch.</exception>
    public Batch Assemble(SamplerPosition position, CancellationToken cancellation = default)
    {
        var pending = Begin(position);
        try
        {
            for (var item = 0; item < pending.Count; item++)
            {
                cancellation.ThrowIfCancellationRequested();
                pending.Load(item);
            }

            return pending.Take();
        }
        finally
        {
            pending.Dispose();
        }
    }

    private (PicturePair Pair, PairCrop Crop) LoadItem(SamplerPosition position, int item, int index)
    {
        var (update, first) = Sampler.PlaceOf(position);
        var random = new SeededRandom(_seed, position.Epoch, update, first + item);
        var pair = _source.Load(index, random);
        return (pair, PairCrop.Draw(random, pair, _options));
    }
}
