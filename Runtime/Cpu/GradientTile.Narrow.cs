using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>The tiles for processors whose vectors have four lanes.</content>
internal static unsafe partial class GradientTile
{
    private static void RunNarrow(
        float* source, nint step, nint rowStep, float* gradient, nint gradientStep, nint gradientRowStep, int last, int rows, nint pixels, int width, float* tile)
    {
        if (NarrowVector.Has32Registers && width == Columns)
        {
            Run16Narrow(source, step, rowStep, gradient, gradientStep, gradientRowStep, last, rows, pixels, tile);
            return;
        }

        for (int first = 0; first < width; first += 8)
            Run8Narrow(source + first, step, rowStep, gradient, gradientStep, gradientRowStep, last, rows, pixels, tile + first, width);
    }

    /// <summary>Eight columns of a tile that is <paramref name="width"/> wide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run8Narrow(
        float* source, nint step, nint rowStep, float* gradient, nint gradientStep, nint gradientRowStep, int last, int rows, nint pixels, float* tile, nint width)
    {
        nint o1 = Math.Min(1, last), o2 = Math.Min(2, last), o3 = Math.Min(3, last), o4 = Math.Min(4, last), o5 = Math.Min(5, last);
        NarrowSums8 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (int row = 0; row < rows; row++, source += rowStep, gradient += gradientRowStep)
        {
            float* b = source, g = gradient;
            for (nint k = pixels; k > 0; k--, b += step, g += gradientStep)
            {
                Vector128<float> b0 = Vector128.Load(b), b1 = Vector128.Load(b + 4);
                c0.Add(g, b0, b1);
                c1.Add(g + o1, b0, b1);
                c2.Add(g + o2, b0, b1);
                c3.Add(g + o3, b0, b1);
                c4.Add(g + o4, b0, b1);
                c5.Add(g + o5, b0, b1);
            }
        }

        c0.Store(tile);
        c1.Store(tile + width);
        c2.Store(tile + (2 * width));
        c3.Store(tile + (3 * width));
        c4.Store(tile + (4 * width));
        c5.Store(tile + (5 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run16Narrow(
        float* source, nint step, nint rowStep, float* gradient, nint gradientStep, nint gradientRowStep, int last, int rows, nint pixels, float* tile)
    {
        nint o1 = Math.Min(1, last), o2 = Math.Min(2, last), o3 = Math.Min(3, last), o4 = Math.Min(4, last), o5 = Math.Min(5, last);
        NarrowSums16 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (int row = 0; row < rows; row++, source += rowStep, gradient += gradientRowStep)
        {
            float* b = source, g = gradient;
            for (nint k = pixels; k > 0; k--, b += step, g += gradientStep)
            {
                Vector128<float> b0 = Vector128.Load(b), b1 = Vector128.Load(b + 4), b2 = Vector128.Load(b + 8), b3 = Vector128.Load(b + 12);
                c0.Add(g, b0, b1, b2, b3);
                c1.Add(g + o1, b0, b1, b2, b3);
                c2.Add(g + o2, b0, b1, b2, b3);
                c3.Add(g + o3, b0, b1, b2, b3);
                c4.Add(g + o4, b0, b1, b2, b3);
                c5.Add(g + o5, b0, b1, b2, b3);
            }
        }

        c0.Store(tile);
        c1.Store(tile + 16);
        c2.Store(tile + 32);
        c3.Store(tile + 48);
        c4.Store(tile + 64);
        c5.Store(tile + 80);
    }
}
