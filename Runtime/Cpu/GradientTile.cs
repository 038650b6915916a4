using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The register tile of the weight gradient: tile[r, j] = Σ over rows and pixels of gradient[r] · source[j], 6 × 16 or 6 × 8.
/// </summary>
internal static unsafe partial class GradientTile
{
    /// <summary>Output channels of a tile.</summary>
    public const int Rows = 6;

    /// <summary>Input channels of a full tile.</summary>
    public const int Columns = 16;

    /// <summary>Computes a tile.</summary>
    /// <param name="source">First pixel of x, at the tile's first channel.</param>
    /// <param name="step">Floats from one pixel of x to the next one used.</param>
    /// <param name="rowStep">Floats from one row of x to the next one used.</param>
    /// <param name="gradient">First pixel of gy, at the tile's first channel.</param>
    /// <param name="gradientStep">Floats from one pixel of gy to the next.</param>
    /// <param name="gradientRowStep">Floats from one row of gy to the next.</param>
    /// <param name="last">Last channel of gy that may be read, 0 to 5; tile rows beyond it repeat it.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="pixels">Pixels a row.</param>
    /// <param name="width">Channels of x, 16 or 8.</param>
    /// <param name="tile">The result, 6 × <paramref name="width"/>.</param>
    public static void Run(
        float* source, nint step, nint rowStep, float* gradient, nint gradientStep, nint gradientRowStep, int last, int rows, nint pixels, int width, float* tile)
    {
        if (NarrowVector.IsUsed)
            RunNarrow(source, step, rowStep, gradient, gradientStep, gradientRowStep, last, rows, pixels, width, tile);
        else if (width == Columns)
            Run16(source, step, rowStep, gradient, gradientStep, gradientRowStep, last, rows, pixels, tile);
        else
            Run8(source, step, rowStep, gradient, gradientStep, gradientRowStep, last, rows, pixels, tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run16(
        float* source, nint step, nint rowStep, float* gradient, nint gradientStep, nint gradientRowStep, int last, int rows, nint pixels, float* tile)
    {
        nint o1 = Math.Min(1, last), o2 = Math.Min(2, last), o3 = Math.Min(3, last), o4 = Math.Min(4, last), o5 = Math.Min(5, last);
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        for (int row = 0; row < rows; row++, source += rowStep, gradient += gradientRowStep)
        {
            float* b = source, g = gradient;
            for (nint k = pixels; k > 0; k--, b += step, g += gradientStep)
            {
                var b0 = Vector256.Load(b);
                var b1 = Vector256.Load(b + 8);
                var a = Vector256.Create(g[0]);
                c00 = Vector256.MultiplyAddEstimate(a, b0, c00);
                c01 = Vector256.MultiplyAddEstimate(a, b1, c01);
                a = Vector256.Create(g[o1]);
                c10 = Vector256.MultiplyAddEstimate(a, b0, c10);
                c11 = Vector256.MultiplyAddEstimate(a, b1, c11);
                a = Vector256.Create(g[o2]);
                c20 = Vector256.MultiplyAddEstimate(a, b0, c20);
                c21 = Vector256.MultiplyAddEstimate(a, b1, c21);
                a = Vector256.Create(g[o3]);
                c30 = Vector256.MultiplyAddEstimate(a, b0, c30);
                c31 = Vector256.MultiplyAddEstimate(a, b1, c31);
                a = Vector256.Create(g[o4]);
                c40 = Vector256.MultiplyAddEstimate(a, b0, c40);
                c41 = Vector256.MultiplyAddEstimate(a, b1, c41);
                a = Vector256.Create(g[o5]);
                c50 = Vector256.MultiplyAddEstimate(a, b0, c50);
                c51 = Vector256.MultiplyAddEstimate(a, b1, c51);
            }
        }

        c00.Store(tile);
        c01.Store(tile + 8);
        c10.Store(tile + 16);
        c11.Store(tile + 24);
        c20.Store(tile + 32);
        c21.Store(tile + 40);
        c30.Store(tile + 48);
        c31.Store(tile + 56);
        c40.Store(tile + 64);
        c41.Store(tile + 72);
        c50.Store(tile + 80);
        c51.Store(tile + 88);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run8(
        float* source, nint step, nint rowStep, float* gradient, nint gradientStep, nint gradientRowStep, int last, int rows, nint pixels, float* tile)
    {
        nint o1 = Math.Min(1, last), o2 = Math.Min(2, last), o3 = Math.Min(3, last), o4 = Math.Min(4, last), o5 = Math.Min(5, last);
        Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (int row = 0; row < rows; row++, source += rowStep, gradient += gradientRowStep)
        {
            float* b = source, g = gradient;
            for (nint k = pixels; k > 0; k--, b += step, g += gradientStep)
            {
                var b0 = Vector256.Load(b);
                c0 = Vector256.MultiplyAddEstimate(Vector256.Create(g[0]), b0, c0);
                c1 = Vector256.MultiplyAddEstimate(Vector256.Create(g[o1]), b0, c1);
                c2 = Vector256.MultiplyAddEstimate(Vector256.Create(g[o2]), b0, c2);
                c3 = Vector256.MultiplyAddEstimate(Vector256.Create(g[o3]), b0, c3);
                c4 = Vector256.MultiplyAddEstimate(Vector256.Create(g[o4]), b0, c4);
                c5 = Vector256.MultiplyAddEstimate(Vector256.Create(g[o5]), b0, c5);
            }
        }

        c0.Store(tile);
        c1.Store(tile + 8);
        c2.Store(tile + 16);
        c3.Store(tile + 24);
        c4.Store(tile + 32);
        c5.Store(tile + 40);
    }
}
