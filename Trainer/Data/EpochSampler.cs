namespace FocalNet.Trainer.Data;

/// <summary>A place in training: the batch that comes next. It is all that a resumed run needs to go on exactly.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Step">Within the epoch, from 0.</param>
internal readonly record struct SamplerPosition(int Epoch, int Step)
{
    public static SamplerPosition Start { get; } = new(1, 0);
}

/// <summary>
/// Which pairs make up each batch: every epoch all pairs in an order of its own, from the seed and the epoch
/// alone. What does not fill a last batch is left to other epochs' orders; with fewer pairs than a batch
/// holds, pairs come more than once.
/// </summary>
internal sealed class EpochSampler
{
    private readonly long _seed;
    private readonly Lock _lock = new();
    private (int Epoch, int[] Order) _current = (0, []);

    public EpochSampler(int count, int batchSize, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        (Count, BatchSize, _seed) = (count, batchSize, seed);
    }

    public int Count { get; }

    public int BatchSize { get; }

    public int StepsPerEpoch => Math.Max(1, Count / BatchSize);

    /// <summary>The pairs of a batch. Any batch can be asked for at any time.</summary>
    public int[] IndicesOf(SamplerPosition position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position.Epoch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(position.Step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position.Step, StepsPerEpoch);
        var order = OrderOf(position.Epoch);
        return [.. Enumerable.Range(position.Step * BatchSize, BatchSize).Select(i => order[i % Count])];
    }

    public SamplerPosition After(SamplerPosition position) => position.Step + 1 < StepsPerEpoch
        ? position with { Step = position.Step + 1 }
        : new SamplerPosition(position.Epoch + 1, 0);

    private int[] OrderOf(int epoch)
    {
        lock (_lock)
        {
            if (_current.Epoch != epoch)
            {
                var order = Enumerable.Range(0, Count).ToArray();
                new SeededRandom(_seed, epoch, 0x5348).Shuffle<int>(order);
                _current = (epoch, order);
            }

            return _current.Order;
        }
    }
}
