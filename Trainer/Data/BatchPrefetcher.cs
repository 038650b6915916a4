namespace FocalNet.Trainer.Data;

/// <summary>
/// Prepares batches on other threads, at most a given number ahead, and hands them out in order. Since each
/// batch depends on its position alone, timing changes nothing about what comes. One consumer at a time.
/// </summary>
internal sealed class BatchPrefetcher : IDisposable
{
    private readonly BatchAssembler _assembler;
    private readonly int _ahead;
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<Task<Batch>> _underWay = new();
    private SamplerPosition _toStart;

    /// <param name="assembler">Makes the batches.</param>
    /// <param name="start">The first batch: the start, or where a saved run goes on.</param>
    /// <param name="ahead">How many batches are in preparation or waiting; each takes one thread.</param>
    public BatchPrefetcher(BatchAssembler assembler, SamplerPosition start, int ahead)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ahead, 1);
        (_assembler, _toStart, _ahead) = (assembler, start, ahead);
        while (_underWay.Count < _ahead)
        {
            StartOne();
        }
    }

    /// <summary>The next batch, which the caller disposes. What went wrong while preparing it is thrown here.</summary>
    public Batch Next(CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
        cancellation.ThrowIfCancellationRequested();
        var task = _underWay.Peek();
        WaitForEnd(task, cancellation);
        _underWay.Dequeue();
        StartOne();
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Stops preparing and waits until no thread touches the source any more.</summary>
    public void Dispose()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        _stop.Cancel();
        foreach (var task in _underWay)
        {
            WaitForEnd(task, CancellationToken.None);
            if (task.IsCompletedSuccessfully)
            {
                task.Result.Dispose();
            }
        }

    }

    /// <summary>Leaves a failure in the task: whoever asks for the result gets the exception itself.</summary>
    private static void WaitForEnd(Task task, CancellationToken cancellation)
    {
        try
        {
            task.Wait(cancellation);
        }
        catch (AggregateException)
        {
            // Kept in the task.
        }
    }

    private void StartOne()
    {
        var position = _toStart;
        _toStart = _assembler.Sampler.After(position);
        _underWay.Enqueue(Task.Run(() => _assembler.Assemble(position, _stop.Token)));
    }
}
