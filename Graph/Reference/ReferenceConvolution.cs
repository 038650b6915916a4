using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Reference;

/// <summary>
/// The one loop nest behind a convolution and both its adjoints, which differ only in what they sum into: every product
/// of x and w that contributes to an element of y = conv(x, w) stands in one row of <see cref="ForEachRow"/>.
/// </summary>
internal static class ReferenceConvolution
{
    /// <summary>y += conv(x, w).</summary>
    public static void SumIntoResult(ConvolutionSettings settings, ReferenceTensor x, ReferenceTensor w, ReferenceTensor y) =>
        ForEachRow(settings, x, w, y, (ix, iw, iy, count) =>
        {
            (double[] input, double weight, double[] result, int stride) = (x.Data, w.Data[iw], y.Data, settings.Stride);
            for (int k = 0; k < count; k++)
                result[iy + k] += input[ix + k * stride] * weight;
        });

    /// <summary>x += the adjoint of y, with respect to the input.</summary>
    public static void SumIntoInput(ConvolutionSettings settings, ReferenceTensor x, ReferenceTensor w, ReferenceTensor y) =>
        ForEachRow(settings, x, w, y, (ix, iw, iy, count) =>
        {
            (double[] input, double weight, double[] result, int stride) = (x.Data, w.Data[iw], y.Data, settings.Stride);
            for (int k = 0; k < count; k++)
                input[ix + k * stride] += result[iy + k] * weight;
        });

    /// <summary>w += the adjoint of y, with respect to the weight.</summary>
    public static void SumIntoWeight(ConvolutionSettings settings, ReferenceTensor x, ReferenceTensor w, ReferenceTensor y) =>
        ForEachRow(settings, x, w, y, (ix, iw, iy, count) =>
        {
            (double[] input, double[] result, int stride, double sum) = (x.Data, y.Data, settings.Stride, 0);
            for (int k = 0; k < count; k++)
                sum += input[ix + k * stride] * result[iy + k];
            w.Data[iw] += sum;
        });

    // Calls back with (ix, iw, iy, count): y[iy + k] depends on x[ix + k·stride] · w[iw] for 0 ≤ k < count, along a row of
    // the picture. Products with padding are left out.
    private static void ForEachRow(
        ConvolutionSettings settings, ReferenceTensor x, ReferenceTensor w, ReferenceTensor y, Action<int, int, int, int> action)
    {
        w.ForEach((iw, o, i, kh, kw) =>
        {
            int channel = settings.Depthwise ? o : i;
            int top = kh * settings.Dilation - settings.Padding, left = kw * settings.Dilation - settings.Padding;
            (int firstRow, int endRow) = Inside(top, x.Extents[2], y.Extents[2], settings.Stride);
            (int first, int end) = Inside(left, x.Extents[3], y.Extents[3], settings.Stride);
            for (int n = 0; n < y.Extents[0]; n++)
            {
                for (int row = firstRow; row < endRow; row++)
                {
                    int ix = ((n * x.Extents[1] + channel) * x.Extents[2] + row * settings.Stride + top) * x.Extents[3] + first * settings.Stride + left;
                    int iy = ((n * y.Extents[1] + o) * y.Extents[2] + row) * y.Extents[3] + first;
                    action(ix, iw, iy, end - first);
                }
            }
        });
    }

    // The outputs k, from First to before End, that read an input inside: 0 ≤ k·stride + offset < extent.
    private static (int First, int End) Inside(int offset, int extent, int outputs, int stride)
    {
        int first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
        int end = offset >= extent ? 0 : Math.Min(outputs, (extent - 1 - offset) / stride + 1);
        return (first, end);
    }
}
