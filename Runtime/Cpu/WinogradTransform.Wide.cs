using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The same transforms for sixteen channels at a time, where there are 32 registers of 512 bits. The second pass begins when a
/// pair of lines of the first is done, so that nothing between the passes goes through memory: stores are what these transforms
/// would otherwise wait for. Every element is computed as in the narrow ones, to the last bit.
/// </summary>
internal static unsafe partial class WinogradTransform
{
    /// <summary>v[6·i + j] = (Bᵀ d B)[i, j] for sixteen channels.</summary>
    /// <param name="d">The tile's first input pixel.</param>
    /// <param name="row">Floats from one of its rows to the next.</param>
    /// <param name="pixel">Floats from one of its pixels to the next.</param>
    /// <param name="v">The first product's input.</param>
    /// <param name="product">Floats from one product's input to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InputWide(float* d, nint row, nint pixel, float* v, nint product)
    {
        float* far = d + (3 * row);
        InputLineWide(
            InputFirst(d, pixel), InputFirst(d + row, pixel), InputFirst(d + (2 * row), pixel),
            InputFirst(far, pixel), InputFirst(far + row, pixel), InputFirst(far + (2 * row), pixel), v, product);
        float* next = d + pixel, nextFar = far + pixel;
        InputLineWide(
            InputFirst(next, pixel), InputFirst(next + row, pixel), InputFirst(next + (2 * row), pixel),
            InputFirst(nextFar, pixel), InputFirst(nextFar + row, pixel), InputFirst(nextFar + (2 * row), pixel), v + (5 * product), product);
        InputPairWide(d, far, row, pixel, B2, A, v + product, product);
        InputPairWide(d, far, row, pixel, A2, B, v + (3 * product), product);
    }

    /// <summary>y[4·i + j] = (Aᵀ m A)[i, j] for sixteen channels.</summary>
    /// <param name="m">The first product.</param>
    /// <param name="product">Floats from one product to the next.</param>
    /// <param name="y">The first output.</param>
    /// <param name="output">Floats from one output to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputWide(float* m, nint product, float* y, nint output)
    {
        nint row = Inputs * product;
        float* far = m + (3 * row);
        var (a0, b0) = OutputEven(m, product);
        var (a1, b1) = OutputEven(m + row, product);
        var (a2, b2) = OutputEven(m + (2 * row), product);
        var (a3, b3) = OutputEven(far, product);
        var (a4, b4) = OutputEven(far + row, product);
        var (a5, b5) = OutputEven(far + (2 * row), product);
        OutputLineWide(a0, a1, a2, a3, a4, a5, y, Outputs * output);
        OutputLineWide(b0, b1, b2, b3, b4, b5, y + (2 * output), Outputs * output);
        (a0, b0) = OutputOdd(m, product);
        (a1, b1) = OutputOdd(m + row, product);
        (a2, b2) = OutputOdd(m + (2 * row), product);
        (a3, b3) = OutputOdd(far, product);
        (a4, b4) = OutputOdd(far + row, product);
        (a5, b5) = OutputOdd(far + (2 * row), product);
        OutputLineWide(a0, a1, a2, a3, a4, a5, y + output, Outputs * output);
        OutputLineWide(b0, b1, b2, b3, b4, b5, y + (3 * output), Outputs * output);
    }

    /// <summary>z[6·i + j] = (A g Aᵀ)[i, j] for sixteen channels.</summary>
    /// <param name="g">The first of 4×4 gradients.</param>
    /// <param name="row">Floats from one row of gradients to the next.</param>
    /// <param name="pixel">Floats from one gradient to the next.</param>
    /// <param name="z">The first product's gradient.</param>
    /// <param name="product">Floats from one product's gradient to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputAdjointWide(float* g, nint row, nint pixel, float* z, nint product)
    {
        float* far = g + (2 * row);
        nint step = Inputs * product;
        OutputAdjointLineWide(Vector512.Load(g), Vector512.Load(g + row), Vector512.Load(far), Vector512.Load(far + row), z, step);
        nint last = 3 * pixel;
        OutputAdjointLineWide(
            Vector512.Load(g + last), Vector512.Load(g + row + last), Vector512.Load(far + last), Vector512.Load(far + row + last), z + (5 * product), step);
        OutputAdjointPairWide(g, far, row, pixel, A2, A, z + product, product);
        OutputAdjointPairWide(g, far, row, pixel, B2, B, z + (3 * product), product);
    }

    /// <summary>The first of a line's six results; called for its second pixel, the last of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> InputFirst(float* d, nint pixel) =>
        Madd(Vector512.Create(Both), Vector512.Load(d), Madd(Vector512.Create(-Sum), Vector512.Load(d + (2 * pixel)), Vector512.Load(d + (4 * pixel))));

    /// <summary>Columns 1 and 2, or 3 and 4: sum and difference of what is even and odd in the point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputPairWide(float* d, float* far, nint row, nint pixel, float other, float point, float* v, nint product)
    {
        var (p0, m0) = InputPair(d, pixel, other, point);
        var (p1, m1) = InputPair(d + row, pixel, other, point);
        var (p2, m2) = InputPair(d + (2 * row), pixel, other, point);
        var (p3, m3) = InputPair(far, pixel, other, point);
        var (p4, m4) = InputPair(far + row, pixel, other, point);
        var (p5, m5) = InputPair(far + (2 * row), pixel, other, point);
        InputLineWide(p0, p1, p2, p3, p4, p5, v, product);
        InputLineWide(m0, m1, m2, m3, m4, m5, v + product, product);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Plus, Vector512<float> Minus) InputPair(float* d, nint pixel, float other, float point)
    {
        var even = Madd(Vector512.Create(-other), Vector512.Load(d + (2 * pixel)), Vector512.Load(d + (4 * pixel)));
        var odd = Madd(Vector512.Create(-other), Vector512.Load(d + pixel), Vector512.Load(d + (3 * pixel)));
        return (Madd(Vector512.Create(point), odd, even), Madd(Vector512.Create(-point), odd, even));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputLineWide(
        Vector512<float> d0, Vector512<float> d1, Vector512<float> d2, Vector512<float> d3, Vector512<float> d4, Vector512<float> d5, float* to, nint product)
    {
        nint step = Inputs * product;
        float* far = to + (3 * step);
        Madd(Vector512.Create(Both), d0, Madd(Vector512.Create(-Sum), d2, d4)).Store(to);
        Madd(Vector512.Create(Both), d1, Madd(Vector512.Create(-Sum), d3, d5)).Store(far + (2 * step));
        var even = Madd(Vector512.Create(-B2), d2, d4);
        var odd = Madd(Vector512.Create(-B2), d1, d3);
        Madd(Vector512.Create(A), odd, even).Store(to + step);
        Madd(Vector512.Create(-A), odd, even).Store(to + (2 * step));
        even = Madd(Vector512.Create(-A2), d2, d4);
        odd = Madd(Vector512.Create(-A2), d1, d3);
        Madd(Vector512.Create(B), odd, even).Store(far);
        Madd(Vector512.Create(-B), odd, even).Store(far + step);
    }

    /// <summary>Results 0 and 2 of a line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Zero, Vector512<float> Two) OutputEven(float* m, nint product)
    {
        float* far = m + (3 * product);
        var evenA = Vector512.Load(m + product) + Vector512.Load(m + (2 * product));
        var evenB = Vector512.Load(far) + Vector512.Load(far + product);
        return (Vector512.Load(m) + evenA + evenB, Madd(Vector512.Create(B2), evenB, Vector512.Create(A2) * evenA));
    }

    /// <summary>Results 1 and 3 of a line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> One, Vector512<float> Three) OutputOdd(float* m, nint product)
    {
        float* far = m + (3 * product);
        var oddA = Vector512.Load(m + product) - Vector512.Load(m + (2 * product));
        var oddB = Vector512.Load(far) - Vector512.Load(far + product);
        var three = Madd(Vector512.Create(A2 * A), oddA, Vector512.Load(far + (2 * product)));
        return (Madd(Vector512.Create(B), oddB, Vector512.Create(A) * oddA), Madd(Vector512.Create(B2 * B), oddB, three));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputLineWide(
        Vector512<float> m0, Vector512<float> m1, Vector512<float> m2, Vector512<float> m3, Vector512<float> m4, Vector512<float> m5, float* to, nint step)
    {
        var evenA = m1 + m2;
        var oddA = m1 - m2;
        var evenB = m3 + m4;
        var oddB = m3 - m4;
        (m0 + evenA + evenB).Store(to);
        Madd(Vector512.Create(B), oddB, Vector512.Create(A) * oddA).Store(to + step);
        Madd(Vector512.Create(B2), evenB, Vector512.Create(A2) * evenA).Store(to + (2 * step));
        Madd(Vector512.Create(B2 * B), oddB, Madd(Vector512.Create(A2 * A), oddA, m5)).Store(to + (3 * step));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputAdjointPairWide(float* g, float* far, nint row, nint pixel, float square, float point, float* z, nint product)
    {
        var (p0, m0) = OutputAdjointPair(g, pixel, square, point);
        var (p1, m1) = OutputAdjointPair(g + row, pixel, square, point);
        var (p2, m2) = OutputAdjointPair(far, pixel, square, point);
        var (p3, m3) = OutputAdjointPair(far + row, pixel, square, point);
        OutputAdjointLineWide(p0, p1, p2, p3, z, Inputs * product);
        OutputAdjointLineWide(m0, m1, m2, m3, z + product, Inputs * product);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Plus, Vector512<float> Minus) OutputAdjointPair(float* g, nint pixel, float square, float point)
    {
        var even = Madd(Vector512.Create(square), Vector512.Load(g + (2 * pixel)), Vector512.Load(g));
        var odd = Madd(Vector512.Create(square), Vector512.Load(g + (3 * pixel)), Vector512.Load(g + pixel));
        return (Madd(Vector512.Create(point), odd, even), Madd(Vector512.Create(-point), odd, even));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputAdjointLineWide(Vector512<float> g0, Vector512<float> g1, Vector512<float> g2, Vector512<float> g3, float* to, nint step)
    {
        float* far = to + (3 * step);
        g0.Store(to);
        g3.Store(far + (2 * step));
        var even = Madd(Vector512.Create(A2), g2, g0);
        var odd = Madd(Vector512.Create(A2), g3, g1);
        Madd(Vector512.Create(A), odd, even).Store(to + step);
        Madd(Vector512.Create(-A), odd, even).Store(to + (2 * step));
        even = Madd(Vector512.Create(B2), g2, g0);
        odd = Madd(Vector512.Create(B2), g3, g1);
        Madd(Vector512.Create(B), odd, even).Store(far);
        Madd(Vector512.Create(-B), odd, even).Store(far + step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Madd(Vector512<float> x, Vector512<float> y, Vector512<float> z) => Vector512.MultiplyAddEstimate(x, y, z);
}
