using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The transforms of Winograd's F(4×4, 2×2): a tile of 4×4 outputs is 25 products of a transformed 5×5 tile of inputs, in place of 64.
/// Constructed as <see cref="WinogradTransform"/>, with the points 0, ±<see cref="A"/>, <see cref="B"/> and ∞, which lose least of
/// those tried.
/// </summary>
internal static unsafe class WinogradPairTransform
{
    /// <summary>Outputs of a tile along one axis.</summary>
    public const int Outputs = WinogradTransform.Outputs;

    /// <summary>Inputs of a tile along one axis, and products.</summary>
    public const int Inputs = 5;

    /// <summary>Products of a tile.</summary>
    public const int Products = Inputs * Inputs;

    private const float A = 0.75f, B = 1.625f, A2 = A * A, B2 = B * B;

    /// <summary>v[5·i + j] = (Bᵀ d B)[i, j] for eight channels.</summary>
    /// <param name="d">The tile's first input pixel.</param>
    /// <param name="row">Floats from one of its rows to the next.</param>
    /// <param name="pixel">Floats from one of its pixels to the next.</param>
    /// <param name="v">The first product's input.</param>
    /// <param name="product">Floats from one product's input to the next.</param>
    /// <param name="temporary">25 · 8 floats.</param>
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

    /// <summary>The same for sixteen channels; <paramref name="temporary"/> has 25 · 16 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InputWide(float* d, nint row, nint pixel, float* v, nint product, float* temporary)
    {
        float* t = temporary;
        for (int i = 0; i < Inputs; i++, d += row, t += 16)
            InputLineWide(d, pixel, t, Inputs * 16);
        t = temporary;
        for (int j = 0; j < Inputs; j++, t += Inputs * 16, v += product)
            InputLineWide(t, 16, v, Inputs * product);
    }

    /// <summary>y[4·i + j] = (Aᵀ m A)[i, j] for eight channels.</summary>
    /// <param name="m">The first product.</param>
    /// <param name="product">Floats from one product to the next.</param>
    /// <param name="y">The first output.</param>
    /// <param name="output">Floats from one output to the next.</param>
    /// <param name="temporary">20 · 8 floats.</param>
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

    /// <summary>The same for sixteen channels; <paramref name="temporary"/> has 20 · 16 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputWide(float* m, nint product, float* y, nint output, float* temporary)
    {
        float* t = temporary;
        for (int i = 0; i < Inputs; i++, m += Inputs * product, t += 16)
            OutputLineWide(m, product, t, Inputs * 16);
        t = temporary;
        for (int j = 0; j < Outputs; j++, t += Inputs * 16, y += output)
            OutputLineWide(t, 16, y, Outputs * output);
    }

    /// <summary>u[5·i + j] = (G w Gᵀ)[i, j] for eight pairs of channels.</summary>
    /// <param name="w">2×2.</param>
    /// <param name="row">Floats from one row of weights to the next; may be negative.</param>
    /// <param name="tap">Floats from one weight to the next; may be negative.</param>
    /// <param name="u">The first product's weights.</param>
    /// <param name="product">Floats from one product's weights to the next.</param>
    /// <param name="temporary">10 · 8 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights(float* w, nint row, nint tap, float* u, nint product, float* temporary)
    {
        WeightLine(w, tap, temporary, 2 * 8);
        WeightLine(w + row, tap, temporary + 8, 2 * 8);
        float* t = temporary;
        for (int j = 0; j < Inputs; j++, t += 2 * 8, u += product)
            WeightLine(t, 8, u, Inputs * product);
    }

    /// <summary>Rows of G: [1, p] over the product of p's distances to the other points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightLine(float* from, nint step, float* to, nint toStep)
    {
        const float Plus = 1 / (2 * A2 * (A - B)), Minus = -1 / (2 * A2 * (A + B)), Far = 1 / (B * (B2 - A2));
        var w0 = Vector256.Load(from);
        var w1 = Vector256.Load(from + step);
        (w0 * (1 / (A2 * B))).Store(to);
        (Vector256.MultiplyAddEstimate(w1, Vector256.Create(A), w0) * Plus).Store(to + toStep);
        (Vector256.MultiplyAddEstimate(w1, Vector256.Create(-A), w0) * Minus).Store(to + (2 * toStep));
        (Vector256.MultiplyAddEstimate(w1, Vector256.Create(B), w0) * Far).Store(to + (3 * toStep));
        w1.Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputLine(float* from, nint step, float* to, nint toStep)
    {
        var d0 = Vector256.Load(from);
        var d1 = Vector256.Load(from + step);
        var d2 = Vector256.Load(from + (2 * step));
        var d3 = Vector256.Load(from + (3 * step));
        var d4 = Vector256.Load(from + (4 * step));
        var minusB = Vector256.Create(-B);
        var minusA2 = Vector256.Create(-A2);
        var even = Vector256.MultiplyAddEstimate(minusB, d2, d3);
        var odd = Vector256.MultiplyAddEstimate(minusB, d1, d2);
        Vector256.MultiplyAddEstimate(minusA2, Vector256.MultiplyAddEstimate(minusB, d0, d1), even).Store(to);
        Vector256.MultiplyAddEstimate(Vector256.Create(A), odd, even).Store(to + toStep);
        Vector256.MultiplyAddEstimate(Vector256.Create(-A), odd, even).Store(to + (2 * toStep));
        Vector256.MultiplyAddEstimate(minusA2, d1, d3).Store(to + (3 * toStep));
        Vector256.MultiplyAddEstimate(minusA2, odd, Vector256.MultiplyAddEstimate(minusB, d3, d4)).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputLineWide(float* from, nint step, float* to, nint toStep)
    {
        var d0 = Vector512.Load(from);
        var d1 = Vector512.Load(from + step);
        var d2 = Vector512.Load(from + (2 * step));
        var d3 = Vector512.Load(from + (3 * step));
        var d4 = Vector512.Load(from + (4 * step));
        var minusB = Vector512.Create(-B);
        var minusA2 = Vector512.Create(-A2);
        var even = Vector512.MultiplyAddEstimate(minusB, d2, d3);
        var odd = Vector512.MultiplyAddEstimate(minusB, d1, d2);
        Vector512.MultiplyAddEstimate(minusA2, Vector512.MultiplyAddEstimate(minusB, d0, d1), even).Store(to);
        Vector512.MultiplyAddEstimate(Vector512.Create(A), odd, even).Store(to + toStep);
        Vector512.MultiplyAddEstimate(Vector512.Create(-A), odd, even).Store(to + (2 * toStep));
        Vector512.MultiplyAddEstimate(minusA2, d1, d3).Store(to + (3 * toStep));
        Vector512.MultiplyAddEstimate(minusA2, odd, Vector512.MultiplyAddEstimate(minusB, d3, d4)).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputLine(float* from, nint step, float* to, nint toStep)
    {
        var m1 = Vector256.Load(from + step);
        var m2 = Vector256.Load(from + (2 * step));
        var m3 = Vector256.Load(from + (3 * step));
        var even = m1 + m2;
        var odd = m1 - m2;
        (Vector256.Load(from) + even + m3).Store(to);
        Vector256.MultiplyAddEstimate(Vector256.Create(B), m3, Vector256.Create(A) * odd).Store(to + toStep);
        Vector256.MultiplyAddEstimate(Vector256.Create(B2), m3, Vector256.Create(A2) * even).Store(to + (2 * toStep));
        var last = Vector256.MultiplyAddEstimate(Vector256.Create(A2 * A), odd, Vector256.Load(from + (4 * step)));
        Vector256.MultiplyAddEstimate(Vector256.Create(B2 * B), m3, last).Store(to + (3 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputLineWide(float* from, nint step, float* to, nint toStep)
    {
        var m1 = Vector512.Load(from + step);
        var m2 = Vector512.Load(from + (2 * step));
        var m3 = Vector512.Load(from + (3 * step));
        var even = m1 + m2;
        var odd = m1 - m2;
        (Vector512.Load(from) + even + m3).Store(to);
        Vector512.MultiplyAddEstimate(Vector512.Create(B), m3, Vector512.Create(A) * odd).Store(to + toStep);
        Vector512.MultiplyAddEstimate(Vector512.Create(B2), m3, Vector512.Create(A2) * even).Store(to + (2 * toStep));
        var last = Vector512.MultiplyAddEstimate(Vector512.Create(A2 * A), odd, Vector512.Load(from + (4 * step)));
        Vector512.MultiplyAddEstimate(Vector512.Create(B2 * B), m3, last).Store(to + (3 * toStep));
    }
}
