namespace FocalNet.Runtime.Cpu;

/// <summary>
/// What of a convolution is known at build time. Transposed convolutions and gradients use the geometry of the
/// convolution that they are the adjoint of: <c>out = (in + 2·Padding − Dilation·(Kernel − 1) − 1) / Stride + 1</c>.
/// </summary>
/// <param name="InputChannels">I of OIHW. Depthwise kernels ignore it.</param>
/// <param name="OutputChannels">O of OIHW; for depthwise convolutions, the channels of both sides.</param>
/// <param name="KernelHeight">Taps along H.</param>
/// <param name="KernelWidth">Taps along W.</param>
/// <param name="Stride">Input pixels between neighbouring output pixels, both axes.</param>
/// <param name="Padding">Zeros before the first and after the last pixel, both axes.</param>
/// <param name="Dilation">Input pixels between neighbouring taps, both axes.</param>
public readonly record struct ConvolutionGeometry(
    int InputChannels, int OutputChannels, int KernelHeight, int KernelWidth, int Stride, int Padding, int Dilation)
{
    /// <summary>Taps of the kernel, KH·KW.</summary>
    public int Taps => KernelHeight * KernelWidth;

    /// <summary>Output height that this convolution has for an input height.</summary>
    public int OutputHeight(int inputHeight) => Extent(inputHeight, KernelHeight);

    /// <summary>Output width that this convolution has for an input width.</summary>
    public int OutputWidth(int inputWidth) => Extent(inputWidth, KernelWidth);

    private int Extent(int input, int kernel) => ((input + (2 * Padding) - (Dilation * (kernel - 1)) - 1) / Stride) + 1;
}
