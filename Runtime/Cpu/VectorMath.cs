using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Functions that generated kernels call, each for eight lanes and for one, under one name: the emitter prints one expression
/// for both. Where the framework has no scalar and vector pair that agree, the same polynomial is written for both.
/// </summary>
public static class VectorMath
{
    private const float Log2E = 1.44269504f, Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    /// <summary>
    /// Error function. Below 0.9277 an odd polynomial, above it 1 − exp(polynomial): both minimax fits within one unit in
    /// the last place (N. Juffa, https://stackoverflow.com/a/35148199). Absolute error below 1.2e-7.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Erf(Vector256<float> x)
    {
        // Beyond 4, erf is 1 in float; the clamp keeps the exponential in range. NaN passes through the comparison.
        var t = Vector256.Abs(x);
        t = Vector256.ConditionalSelect(Vector256.GreaterThan(t, Vector256.Create(4.1f)), Vector256.Create(4.1f), t);
        var s = t * t;
        var r = Madd(Vector256.Create(-1.72853470e-5f), t, Vector256.Create(3.83197126e-4f));
        var u = Madd(Vector256.Create(-3.88396438e-3f), t, Vector256.Create(2.42546219e-2f));
        r = Madd(r, s, u);
        r = Madd(r, t, Vector256.Create(-1.06777877e-1f));
        r = Madd(r, t, Vector256.Create(-6.34846687e-1f));
        r = Madd(r, t, Vector256.Create(-1.28717512e-1f));
        r = Madd(r, t, -t);
        var large = Vector256<float>.One - ExpNegative(r);
        var p = Madd(Vector256.Create(-5.96761703e-4f), s, Vector256.Create(4.99119423e-3f));
        p = Madd(p, s, Vector256.Create(-2.67681349e-2f));
        p = Madd(p, s, Vector256.Create(1.12819925e-1f));
        p = Madd(p, s, Vector256.Create(-3.76125336e-1f));
        p = Madd(p, s, Vector256.Create(1.28379166e-1f));
        var small = Madd(p, t, t);
        var magnitude = Vector256.ConditionalSelect(Vector256.GreaterThan(t, Vector256.Create(0.927734375f)), large, small);
        return Vector256.ConditionalSelect(Vector256.Create(-0f), x, magnitude);
    }

    /// <inheritdoc cref="Erf(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Erf(float x)
    {
        float t = MathF.Abs(x);
        t = t > 4.1f ? 4.1f : t;
        float s = t * t;
        if (t > 0.927734375f)
        {
            float r = Madd(-1.72853470e-5f, t, 3.83197126e-4f);
            float u = Madd(-3.88396438e-3f, t, 2.42546219e-2f);
            r = Madd(r, s, u);
            r = Madd(r, t, -1.06777877e-1f);
            r = Madd(r, t, -6.34846687e-1f);
            r = Madd(r, t, -1.28717512e-1f);
            r = Madd(r, t, -t);
            return MathF.CopySign(1f - ExpNegative(r), x);
        }

        float p = Madd(-5.96761703e-4f, s, 4.99119423e-3f);
        p = Madd(p, s, -2.67681349e-2f);
        p = Madd(p, s, 1.12819925e-1f);
        p = Madd(p, s, -3.76125336e-1f);
        p = Madd(p, s, 1.28379166e-1f);
        return MathF.CopySign(Madd(p, t, t), x);
    }

    /// <summary>e to the power x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x) => Vector256.Exp(x);

    /// <inheritdoc cref="Exp(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x) => MathF.Exp(x);

    /// <summary>Natural logarithm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Log(Vector256<float> x) => Vector256.Log(x);

    /// <inheritdoc cref="Log(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x) => MathF.Log(x);

    /// <summary>Sine, in radians.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sin(Vector256<float> x) => Vector256.Sin(x);

    /// <inheritdoc cref="Sin(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sin(float x) => MathF.Sin(x);

    /// <summary>Cosine, in radians.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Cos(Vector256<float> x) => Vector256.Cos(x);

    /// <inheritdoc cref="Cos(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Cos(float x) => MathF.Cos(x);

    /// <summary>Square root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sqrt(Vector256<float> x) => Vector256.Sqrt(x);

    /// <inheritdoc cref="Sqrt(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sqrt(float x) => MathF.Sqrt(x);

    /// <summary>1/x, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Reciprocal(Vector256<float> x) => Vector256<float>.One / x;

    /// <inheritdoc cref="Reciprocal(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reciprocal(float x) => 1f / x;

    /// <summary>Absolute value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Abs(Vector256<float> x) => Vector256.Abs(x);

    /// <inheritdoc cref="Abs(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Abs(float x) => MathF.Abs(x);

    /// <summary>−1, 0 or 1; 0 for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sign(Vector256<float> x) =>
        CompareGreater(x, Vector256<float>.Zero) - CompareGreater(Vector256<float>.Zero, x);

    /// <inheritdoc cref="Sign(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sign(float x) => CompareGreater(x, 0f) - CompareGreater(0f, x);

    /// <summary>The smaller of two, NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> x, Vector256<float> y) => Vector256.Min(x, y);

    /// <inheritdoc cref="Min(Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Min(float x, float y) => MathF.Min(x, y);

    /// <summary>The greater of two, NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> x, Vector256<float> y) => Vector256.Max(x, y);

    /// <inheritdoc cref="Max(Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(float x, float y) => MathF.Max(x, y);

    /// <summary>The largest of eight lanes; NaN if any is.</summary>
    public static float HorizontalMax(Vector256<float> x)
    {
        Vector128<float> four = Vector128.Max(x.GetLower(), x.GetUpper());
        float a = MathF.Max(four[0], four[1]), b = MathF.Max(four[2], four[3]);
        return MathF.Max(a, b);
    }

    /// <summary>1 where x = y, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> CompareEqual(Vector256<float> x, Vector256<float> y) => Vector256.Equals(x, y) & Vector256<float>.One;

    /// <inheritdoc cref="CompareEqual(Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float CompareEqual(float x, float y) => x == y ? 1f : 0f;

    /// <summary>1 where x &gt; y, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> CompareGreater(Vector256<float> x, Vector256<float> y) => Vector256.GreaterThan(x, y) & Vector256<float>.One;

    /// <inheritdoc cref="CompareGreater(Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float CompareGreater(float x, float y) => x > y ? 1f : 0f;

    /// <summary>1 where x ≥ y, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> CompareGreaterOrEqual(Vector256<float> x, Vector256<float> y) => Vector256.GreaterThanOrEqual(x, y) & Vector256<float>.One;

    /// <inheritdoc cref="CompareGreaterOrEqual(Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float CompareGreaterOrEqual(float x, float y) => x >= y ? 1f : 0f;

    /// <summary>Where the condition is not 0, the first, else the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Select(Vector256<float> condition, Vector256<float> first, Vector256<float> second) =>
        Vector256.ConditionalSelect(Vector256.Equals(condition, Vector256<float>.Zero), second, first);

    /// <inheritdoc cref="Select(Vector256{float}, Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Select(float condition, float first, float second) => condition == 0f ? second : first;

    /// <summary>x·y + z, fused where the processor can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> x, Vector256<float> y, Vector256<float> z) => Madd(x, y, z);

    /// <inheritdoc cref="MultiplyAdd(Vector256{float}, Vector256{float}, Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float x, float y, float z) => Madd(x, y, z);

    /// <summary>
    /// e to the power x for −87 &lt; x ≤ 0: 2^n·e^r with |r| ≤ ln 2 / 2, e^r from the polynomial of Cephes' <c>expf</c>. Half the work
    /// of the framework's exponential, which goes through double.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ExpNegative(Vector256<float> x)
    {
        var n = Vector256.Floor(Madd(x, Vector256.Create(Log2E), Vector256.Create(0.5f)));
        var r = Madd(n, Vector256.Create(-Ln2High), x);
        r = Madd(n, Vector256.Create(-Ln2Low), r);
        var p = Madd(Vector256.Create(1.9875691500e-4f), r, Vector256.Create(1.3981999507e-3f));
        p = Madd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Madd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Madd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Madd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Madd(p, r * r, r + Vector256<float>.One);
        var scale = (Vector256.ConvertToInt32(n) + Vector256.Create(127)) << 23;
        return p * scale.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ExpNegative(float x)
    {
        float n = MathF.Floor(Madd(x, Log2E, 0.5f));
        float r = Madd(n, -Ln2High, x);
        r = Madd(n, -Ln2Low, r);
        float p = Madd(1.9875691500e-4f, r, 1.3981999507e-3f);
        p = Madd(p, r, 8.3334519073e-3f);
        p = Madd(p, r, 4.1665795894e-2f);
        p = Madd(p, r, 1.6666665459e-1f);
        p = Madd(p, r, 5.0000001201e-1f);
        p = Madd(p, r * r, r + 1f);
        return p * BitConverter.Int32BitsToSingle(((int)n + 127) << 23);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Madd(Vector256<float> x, Vector256<float> y, Vector256<float> z) => Vector256.MultiplyAddEstimate(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Madd(float x, float y, float z) => float.MultiplyAddEstimate(x, y, z);
}
