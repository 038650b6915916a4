using System.Runtime.ExceptionServices;

namespace FocalNet.Trainer.Data;

/// <summary>
/// A batch in preparation. Its items may be loaded in any order and on any threads, each once; what comes of it, an error
/// included, does not depend on the order.
/// </summary>
/// <param name="position">Its place in training.</param>
/// <param name="next">The place after it.</param>
/// <param name="indices">The pairs.</param>
/// <param name="load">Loads an item: by place, number within the batch, and number of the pair.</param>
/// <param name="pool">Where its buffers come from.</param>
internal sealed class PendingBatch(
    SamplerPosition position, SamplerPosition next, int[] indices, Func<SamplerPosition, int, int, (PicturePair Pair, PairCrop Crop)> load, BufferPool pool) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Exception?[] _failures = new Exception?[indices.Length];
    private readonly (string Name, int Width, int Height)[] _sizes = new (string, int, int)[indices.Length];
    private Batch? _batch;
    private int _loaded;

    /// <summary>Number of its items.</summary>
    public int Count => indices.Length;

    /// <summary>Whether all items are there, or have failed.</summary>
    public bool IsComplete => Volatile.Read(ref _loaded) == Count;

    /// <summary>Loads an item and puts its crop in place; a failure is kept for <see cref="Take"/>.</summary>
    public void Load(int item)
    {
        try
        {
            var (pair, crop) = load(position, item, indices[item]);
            _sizes[item] = (pair.Name, crop.Width, crop.Height);
            var batch = BatchFor(crop);
            if ((crop.Width, crop.Height) == (batch.Width, batch.Height))
            {
                var length = 3 * crop.Height * crop.Width;
                crop.Copy(pair.Input, batch.Input.AsSpan(item * length, length));
                crop.Copy(pair.Target, batch.Target.AsSpan(item * length, length));
                batch.Names[item] = pair.Name;
            }
        }
        catch (Exception e)
        {
            _failures[item] = e;
        }

        Interlocked.Increment(ref _loaded);
    }

    /// <summary>The batch, which is the caller's from then on.</summary>
    /// <exception cref="DataSetException">Whole pictures of different sizes are to share a batch.</exception>
    public Batch Take()
    {
        if (Array.Find(_failures, failure => failure is not null) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        var (first, width, height) = _sizes[0];
        foreach (var other in _sizes)
        {
            if ((other.Width, other.Height) != (width, height))
            {
                throw new DataSetException(other.Name,
                    $"as a whole it takes {other.Width}×{other.Height}, but '{first}' in the same batch {width}×{height}.", "Set a crop size, or a batch size of 1.");
            }
        }

        lock (_lock)
        {
            var batch = _batch!;
            _batch = null;
            return batch;
        }
    }

    /// <summary>Gives the buffers of a batch back that was not taken.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _batch?.Dispose();
            _batch = null;
        }
    }

    /// <summary>The first item that arrives decides the size; of another size, none is put in place.</summary>
    private Batch BatchFor(PairCrop crop)
    {
        lock (_lock)
        {
            return _batch ??= new Batch(Count, crop.Height, crop.Width, position, next, pool);
        }
    }
}
