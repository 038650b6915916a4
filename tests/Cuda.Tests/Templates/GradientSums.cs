using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>Partial sums of a weight's gradient, and of its bias's, against their definition.</summary>
internal static class GradientSums
{
    /// <summary>Compares every weight, and every bias.</summary>
    /// <param name="what">For the message.</param>
    /// <param name="filter">The convolution.</param>
    /// <param name="parts">Parts of the pixels.</param>
    /// <param name="partials">Their sums, one part's weights after the other's.</param>
    /// <param name="biasPartials">Likewise of the bias; null where it is not summed.</param>
    /// <param name="dy">What is multiplied of (image, y, x, output).</param>
    /// <param name="x">What is multiplied of (image, y, x, input); zero outside of the picture.</param>
    /// <param name="images">Pictures.</param>
    /// <param name="h">Rows of dy.</param>
    /// <param name="w">Columns of dy.</param>
    internal static void Check(
        string what, Filter filter, int parts, CudaBuffer partials, CudaBuffer? biasPartials, Func<int, int, int, int, double> dy, Func<int, int, int, int, double> x, int images, int h, int w)
    {
        float[] actual = Finished(partials, filter.Count, parts), bias = biasPartials is null ? [] : Finished(biasPartials, filter.Outputs, parts);
        int pixels = images * h * w;
        double allowed = Tolerance.Of(pixels);
        for (int o = 0; o < filter.Outputs; o++)
        {
            for (int kh = 0; kh < filter.KernelH; kh++)
                for (int kw = 0; kw < filter.KernelW; kw++)
                    for (int i = 0; i < filter.Inputs; i++)
                    {
                        double sum = 0;
                        for (int p = 0; p < pixels; p++)
                        {
                            (int n, int y, int xx) = (p / w / h, p / w % h, p % w);
                            sum += dy(n, y, xx, o) * x(n, y * filter.Stride - filter.Padding + kh * filter.Dilation, xx * filter.Stride - filter.Padding + kw * filter.Dilation, i);
                        }
                        Near(actual[filter.At(o, kh, kw, i)], sum, allowed, $"{what}: dw[{o}, {kh}, {kw}, {i}]");
                    }
            if (biasPartials is not null) Near(bias[o], Enumerable.Range(0, pixels).Sum(p => dy(p / w / h, p / w % h, p % w, o)), allowed, $"{what}: db[{o}]");
        }
    }

    // The parts' sums, added in their order.
    private static float[] Finished(CudaBuffer partials, int values, int parts)
    {
        float[] sums = partials.Read<float>();
        return [.. Enumerable.Range(0, values).Select(i => Enumerable.Range(0, parts).Aggregate(0f, (sum, part) => sum + sums[(part * values) + i]))];
    }

    private static void Near(float actual, double expected, double allowed, string what)
    {
        if (!(Math.Abs(actual - expected) <= allowed)) Assert.Fail($"{what} is {actual}, not {expected} ± {allowed:g2}.");
    }
}
