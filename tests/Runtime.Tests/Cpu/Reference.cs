using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Slow and obvious: every operation as its definition, in double.</summary>
internal static unsafe class Reference
{
    public delegate void Term(int n, int oy, int ox, int iy, int ix, int kh, int kw);

    /// <summary>Every (output pixel, tap) of a convolution whose input pixel exists.</summary>
    public static void Visit(ConvolutionGeometry g, int images, int inH, int inW, int outH, int outW, Term term)
    {
        for (int n = 0; n < images; n++)
            for (int oy = 0; oy < outH; oy++)
                for (int ox = 0; ox < outW; ox++)
                    for (int kh = 0; kh < g.KernelHeight; kh++)
                        for (int kw = 0; kw < g.KernelWidth; kw++)
                        {
                            int iy = (oy * g.Stride) - g.Padding + (kh * g.Dilation), ix = (ox * g.Stride) - g.Padding + (kw * g.Dilation);
                            if (iy >= 0 && iy < inH && ix >= 0 && ix < inW)
                                term(n, oy, ox, iy, ix, kh, kw);
                        }
    }

    public static double[] Convolution(ConvolutionGeometry g, NativeTensor x, NativeTensor w, int outH, int outW)
    {
        var y = new double[x.Images * outH * outW * g.OutputChannels];
        Visit(g, x.Images, x.Height, x.Width, outH, outW, (n, oy, ox, iy, ix, kh, kw) =>
        {
            for (int o = 0; o < g.OutputChannels; o++)
                for (int i = 0; i < g.InputChannels; i++)
                    y[((((n * outH) + oy) * outW) + ox) * g.OutputChannels + o] += (double)x[n, iy, ix, i] * w[o, kh, kw, i];
        });
        return y;
    }

    public static double[] Transposed(ConvolutionGeometry g, NativeTensor gy, NativeTensor w, int inH, int inW)
    {
        var y = new double[gy.Images * inH * inW * g.InputChannels];
        Visit(g, gy.Images, inH, inW, gy.Height, gy.Width, (n, oy, ox, iy, ix, kh, kw) =>
        {
            for (int o = 0; o < g.OutputChannels; o++)
                for (int i = 0; i < g.InputChannels; i++)
                    y[((((n * inH) + iy) * inW) + ix) * g.InputChannels + i] += (double)gy[n, oy, ox, o] * w[o, kh, kw, i];
        });
        return y;
    }

    public static double[] WeightGradient(ConvolutionGeometry g, NativeTensor x, NativeTensor gy)
    {
        var dw = new double[g.OutputChannels * g.Taps * g.InputChannels];
        Visit(g, x.Images, x.Height, x.Width, gy.Height, gy.Width, (n, oy, ox, iy, ix, kh, kw) =>
        {
            for (int o = 0; o < g.OutputChannels; o++)
                for (int i = 0; i < g.InputChannels; i++)
                    dw[(((o * g.Taps) + (kh * g.KernelWidth) + kw) * g.InputChannels) + i] += (double)x[n, iy, ix, i] * gy[n, oy, ox, o];
        });
        return dw;
    }

    public static double[] Depthwise(ConvolutionGeometry g, NativeTensor x, NativeTensor w, int outH, int outW)
    {
        int channels = x.Channels;
        var y = new double[x.Images * outH * outW * channels];
        Visit(g, x.Images, x.Height, x.Width, outH, outW, (n, oy, ox, iy, ix, kh, kw) =>
        {
            for (int c = 0; c < channels; c++)
                y[((((n * outH) + oy) * outW) + ox) * channels + c] += (double)x[n, iy, ix, c] * w[c, kh, kw, 0];
        });
        return y;
    }

    public static double[] DepthwiseTransposed(ConvolutionGeometry g, NativeTensor gy, NativeTensor w, int inH, int inW)
    {
        int channels = gy.Channels;
        var y = new double[gy.Images * inH * inW * channels];
        Visit(g, gy.Images, inH, inW, gy.Height, gy.Width, (n, oy, ox, iy, ix, kh, kw) =>
        {
            for (int c = 0; c < channels; c++)
                y[((((n * inH) + iy) * inW) + ix) * channels + c] += (double)gy[n, oy, ox, c] * w[c, kh, kw, 0];
        });
        return y;
    }

    public static double[] DepthwiseGradient(ConvolutionGeometry g, NativeTensor x, NativeTensor gy)
    {
        var dw = new double[x.Channels * g.Taps];
        Visit(g, x.Images, x.Height, x.Width, gy.Height, gy.Width, (n, oy, ox, iy, ix, kh, kw) =>
        {
            for (int c = 0; c < x.Channels; c++)
                dw[(c * g.Taps) + (kh * g.KernelWidth) + kw] += (double)x[n, iy, ix, c] * gy[n, oy, ox, c];
        });
        return dw;
    }

    /// <summary>The dense matrix [output, input] of a resampling along one axis.</summary>
    public static double[,] ResampleMatrix(ResampleKind kind, int input)
    {
        var (numerator, denominator) = kind switch
        {
            ResampleKind.BilinearDouble => (2, 1),
            ResampleKind.BilinearQuarter => (1, 4),
            _ => (1, 2),
        };
        (int, double)[][] phases = kind switch
        {
            ResampleKind.NearestHalf => [[(0, 1)]],
            ResampleKind.BilinearHalf => [[(0, .5), (1, .5)]],
            ResampleKind.BilinearQuarter => [[(1, .5), (2, .5)]],
            _ => [[(-1, .25), (0, .75)], [(0, .75), (1, .25)]],
        };
        var matrix = new double[input * numerator / denominator, input];
        for (int i = 0; i < matrix.GetLength(0); i++)
        {
            foreach (var (offset, weight) in phases[i % numerator])
                matrix[i, Math.Clamp((i / numerator * denominator) + offset, 0, input - 1)] += weight;
        }

        return matrix;
    }
}
