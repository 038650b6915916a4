using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>Lines of four channels, for processors whose vectors have four lanes: one of eight does not fit 16 registers.</content>
internal static unsafe partial class WinogradTransform
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputLineNarrow(float* from, nint step, float* to, nint toStep)
    {
        var d0 = Vector128.Load(from);
        var d1 = Vector128.Load(from + step);
        var d2 = Vector128.Load(from + (2 * step));
        var d3 = Vector128.Load(from + (3 * step));
        var d4 = Vector128.Load(from + (4 * step));
        var d5 = Vector128.Load(from + (5 * step));
        Madd(Vector128.Create(Both), d0, Madd(Vector128.Create(-Sum), d2, d4)).Store(to);
        Madd(Vector128.Create(Both), d1, Madd(Vector128.Create(-Sum), d3, d5)).Store(to + (5 * toStep));
        var even = Madd(Vector128.Create(-B2), d2, d4);
        var odd = Madd(Vector128.Create(-B2), d1, d3);
        Madd(Vector128.Create(A), odd, even).Store(to + toStep);
        Madd(Vector128.Create(-A), odd, even).Store(to + (2 * toStep));
        even = Madd(Vector128.Create(-A2), d2, d4);
        odd = Madd(Vector128.Create(-A2), d1, d3);
        Madd(Vector128.Create(B), odd, even).Store(to + (3 * toStep));
        Madd(Vector128.Create(-B), odd, even).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputLineNarrow(float* from, nint step, float* to, nint toStep)
    {
        var m1 = Vector128.Load(from + step);
        var m2 = Vector128.Load(from + (2 * step));
        var m3 = Vector128.Load(from + (3 * step));
        var m4 = Vector128.Load(from + (4 * step));
        var evenA = m1 + m2;
        var oddA = m1 - m2;
        var evenB = m3 + m4;
        var oddB = m3 - m4;
        (Vector128.Load(from) + evenA + evenB).Store(to);
        Madd(Vector128.Create(B), oddB, Vector128.Create(A) * oddA).Store(to + toStep);
        Madd(Vector128.Create(B2), evenB, Vector128.Create(A2) * evenA).Store(to + (2 * toStep));
        Madd(Vector128.Create(B2 * B), oddB, Madd(Vector128.Create(A2 * A), oddA, Vector128.Load(from + (5 * step)))).Store(to + (3 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputAdjointLineNarrow(float* from, nint step, float* to, nint toStep)
    {
        var g0 = Vector128.Load(from);
        var g1 = Vector128.Load(from + step);
        var g2 = Vector128.Load(from + (2 * step));
        var g3 = Vector128.Load(from + (3 * step));
        g0.Store(to);
        g3.Store(to + (5 * toStep));
        var even = Madd(Vector128.Create(A2), g2, g0);
        var odd = Madd(Vector128.Create(A2), g3, g1);
        Madd(Vector128.Create(A), odd, even).Store(to + toStep);
        Madd(Vector128.Create(-A), odd, even).Store(to + (2 * toStep));
        even = Madd(Vector128.Create(B2), g2, g0);
        odd = Madd(Vector128.Create(B2), g3, g1);
        Madd(Vector128.Create(B), odd, even).Store(to + (3 * toStep));
        Madd(Vector128.Create(-B), odd, even).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightLineNarrow(float* from, nint step, float* to, nint toStep)
    {
        var w0 = Vector128.Load(from);
        var w1 = Vector128.Load(from + step);
        var w2 = Vector128.Load(from + (2 * step));
        (w0 * (1 / Both)).Store(to);
        w2.Store(to + (5 * toStep));
        var even = Madd(Vector128.Create(A2), w2, w0) * OverA;
        Madd(Vector128.Create(A * OverA), w1, even).Store(to + toStep);
        Madd(Vector128.Create(-A * OverA), w1, even).Store(to + (2 * toStep));
        even = Madd(Vector128.Create(B2), w2, w0) * OverB;
        Madd(Vector128.Create(B * OverB), w1, even).Store(to + (3 * toStep));
        Madd(Vector128.Create(-B * OverB), w1, even).Store(to + (4 * toStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Madd(Vector128<float> x, Vector128<float> y, Vector128<float> z) => Vector128.MultiplyAddEstimate(x, y, z);
}
