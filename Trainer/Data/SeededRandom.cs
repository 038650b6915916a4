namespace FocalNet.Trainer.Data;

/// <summary>
/// Random numbers that depend on nothing but their key, on every machine and in every .NET version: SplitMix64
/// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) from a hash of the key.
/// Each sample draws from a generator of its own, keyed by seed, epoch and position, so that threads and
/// interruptions cannot change what is drawn.
/// </summary>
internal sealed class SeededRandom
{
    private ulong _state;

    public SeededRandom(params ReadOnlySpan<long> key)
    {
        var state = 0x243F6A8885A308D3UL;
        foreach (var part in key)
        {
            state = Mix(state ^ Mix((ulong)part + 0x9E3779B97F4A7C15UL));
        }

        _state = state;
    }

    public ulong NextBits() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>Evenly in 0 ≤ x &lt; 1.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Evenly between the two, for numbers that need no more than 24 bits.</summary>
    public float Range(float from, float to) => from + (to - from) * (float)((NextBits() >> 40) * (1.0 / (1 << 24)));

    /// <summary>Evenly in <paramref name="from"/> ≤ n &lt; <paramref name="to"/>.</summary>
    public int Range(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(to, from);
        return from + (int)Math.BigMul(NextBits(), (ulong)((long)to - from), out _);
    }

    public bool Chance(double probability) => NextDouble() < probability;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Range(0, choices.Length)];

    /// <summary>Fisher–Yates: every order is equally likely.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Range(0, i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
