using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Reference;

/// <summary>The one loop nest behind a convolution and both its adjoints.</summary>
internal static class ReferenceConvolution
{
    /// <summary>
    /// Calls back for every product x·w that contributes to an element of y = conv(x, w), with the three indices. The
    /// convolution and its adjoints differ only in which of the three they sum into.
    /// </summary>
    public static void ForEachTap(
        ConvolutionSettings settings, ReferenceTensor x, ReferenceTensor w, ReferenceTensor y, Action<int, int, int> action)
    {
        (int inputHeight, int inputWidth) = (x.Extents[2], x.Extents[3]);
        y.ForEach((iy, n, o, oy, ox) =>
        {
            for (int i = 0; i < w.Extents[1]; i++)
            {
                int channel = settings.Depthwise ? o : i;
                for (int kh = 0; kh < w.Extents[2]; kh++)
                {
                    int h = oy * settings.Stride - settings.Padding + kh * settings.Dilation;
                    for (int kw = 0; kw < w.Extents[3]; kw++)
                    {
                        int z = ox * settings.Stride - settings.Padding + kw * settings.Dilation;
                        if (h < 0 || h >= inputHeight || z < 0 || z >= inputWidth)
                            continue;
                        action(
                            ((n * x.Extents[1] + channel) * inputHeight + h) * inputWidth + z,
                            ((o * w.Extents[1] + i) * w.Extents[2] + kh) * w.Extents[3] + kw,
                            iy);
                    }
                }
            }
        });
    }
}
