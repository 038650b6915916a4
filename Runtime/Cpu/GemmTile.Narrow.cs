using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <content>The tiles for processors whose vectors have four lanes.</content>
internal static unsafe partial class GemmTile
{
    private static void RunNarrow(float** rows, int* tapIndex, int taps, nint depth, float* panel, int width, float* tile)
    {
        if (NarrowVector.Has32Registers && width == Columns)
        {
            Run6x16Narrow(rows, tapIndex, taps, depth, panel, tile);
            return;
        }

        for (int first = 0; first < width; first += 8)
            Run6x8Narrow(rows, tapIndex, taps, depth, panel + first, tile + first, width);
    }

    /// <summary>Eight columns of a panel, and of a tile, that are <paramref name="width"/> wide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run6x8Narrow(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile, nint width)
    {
        NarrowSums8 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (int t = 0; t < taps; t++, rows += 6)
        {
            float* b = panel + (tapIndex[t] * depth * width);
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3], p4 = rows[4], p5 = rows[5];
            for (nint k = 0; k < depth; k++, b += width)
            {
                Vector128<float> b0 = Vector128.Load(b), b1 = Vector128.Load(b + 4);
                c0.Add(p0 + k, b0, b1);
                c1.Add(p1 + k, b0, b1);
                c2.Add(p2 + k, b0, b1);
                c3.Add(p3 + k, b0, b1);
                c4.Add(p4 + k, b0, b1);
                c5.Add(p5 + k, b0, b1);
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
    private static void Run6x16Narrow(float** rows, int* tapIndex, int taps, nint depth, float* panel, float* tile)
    {
        NarrowSums16 c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (int t = 0; t < taps; t++, rows += 6)
        {
            float* b = panel + (tapIndex[t] * depth * Columns);
            float* p0 = rows[0], p1 = rows[1], p2 = rows[2], p3 = rows[3], p4 = rows[4], p5 = rows[5];
            for (nint k = 0; k < depth; k++, b += Columns)
            {
                Vector128<float> b0 = Vector128.Load(b), b1 = Vector128.Load(b + 4), b2 = Vector128.Load(b + 8), b3 = Vector128.Load(b + 12);
                c0.Add(p0 + k, b0, b1, b2, b3);
                c1.Add(p1 + k, b0, b1, b2, b3);
                c2.Add(p2 + k, b0, b1, b2, b3);
                c3.Add(p3 + k, b0, b1, b2, b3);
                c4.Add(p4 + k, b0, b1, b2, b3);
                c5.Add(p5 + k, b0, b1, b2, b3);
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
