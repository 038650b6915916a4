using System.Collections.Concurrent;

namespace FocalNet.Trainer.Data;

/// <summary>Pictures as the network takes them: NCHW, RGB, 0…1. Disposing gives the buffers back for reuse.</summary>
internal sealed class Batch : IDisposable
{
    private BufferPool? _pool;

    public Batch(int count, int height, int width, SamplerPosition position, SamplerPosition next, BufferPool pool)
    {
        (Count, Height, Width, Position, Next, _pool) = (count, height, width, position, next, pool);
        Names = new string[count];
        Input = pool.Rent(checked(count * 3 * height * width));
        Target = pool.Rent(Input.Length);
    }

    public int Count { get; }

    public int Height { get; }

    public int Width { get; }

    /// <summary>Degraded pictures, Count×3×Height×Width.</summary>
    public float[] Input { get; }

    /// <summary>Clear pictures, Count×3×Height×Width.</summary>
    public float[] Target { get; }

    public string[] Names { get; }

    public SamplerPosition Position { get; }

    /// <summary>The position to save once this batch has been trained on.</summary>
    public SamplerPosition Next { get; }

    public bool IsLastOfEpoch => Next.Epoch != Position.Epoch;

    public void Dispose()
    {
        var pool = Interlocked.Exchange(ref _pool, null);
        pool?.Return(Input);
        pool?.Return(Target);
    }
}

/// <summary>Buffers by exact length, since batches of a training run are all alike.</summary>
internal sealed class BufferPool
{
    private const int KeptPerLength = 16;
    private readonly ConcurrentDictionary<int, ConcurrentBag<float[]>> _free = [];

    public float[] Rent(int length) =>
        _free.TryGetValue(length, out var bag) && bag.TryTake(out var buffer) ? buffer : new float[length];

    public void Return(float[] buffer)
    {
        var bag = _free.GetOrAdd(buffer.Length, _ => []);
        if (bag.Count < KeptPerLength)
        {
            bag.Add(buffer);
        }
    }
}
