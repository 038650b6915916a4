using System.Numerics;

namespace FocalNet.Trainer.Metrics;

/// <summary>
/// Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004) of one plane with values in 0…1: Gaussian
/// window of 11×11 with σ 1.5, K₁ 0.01, K₂ 0.03, population variances, mean over the places where the window
/// lies inside. In float64, since variances are small differences of large numbers. A side shorter than the
/// window is not smoothed, as in the library of the published evaluation.
/// </summary>
internal static class Ssim
{
    private const int WindowSize = 11;
    private const int Maps = 5;
    private const double C1 = 0.01 * 0.01;
    private const double C2 = 0.03 * 0.03;
    private static readonly double[] Window = Gaussian(1.5);

    public static double OfPlane(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int width, int height)
    {
        if (first.Length != width * height || second.Length != width * height)
        {
            throw new ArgumentException($"A {width}×{height} plane has {width * height} numbers, not {first.Length} and {second.Length}.");
        }

        double[] across = width < WindowSize ? [1.0] : Window;
        double[] down = height < WindowSize ? [1.0] : Window;
        var resultWidth = width - across.Length + 1;
        var resultHeight = height - down.Length + 1;
        // Rows smoothed across, of which the window down needs only the last few: a ring.
        var ring = new double[down.Length][][];
        for (var i = 0; i < ring.Length; i++)
        {
            ring[i] = NewMaps(resultWidth);
        }

        var products = NewMaps(width);
        var means = NewMaps(resultWidth);
        var sum = 0.0;
        for (var y = 0; y < height; y++)
        {
            FillProducts(first.Slice(y * width, width), second.Slice(y * width, width), products);
            for (var map = 0; map < Maps; map++)
            {
                Smooth(products[map], across, ring[y % ring.Length][map]);
            }

            if (y < down.Length - 1)
            {
                continue;
            }

            for (var map = 0; map < Maps; map++)
            {
                means[map].AsSpan().Clear();
                for (var tap = 0; tap < down.Length; tap++)
                {
                    AddScaled(ring[(y - down.Length + 1 + tap) % ring.Length][map], down[tap], means[map]);
                }
            }

            sum += SumOfRow(means);
        }

        return sum / ((double)resultWidth * resultHeight);
    }

    private static double[][] NewMaps(int width)
    {
        var maps = new double[Maps][];
        for (var map = 0; map < Maps; map++)
        {
            maps[map] = new double[width];
        }

        return maps;
    }

    /// <summary>x, y, x², y², xy.</summary>
    private static void FillProducts(ReadOnlySpan<double> x, ReadOnlySpan<double> y, double[][] products)
    {
        x.CopyTo(products[0]);
        y.CopyTo(products[1]);
        for (var i = 0; i < x.Length; i++)
        {
            products[2][i] = x[i] * x[i];
            products[3][i] = y[i] * y[i];
            products[4][i] = x[i] * y[i];
        }
    }

    private static void Smooth(ReadOnlySpan<double> row, double[] window, Span<double> result)
    {
        result.Clear();
        for (var tap = 0; tap < window.Length; tap++)
        {
            AddScaled(row.Slice(tap, result.Length), window[tap], result);
        }
    }

    private static void AddScaled(ReadOnlySpan<double> source, double factor, Span<double> target)
    {
        var i = 0;
        var factors = new Vector<double>(factor);
        for (; i <= source.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            (new Vector<double>(target[i..]) + factors * new Vector<double>(source[i..])).CopyTo(target[i..]);
        }

        for (; i < source.Length; i++)
        {
            target[i] += factor * source[i];
        }
    }

    private static double SumOfRow(double[][] means)
    {
        var sum = 0.0;
        for (var i = 0; i < means[0].Length; i++)
        {
            var (x, y) = (means[0][i], means[1][i]);
            var varianceX = means[2][i] - x * x;
            var varianceY = means[3][i] - y * y;
            var covariance = means[4][i] - x * y;
            sum += (2 * x * y + C1) * (2 * covariance + C2) / ((x * x + y * y + C1) * (varianceX + varianceY + C2));
        }

        return sum;
    }

    private static double[] Gaussian(double sigma)
    {
        var window = Enumerable.Range(0, WindowSize).Select(i => Math.Exp(-Math.Pow(i - WindowSize / 2, 2) / (2 * sigma * sigma))).ToArray();
        var sum = window.Sum();
        return Array.ConvertAll(window, value => value / sum);
    }
}
