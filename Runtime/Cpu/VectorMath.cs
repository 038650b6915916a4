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

    // 1.5·2²³: adding it rounds to a whole number, which is then in the low bits.
    private const float Rounder = 12582912f;

    // From here on GELU is max(x, 0) but for less than 5e-8.
    private const float GeluEnd = 5.65f;

    /// <summary>
    /// Error function, 1 − 2^q(|x|) with a polynomial q that is minimax for the error of the result: absolute error below 1.3e-7.
    /// Near 0 the error stays absolute, which is what 1 + erf, in GELU, can see.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Erf(Vector256<float> x)
    {
        // From 4 on, erf is 1 in float. NaN is the second operand, which processors return.
        var t = Vector256.MinNative(Vector256.Create(4f), Vector256.Abs(x));
        var q = Madd(Vector256.Create(-4.53585453e-5f), t, Vector256.Create(4.45507263e-4f));
        q = Madd(q, t, Vector256.Create(-1.48944056e-3f));
        q = Madd(q, t, Vector256.Create(-7.74631277e-4f));
        q = Madd(q, t, Vector256.Create(2.8253682e-2f));
        q = Madd(q, t, Vector256.Create(-1.48481622e-1f));
        q = Madd(q, t, Vector256.Create(-9.18416381e-1f));
        q = Madd(q, t, Vector256.Create(-1.62790859f)) * t;
        var m = q + Vector256.Create(Rounder);
        var r = q - (m - Vector256.Create(Rounder));
        var p = MinusPowerOfTwo(r);
        var scale = (m.AsInt32() << 23) + Vector256<float>.One.AsInt32();
        var magnitude = Madd(p, scale.AsSingle(), Vector256<float>.One);
        return magnitude | (x & Vector256.Create(-0f));
    }

    /// <inheritdoc cref="Erf(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Erf(float x)
    {
        float t = MathF.Abs(x);
        t = t > 4f ? 4f : t;
        float q = Madd(-4.53585453e-5f, t, 4.45507263e-4f);
        q = Madd(q, t, -1.48944056e-3f);
        q = Madd(q, t, -7.74631277e-4f);
        q = Madd(q, t, 2.8253682e-2f);
        q = Madd(q, t, -1.48481622e-1f);
        q = Madd(q, t, -9.18416381e-1f);
        q = Madd(q, t, -1.62790859f) * t;
        float m = q + Rounder, r = q - (m - Rounder);
        float p = MinusPowerOfTwo(r);
        float scale = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(m) << 23) + BitConverter.SingleToInt32Bits(1f));
        return MathF.CopySign(Madd(p, scale, 1f), x);
    }

    /// <summary>
    /// x·(½ + ½·erf(x/√2)), the exact GELU, as max(x, 0) − |x|·½erfc(|x|/√2), and erfc as in <see cref="Erf(Vector256{float})"/>: absolute error
    /// below 5e-8 for negative x, where the result is small, and half of the last bit more for positive.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Gelu(Vector256<float> x)
    {
        // From there on the second term is less than 5e-8. NaN is the second operand, which processors return.
        var a = Vector256.MinNative(Vector256.Create(GeluEnd), Vector256.Abs(x));
        var q = Madd(Vector256.Create(-2.83490908e-6f), a, Vector256.Create(3.937765e-5f));
        q = Madd(q, a, Vector256.Create(-1.8618007e-4f));
        q = Madd(q, a, Vector256.Create(-1.36936753e-4f));
        q = Madd(q, a, Vector256.Create(7.06342049e-3f));
        q = Madd(q, a, Vector256.Create(-5.24961799e-2f));
        q = Madd(q, a, Vector256.Create(-4.5920819e-1f));
        q = Madd(q, a, Vector256.Create(-1.15110517f)) * a;
        var m = q + Vector256.Create(Rounder);
        var r = q - (m - Vector256.Create(Rounder));
        var p = MinusPowerOfTwo(r);
        var half = (m.AsInt32() << 23) + Vector256.Create(0.5f).AsInt32();
        return Madd(half.AsSingle() * a, p, Vector256.MaxNative(Vector256<float>.Zero, x));
    }

    /// <inheritdoc cref="Gelu(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Gelu(float x)
    {
        float a = MathF.Abs(x);
        a = a > GeluEnd ? GeluEnd : a;
        float q = Madd(-2.83490908e-6f, a, 3.937765e-5f);
        q = Madd(q, a, -1.8618007e-4f);
        q = Madd(q, a, -1.36936753e-4f);
        q = Madd(q, a, 7.06342049e-3f);
        q = Madd(q, a, -5.24961799e-2f);
        q = Madd(q, a, -4.5920819e-1f);
        q = Madd(q, a, -1.15110517f) * a;
        float m = q + Rounder, r = q - (m - Rounder);
        float p = MinusPowerOfTwo(r);
        float half = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(m) << 23) + BitConverter.SingleToInt32Bits(0.5f));
        return Madd(half * a, p, x > 0f ? x : 0f);
    }

    /// <summary>−2^r for |r| ≤ ½, as <see cref="Erf(Vector256{float})"/> and <see cref="Gelu(Vector256{float})"/> use it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> MinusPowerOfTwo(Vector256<float> r)
    {
        var p = Madd(Vector256.Create(-1.54780239e-4f), r, Vector256.Create(-1.34004315e-3f));
        p = Madd(p, r, Vector256.Create(-9.61799454e-3f));
        p = Madd(p, r, Vector256.Create(-5.55032715e-2f));
        p = Madd(p, r, Vector256.Create(-2.40226522e-1f));
        p = Madd(p, r, Vector256.Create(-6.93147182e-1f));
        return Madd(p, r, Vector256.Create(-1f));
    }

    /// <inheritdoc cref="MinusPowerOfTwo(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float MinusPowerOfTwo(float r)
    {
        float p = Madd(-1.54780239e-4f, r, -1.34004315e-3f);
        p = Madd(p, r, -9.61799454e-3f);
        p = Madd(p, r, -5.55032715e-2f);
        p = Madd(p, r, -2.40226522e-1f);
        p = Madd(p, r, -6.93147182e-1f);
        return Madd(p, r, -1f);
    }

    /// <summary>
    /// e to the power x: 2^n·e^r with |r| ≤ ln 2 / 2, e^r from the polynomial of Cephes' <c>expf</c>; relative error below 2e-7. Half the
    /// work of the framework's exponential, which goes through double.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        // Beyond these the result is 0 or infinity. NaN is the second operand, which processors return.
        x = Vector256.MaxNative(Vector256.Create(-105f), Vector256.MinNative(Vector256.Create(89f), x));
        var m = Madd(x, Vector256.Create(Log2E), Vector256.Create(Rounder));
        var n = m - Vector256.Create(Rounder);
        var r = Madd(n, Vector256.Create(-Ln2High), x);
        r = Madd(n, Vector256.Create(-Ln2Low), r);
        var p = Madd(Vector256.Create(1.9875691500e-4f), r, Vector256.Create(1.3981999507e-3f));
        p = Madd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Madd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Madd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Madd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Madd(p, r * r, r + Vector256<float>.One);
        // In two steps, since 2^n alone may be subnormal or infinite where the result is not.
        var whole = (m.AsInt32() << 10) >> 10;
        var half = whole >> 1;
        var one = Vector256<float>.One.AsInt32();
        return p * ((half << 23) + one).AsSingle() * (((whole - half) << 23) + one).AsSingle();
    }

    /// <inheritdoc cref="Exp(Vector256{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        x = x > 89f ? 89f : x < -105f ? -105f : x;
        float m = Madd(x, Log2E, Rounder), n = m - Rounder;
        float r = Madd(n, -Ln2High, x);
        r = Madd(n, -Ln2Low, r);
        float p = Madd(1.9875691500e-4f, r, 1.3981999507e-3f);
        p = Madd(p, r, 8.3334519073e-3f);
        p = Madd(p, r, 4.1665795894e-2f);
        p = Madd(p, r, 1.6666665459e-1f);
        p = Madd(p, r, 5.0000001201e-1f);
        p = Madd(p, r * r, r + 1f);
        int whole = (BitConverter.SingleToInt32Bits(m) << 10) >> 10, half = whole >> 1, one = BitConverter.SingleToInt32Bits(1f);
        return p * BitConverter.Int32BitsToSingle((half << 23) + one) * BitConverter.Int32BitsToSingle(((whole - half) << 23) + one);
    }

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Madd(Vector256<float> x, Vector256<float> y, Vector256<float> z) => Vector256.MultiplyAddEstimate(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Madd(float x, float y, float z) => float.MultiplyAddEstimate(x, y, z);
}
