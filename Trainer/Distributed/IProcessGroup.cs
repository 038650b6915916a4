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

    /// <summary>Ends all processes at once, when this one can't go on and the others wait for it elsewhere than in an agreement.</summary>
    void Abort(int exitCode);
}

/// <summary>What a process wants to happen next; the strongest wish is done by all.</summary>
internal enum Wish
{
    GoOn,
    Stop,
    Fail,
}

/// <summary>
/// Agreements of a group: each process comes to the same ones in the same order, one that has failed to its next one, so that none waits
/// for ever.
/// </summary>
internal sealed class Agreement(IProcessGroup group)
{
    /// <summary>Whether all processes know that one has failed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The strongest of all wishes.</summary>
    public Wish On(Wish wish)
    {
        var agreed = (Wish)group.Max((int)wish);
        HasFailed |= agreed == Wish.Fail;
        return agreed;
    }

    /// <summary>Lets the others know at their next agreement, unless they know already.</summary>
    public void Fail()
    {
        if (!HasFailed)
        {
            On(Wish.Fail);
        }
    }

    /// <summary>All have seen the same failure by themselves.</summary>
    public void FailTogether() => HasFailed = true;
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
