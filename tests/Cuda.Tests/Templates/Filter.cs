using FocalNet.Cuda.Tests.Support;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>A dense convolution and weights for it: OHWI masters in float, and what the device computes with.</summary>
internal sealed record Filter(int Inputs, int Outputs, int KernelH, int KernelW, int Stride = 1, int Padding = 0, int Dilation = 1)
{
    internal Filter(int inputs, int outputs, int kernel, int stride = 1) : this(inputs, outputs, kernel, kernel, stride, kernel / 2) { }

    internal int Count => Outputs * KernelH * KernelW * Inputs;

    internal int Output(int extent, int kernel) => (extent + 2 * Padding - Dilation * (kernel - 1) - 1) / Stride + 1;

    internal int OutputH(int height) => Output(height, KernelH);

    internal int OutputW(int width) => Output(width, KernelW);

    internal float[] Masters(int seed) => [.. Exercises.Values(Count, seed).Select(v => v * 0.5f)];

    /// <summary>−1, 0 and 1.</summary>
    internal float[] WholeMasters(int seed) => [.. Exercises.Values(Count, seed).Select(v => MathF.Round(v * 1.49f))];

    internal int At(int o, int kh, int kw, int i) => ((o * KernelH + kh) * KernelW + kw) * Inputs + i;

    /// <summary>Σ over taps and inputs of w · x.</summary>
    internal double Forward(float[] w, Func<int, int, int, int, double> x, int image, int y, int xx, int o)
    {
        double sum = 0;
        for (int kh = 0; kh < KernelH; kh++)
            for (int kw = 0; kw < KernelW; kw++)
                for (int i = 0; i < Inputs; i++)
                    sum += w[At(o, kh, kw, i)] * x(image, y * Stride - Padding + kh * Dilation, xx * Stride - Padding + kw * Dilation, i);
        return sum;
    }

    /// <summary>The adjoint with respect to the input: Σ over taps and outputs of w · dy.</summary>
    internal double Adjoint(float[] w, Func<int, int, int, int, double> dy, int image, int y, int xx, int i)
    {
        double sum = 0;
        for (int kh = 0; kh < KernelH; kh++)
            for (int kw = 0; kw < KernelW; kw++)
            {
                int sy = y + Padding - kh * Dilation, sx = xx + Padding - kw * Dilation;
                if (sy % Stride != 0 || sx % Stride != 0) continue;
                for (int o = 0; o < Outputs; o++) sum += w[At(o, kh, kw, i)] * dy(image, sy / Stride, sx / Stride, o);
            }
        return sum;
    }

    /// <summary>Steps of 32 bytes of the packed weights, over all phases; see convolution_taps.cu.</summary>
    internal int PackedSteps(bool brain, bool adjoint)
    {
        int chunk = brain ? 8 : 4, tapChunks = ((adjoint ? Outputs : Inputs) + chunk - 1) / chunk;
        if (!adjoint) return (KernelH * KernelW * tapChunks + 1) / 2;
        int steps = 0;
        for (int py = 0; py < Stride; py++)
            for (int px = 0; px < Stride; px++)
                steps += (Taps(KernelH, py) * Taps(KernelW, px) * tapChunks + 1) / 2;
        return steps;
    }

    /// <summary>Chunks of 16 bytes of the packed weights.</summary>
    internal int PackedChunks(bool brain, bool adjoint) => PackedSteps(brain, adjoint) * (((adjoint ? Inputs : Outputs) + 15) / 16) * 32;

    private int Taps(int kernel, int phase) => Enumerable.Range(0, kernel).Count(k => (phase + Padding - k * Dilation) % Stride == 0);
}
