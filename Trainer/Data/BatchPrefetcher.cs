namespace FocalNet.Trainer.Data;

/// <summary>
/// Prepares batches on threads of its own, at most a given number ahead, and hands them out in order. The threads share the
/// work pair by pair, so that also a single batch is ready the sooner the more there are. Since each batch depends on
/// its position alone, timing changes nothing about what comes. One consumer at a time.
/// </summary>
internal sealed class BatchPrefetcher : IDisposable
{
    private const int MostDecoders = 8;

    private readonly BatchAssembler _assembler;
    private readonly object _gate = new();
    private readonly Queue<PendingBatch> _underWay = new();
    private readonly Queue<(PendingBatch Batch, int Item)> _toLoad = new();
    private readonly Thread[] _decoders;
    private SamplerPosition _toStart;
    private bool _isStopped;

    /// <param name="assembler">Makes the batches.</param>
    /// <param name="start">The first batch: the start, or where a saved run goes on.</param>
    /// <param name="ahead">How many batches are in preparation or waiting.</param>
    /// <param name="decoders">Threads that read, degrade and crop; half of the processors if not given, at least two.</param>
    public BatchPrefetcher(BatchAssembler assembler, SamplerPosition start, int ahead, int? decoders = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ahead, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(decoders ?? 1, 1, nameof(decoders));
        (_assembler, _toStart) = (assembler, start);
        for (var i = 0; i < ahead; i++)
        {
            StartOne();
        }

        _decoders = new Thread[decoders ?? DefaultDecoders];
        for (var i = 0; i < _decoders.Length; i++)
        {
            _decoders[i] = new Thread(Decode) { IsBackground = true, Name = $"decoder {i}" };
            _decoders[i].Start();
        }
    }

    /// <summary>Training needs the processors too; two keep a slow disk from standing in the way.</summary>
    public static int DefaultDecoders => Math.Clamp(Environment.ProcessorCount / 2, 2, MostDecoders);

    /// <summary>The next batch, which the caller disposes. What went wrong while preparing it is thrown here.</summary>
    public Batch Next(CancellationToken cancellation = default)
    {
        PendingBatch first;
        using (cancellation.UnsafeRegister(static gate => Wake(gate!), _gate))
        {
            lock (_gate)
            {
                while (true)
                {
                    ObjectDisposedException.ThrowIf(_isStopped, this);
                    cancellation.ThrowIfCancellationRequested();
                    if (_underWay.Peek().IsComplete)
                    {
                        break;
                    }

                    Monitor.Wait(_gate);
                }

                first = _underWay.Dequeue();
                StartOne();
                Monitor.PulseAll(_gate);
            }
        }

        using (first)
        {
            return first.Take();
        }
    }

    /// <summary>Stops preparing and waits until no thread touches the source any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var decoder in _decoders)
        {
            decoder.Join();
        }

        while (_underWay.TryDequeue(out var pending))
        {
            pending.Dispose();
        }
    }

    private static void Wake(object gate)
    {
        lock (gate)
        {
            Monitor.PulseAll(gate);
        }
    }

    private void Decode()
    {
        while (true)
        {
            (PendingBatch Batch, int Item) work;
            lock (_gate)
            {
                while (!_isStopped && _toLoad.Count == 0)
                {
                    Monitor.Wait(_gate);
                }

                if (_isStopped)
                {
                    return;
                }

                work = _toLoad.Dequeue();
            }

            work.Batch.Load(work.Item);
            if (work.Batch.IsComplete)
            {
                Wake(_gate);
            }
        }
    }

    private void StartOne()
    {
        var pending = _assembler.Begin(_toStart);
        _toStart = _assembler.Sampler.After(_toStart);
        _underWay.Enqueue(pending);
        for (var item = 0; item < pending.Count; item++)
        {
            _toLoad.Enqueue((pending, item));
        }
    }
}
