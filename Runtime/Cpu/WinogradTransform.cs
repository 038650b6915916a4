using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The transforms of Winograd's F(4×4, 3×3) (A. Lavin and S. Gray, https://arxiv.org/abs/1509.09308), eight channels at a
/// time: a tile of 4×4 outputs is 36 products of a transformed 6×6 tile of inputs, in place of 144.
/// </summary>
/// <remarks>
/// The interpolation points are 0, ±<see cref="A"/>, ±<see cref="B"/> and ∞. All three matrices follow from the Toom-Cook
/// construction with M(t) = t·(t² − A²)·(t² − B²); the customary 1 and 2 are the special case with small integers, these
/// lose less: see docs/benchmarks/cpu-kernels.md.
/// </remarks>
internal static unsafe partial class WinogradTransform
{
    /// <summary>Outputs of a tile along one axis.</summary>
    public const int Outputs = 4;

    /// <summary>Inputs of a tile along one axis, and products.</summary>
    public const int Inputs = 6;

    /// <summary>Products of a tile.</summary>
    public const int Products = Inputs * Inputs;

    private const float A = 0.625f, B = 1.5f;
    private const float A2 = A * A, B2 = B * B, Both = A2 * B2, Sum = A2 + B2;
    private const float OverA = 1 / (2 * A2 * (A2 - B2)), OverB = 1 / (2 * B2 * (B2 - A2));

    /// <summary>v[6·i + j] = (Bᵀ d B)[i, j] for eight channels.</summary>
    /// <param name="d">The tile's first input pixel.</param>
    /// <param name="row">Floats from one of its rows to the next.</param>
    /// <param name="pixel">Floats from one of its pixels to the next.</param>
    /// <param name="v">The first product's input.</param>
    /// <param name="product">Floats from one product's input to the next.</param>
    /// <param name="temporary">36 · 8 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* d, nint row, nint pixel, float* v, nint product, float* temporary)
    {
        float* t = temporary;
        for (int i = 0; i < Inputs; i++, d += row, t += 8)
            InputLine(d, pixel, t, Inputs * 8);
        t = temporary;
        for (int j = 0; j < Inputs; j++, t += Inputs * 8, v += product)
            InputLine(t, 8, v, Inputs * product);
    }

    /// <summary>y[4·i + j] = (Aᵀ m A)[i, j] for eight channels.</summary>
    /// <param name="m">The first product.</param>
    /// <param name="product">Floats from one product to the next.</param>
    /// <param name="y">The first output.</param>
    /// <param name="output">Floats from one output to the next.</param>
    /// <param name="temporary">24 · 8 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* m, nint product, float* y, nint output, float* temporary)
    {
        float* t = temporary;
        for (int i = 0; i < Inputs; i++, m += Inputs * product, t += 8)
            OutputLine(m, product, t, Inputs * 8);
        t = temporary;
        for (int j = 0; j < Outputs; j++, t += Inputs * 8, y += output)
            OutputLine(t, 8, y, Outputs * output);
    }

    /// <summary>z[6·i + j] = (A g Aᵀ)[i, j] for eight channels: the adjoint of <see cref="Output"/>.</summary>
    /// <param name="g">The first of 4×4 gradients.</param>
    /// <param name="row">Floats from one row of gradients to the next.</param>
    /// <param name="pixel">Floats from one gradient to the next.</param>
    /// <param name="z">The first product's gradient.</param>
    /// <param name="product">Floats from one product's gradient to the next.</param>
    /// <param name="temporary">24 · 8 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputAdjoint(float* g, nint row, nint pixel, float* z, nint product, float* temporary)
    {
        float* t = temporary;
        for (int i = 0; i < Outputs; i++, g += row, t += 8)
            OutputAdjointLine(g, pixel, t, Outputs * 8);
        t = temporary;
        for (int j = 0; j < Inputs; j++, t += Outputs * 8, z += product)
            OutputAdjointLine(t, 8, z, Inputs * product);
    }

    /// <summary>u[6·i + j] = (G w Gᵀ)[i, j] for eight pairs of channels.</summary>
    /// <param name="w">3×3.</param>
    /// <param name="row">Floats from one row of weights to the next.</param>
    /// <param name="tap">Floats from one weight to the next.</param>
    /// <param name="u">The first product's weights.</param>
    /// <param name="product">Floats from one product's weights to the next.</param>
    /// <param name="temporary">18 · 8 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights(float* w, nint row, nint tap, float* u, nint product, float* temporary)
    {
        float* t = temporary;
        for (int i = 0; i < 3; i++, w += row, t += 8)
            WeightLine(w, tap, t, 3 * 8);
        t = temporary;
        for (int j = 0; j < Inputs; j++, t += 3 * 8, u += product)
            WeightLine(t, 8, u, Inputs * product);
    }

    /// <summary>w[3·i + j] = (Gᵀ u G)[i, j] for eight pairs of channels: the adjoint of <see cref="Weights"/>.</summary>
    /// <param name="u">The first product.</param>
    /// <param name="product">Floats from one product to the next.</param>
    /// <param name="w">3×3.</param>
    /// <param name="tap">Floats from one weight to the next.</param>
    /// <param name="temporary">18 · 8 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WeightsAdjoint(float* u, nint product, float* w, nint tap, float* temporary)
    {
        float* t = temporary;
        for (int i = 0; i < Inputs; i++, u += Inputs * product, t += 8)
            WeightAdjointLine(u, product, t, Inputs * 8);
        t = temporary;
        for (int j = 0; j < 3; j++, t += Inputs * 8, w += tap)
            WeightAdjointLine(t, 8, w, 3 * tap);
    }

    /// <summary>Rows of G: [1, p, p²] over the product of p's distances to the other points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightLine(float* from, nint step, float* to, nint toStep)
    {
        if (NarrowVector.IsUsed)
        {
            WeightLineNarrow(from, step, to, toStep);
            WeightLineNarrow(from + 4, step, to + 4, toStep);
            return;
        }

        var w0 = Vector256.Load(from);
        var w1 = Vector256.Load(from + step);
        var w2 = Vector256.Load(from + (2 * step));
        (w0 * (1 / Both)).Store(to);
        w2.Store(to + (5 * toStep));
        var even = Madd(Vector256.Create(A2), w2, w0) * OverA;
        Madd(Vector256.Create(A * OverA), w1, even).Store(to + toStep);
        Madd(Vector256.Create(-A * OverA), w1, even).Store(to + (2 * toStep));
        even = Madd(Vector256.Create(B2), w2, w0) * OverB;
        Madd(Vector256.Create(B * OverB), w1, even).Store(to + (3 * toStep));
        Madd(Vector256.Create(-B * OverB), w1, even).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightAdjointLine(float* from, nint step, float* to, nint toStep)
    {
        var u1 = Vector256.Load(from + step);
        var u2 = Vector256.Load(from + (2 * step));
        var u3 = Vector256.Load(from + (3 * step));
        var u4 = Vector256.Load(from + (4 * step));
        var evenA = (u1 + u2) * OverA;
        var evenB = (u3 + u4) * OverB;
        Madd(Vector256.Create(1 / Both), Vector256.Load(from), evenA + evenB).Store(to);
        Madd(Vector256.Create(A * OverA), u1 - u2, (u3 - u4) * (B * OverB)).Store(to + toStep);
        Madd(Vector256.Create(A2), evenA, Madd(Vector256.Create(B2), evenB, Vector256.Load(from + (5 * step)))).Store(to + (2 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputAdjointLine(float* from, nint step, float* to, nint toStep)
    {
        if (NarrowVector.IsUsed)
        {
            OutputAdjointLineNarrow(from, step, to, toStep);
            OutputAdjointLineNarrow(from + 4, step, to + 4, toStep);
            return;
        }

        var g0 = Vector256.Load(from);
        var g1 = Vector256.Load(from + step);
        var g2 = Vector256.Load(from + (2 * step));
        var g3 = Vector256.Load(from + (3 * step));
        g0.Store(to);
        g3.Store(to + (5 * toStep));
        var even = Madd(Vector256.Create(A2), g2, g0);
        var odd = Madd(Vector256.Create(A2), g3, g1);
        Madd(Vector256.Create(A), odd, even).Store(to + toStep);
        Madd(Vector256.Create(-A), odd, even).Store(to + (2 * toStep));
        even = Madd(Vector256.Create(B2), g2, g0);
        odd = Madd(Vector256.Create(B2), g3, g1);
        Madd(Vector256.Create(B), odd, even).Store(to + (3 * toStep));
        Madd(Vector256.Create(-B), odd, even).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputLine(float* from, nint step, float* to, nint toStep)
    {
        if (NarrowVector.IsUsed)
        {
            InputLineNarrow(from, step, to, toStep);
            InputLineNarrow(from + 4, step, to + 4, toStep);
            return;
        }

        var d0 = Vector256.Load(from);
        var d1 = Vector256.Load(from + step);
        var d2 = Vector256.Load(from + (2 * step));
        var d3 = Vector256.Load(from + (3 * step));
        var d4 = Vector256.Load(from + (4 * step));
        var d5 = Vector256.Load(from + (5 * step));
        Madd(Vector256.Create(Both), d0, Madd(Vector256.Create(-Sum), d2, d4)).Store(to);
        Madd(Vector256.Create(Both), d1, Madd(Vector256.Create(-Sum), d3, d5)).Store(to + (5 * toStep));
        var even = Madd(Vector256.Create(-B2), d2, d4);
        var odd = Madd(Vector256.Create(-B2), d1, d3);
        Madd(Vector256.Create(A), odd, even).Store(to + toStep);
        Madd(Vector256.Create(-A), odd, even).Store(to + (2 * toStep));
        even = Madd(Vector256.Create(-A2), d2, d4);
        odd = Madd(Vector256.Create(-A2), d1, d3);
        Madd(Vector256.Create(B), odd, even).Store(to + (3 * toStep));
        Madd(Vector256.Create(-B), odd, even).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputLine(float* from, nint step, float* to, nint toStep)
    {
        if (NarrowVector.IsUsed)
        {
            OutputLineNarrow(from, step, to, toStep);
            OutputLineNarrow(from + 4, step, to + 4, toStep);
            return;
        }

        var m1 = Vector256.Load(from + step);
        var m2 = Vector256.Load(from + (2 * step));
        var m3 = Vector256.Load(from + (3 * step));
        var m4 = Vector256.Load(from + (4 * step));
        var evenA = m1 + m2;
        var oddA = m1 - m2;
        var evenB = m3 + m4;
        var oddB = m3 - m4;
        (Vector256.Load(from) + evenA + evenB).Store(to);
        Madd(Vector256.Create(B), oddB, Vector256.Create(A) * oddA).Store(to + toStep);
        Madd(Vector256.Create(B2), evenB, Vector256.Create(A2) * evenA).Store(to + (2 * toStep));
        Madd(Vector256.Create(B2 * B), oddB, Madd(Vector256.Create(A2 * A), oddA, Vector256.Load(from + (5 * step)))).Store(to + (3 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Madd(Vector256<float> x, Vector256<float> y, Vector256<float> z) => Vector256.MultiplyAddEstimate(x, y, z);
}
