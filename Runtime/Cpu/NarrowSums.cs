using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Eight sums of one row of a register tile, in vectors of four lanes, for processors without vectors of 256 bits. A tile of six such
/// rows, the eight numbers that it multiplies with and one factor take 15 registers; SSE has 16.
/// </summary>
internal unsafe struct NarrowSums8
{
    private Vector128<float> a, b;

    /// <summary>Sums to go on with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowSums8 Load(float* from) => new() { a = Vector128.Load(from), b = Vector128.Load(from + 4) };

    /// <summary>Adds *factor · x to the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* factor, Vector128<float> x0, Vector128<float> x1)
    {
        Vector128<float> f = NarrowVector.Factor(factor);
        a = NarrowVector.MultiplyAdd(f, x0, a);
        b = NarrowVector.MultiplyAdd(f, x1, b);
    }

    /// <summary>Writes the eight sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to)
    {
        a.Store(to);
        b.Store(to + 4);
    }
}

/// <summary>
/// Sixteen sums of one row: six rows, what they multiply with and one factor take 29 registers. Arm has 32, and 24 sums keep four units
/// busy, whose results take four cycles; with twelve sums a fourth of them would wait.
/// </summary>
internal unsafe struct NarrowSums16
{
    private Vector128<float> a, b, c, d;

    /// <summary>All of them together.</summary>
    public readonly float Sum => Vector128.Sum(a + b + c + d);

    /// <summary>Sums to go on with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowSums16 Load(float* from) =>
        new() { a = Vector128.Load(from), b = Vector128.Load(from + 4), c = Vector128.Load(from + 8), d = Vector128.Load(from + 12) };

    /// <summary>Adds *factor · x to the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float* factor, Vector128<float> x0, Vector128<float> x1, Vector128<float> x2, Vector128<float> x3) =>
        Add(NarrowVector.Factor(factor), x0, x1, x2, x3);

    /// <summary>Adds factor · x, with a factor from <see cref="NarrowVector.Factor"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector128<float> factor, Vector128<float> x0, Vector128<float> x1, Vector128<float> x2, Vector128<float> x3)
    {
        a = NarrowVector.MultiplyAdd(factor, x0, a);
        b = NarrowVector.MultiplyAdd(factor, x1, b);
        c = NarrowVector.MultiplyAdd(factor, x2, c);
        d = NarrowVector.MultiplyAdd(factor, x3, d);
    }

    /// <summary>Writes the sixteen sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* to)
    {
        a.Store(to);
        b.Store(to + 4);
        c.Store(to + 8);
        d.Store(to + 12);
    }
}
