namespace FocalNet.Trainer.Distributed;

/// <summary>The processes that train one network together. Every process makes the same calls in the same order.</summary>
internal interface IProcessGroup : IDisposable
{
    /// <summary>This process, from 0. Number 0 validates, writes and speaks for all.</summary>
    int Rank { get; }

    /// <summary>Processes.</summary>
    int Size { get; }

    /// <summary>One line for people.</summary>
    string Description { get; }

    /// <summary>Replaces each value by its mean over the processes, the same bits in each.</summary>
    void Average(Span<float> values);

    /// <summary>The largest of what the processes have.</summary>
    int Max(int value);

    /// <summary>Ends all processes at once, when this one can't go on and the others would wait for it.</summary>
    void Abort(int exitCode);
}

/// <summary>One process alone.</summary>
internal sealed class SingleProcess : IProcessGroup
{
    public int Rank => 0;

    public int Size => 1;

    public string Description => "one process";

    public void Average(Span<float> values)
    {
    }

    public int Max(int value) => value;

    public void Abort(int exitCode)
    {
    }

    public void Dispose()
    {
    }
}
