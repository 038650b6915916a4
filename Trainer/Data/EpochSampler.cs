namespace FocalNet.Trainer.Data;

/// <summary>A place in training: the batch that comes next. It is all that a resumed run needs to go on exactly.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Step">Batch within the epoch, from 0; with accumulation, several of them are one step of training.</param>
internal readonly record struct SamplerPosition(int Epoch, int Step)
{
    public static SamplerPosition Start { get; } = new(1, 0);
}

/// <summary>
/// How the pictures of one training step are divided: over processes, and in each over several batches. All together see the
/// pictures, crops and flips that one batch of all of them would have.
/// </summary>
/// <param name="Accumulate">Batches of a process in a step.</param>
/// <param name="Processes">Processes.</param>
/// <param name="Rank">This process, from 0.</param>
internal sealed record BatchDivision(int Accumulate = 1, int Processes = 1, int Rank = 0)
{
    public static BatchDivision Whole { get; } = new();
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

    private readonly BatchDivision _division;

    public EpochSampler(int count, int batchSize, long seed, BatchDivision? division = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        (Count, BatchSize, _seed, _division) = (count, batchSize, seed, division ?? BatchDivision.Whole);
        PicturesPerUpdate = checked(batchSize * _division.Accumulate * _division.Processes);
    }

    public int Count { get; }

    /// <summary>Pairs in a batch of one process.</summary>
    public int BatchSize { get; }

    /// <summary>Pairs that a step of the optimizer sees, over all processes.</summary>
    public int PicturesPerUpdate { get; }

    /// <summary>Steps of the optimizer in an epoch.</summary>
    public int UpdatesPerEpoch => Math.Max(1, Count / PicturesPerUpdate);

    /// <summary>Batches of this process in an epoch.</summary>
    public int StepsPerEpoch => UpdatesPerEpoch * _division.Accumulate;

    /// <summary>Where a step of the optimizer begins, counted from 1 over all epochs.</summary>
    public SamplerPosition StartOf(long update) => new(
        checked((int)((update - 1) / UpdatesPerEpoch) + 1), (int)((update - 1) % UpdatesPerEpoch) * _division.Accumulate);

    /// <summary>The step of the optimizer within its epoch that a batch belongs to, and its first place among that step's pairs.</summary>
    public (int Update, int First) PlaceOf(SamplerPosition position)
    {
        var (update, part) = Math.DivRem(position.Step, _division.Accumulate);
        return (update, (part * _division.Processes + _division.Rank) * BatchSize);
    }

    /// <summary>The pairs of a batch. Any batch can be asked for at any time.</summary>
    public int[] IndicesOf(SamplerPosition position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position.Epoch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(position.Step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position.Step, StepsPerEpoch);
        var order = OrderOf(position.Epoch);
        var (update, first) = PlaceOf(position);
        return [.. Enumerable.Range(0, BatchSize).Select(i => order[(int)(((long)update * PicturesPerUpdate + first + i) % Count)])];
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
