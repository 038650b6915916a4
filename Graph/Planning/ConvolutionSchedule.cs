using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Planning;

/// <summary>How a dense convolution, or one of its adjoints, is computed.</summary>
public enum ConvolutionAlgorithm
{
    /// <summary>By its definition, as an implicit GEMM.</summary>
    Direct,

    /// <summary>
    /// Winograd's F(4×4, 3×3), 36 products for 16 outputs in place of 144; for adjoints of 4×4 convolutions of stride 2, F(4×4, 2×2) in
    /// each of four phases, 25 in place of 64. From transformed weights.
    /// </summary>
    Winograd,
}

/// <summary>
/// Which algorithm each convolution gets: data beside the kernels, measured (docs/benchmarks/cpu-kernels.md). A device that
/// lays out packed weights by itself keeps to <see cref="Direct"/>.
/// </summary>
/// <param name="WinogradInputs">Least channels that are summed over for Winograd.</param>
/// <param name="WinogradOutputs">Least channels that are written for Winograd.</param>
/// <param name="ManyInputs">From so many channels that are summed over, any number that is written will do.</param>
public sealed record ConvolutionSchedule(int WinogradInputs, int WinogradOutputs, int ManyInputs)
{
    /// <summary>Direct convolution everywhere.</summary>
    public static ConvolutionSchedule Direct { get; } = new(int.MaxValue, int.MaxValue, int.MaxValue);

    /// <summary>
    /// What is faster on processors. Below 16 channels a transform costs more than it saves; three outputs of 32 inputs leave direct
    /// convolution's tile emptier than Winograd's. A tile's 36 products of more than 512 channels would not fit a worker's scratch memory.
    /// </summary>
    public static ConvolutionSchedule Cpu { get; } = new(16, 16, 32);

    private const int MaximumInputs = 512;

    /// <summary>The algorithm of a kernel; direct for kernels of other kinds.</summary>
    /// <param name="group">The kernel.</param>
    public ConvolutionAlgorithm Choose(KernelGroup group) => group.Kind switch
    {
        KernelKind.Convolution => Choose(group.Anchor!.Inputs[1].Shape, ((ConvolutionOp)group.Anchor.Op).Settings, transposed: false),
        KernelKind.TransposedConvolution => Choose(group.Anchor!.Inputs[1].Shape, ((TransposedConvolutionOp)group.Anchor.Op).Settings, transposed: true),
        KernelKind.WeightGradient => Choose(group.Anchor!.Shape, ((ConvolutionWeightGradientOp)group.Anchor.Op).Settings, transposed: false),
        _ => ConvolutionAlgorithm.Direct,
    };

    private ConvolutionAlgorithm Choose(Shape weight, ConvolutionSettings settings, bool transposed)
    {
        bool doubling = transposed && weight.H.Value == 4 && weight.W.Value == 4 && settings is { Stride: 2, Dilation: 1, Padding: 1 };
        bool form = doubling || (weight.H.Value == 3 && weight.W.Value == 3 && settings is { Stride: 1, Dilation: 1, Padding: >= 0 and <= 2 });
        int inputs = transposed ? weight.N.Value : weight.C, outputs = transposed ? weight.C : weight.N.Value;
        return form && inputs >= WinogradInputs && inputs <= MaximumInputs && (outputs >= WinogradOutputs || inputs >= ManyInputs) ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
    }

    /// <summary>Coefficients that packed weights hold for each pair of channels.</summary>
    internal static int Coefficients(ConvolutionAlgorithm algorithm, Shape weight) =>
        algorithm == ConvolutionAlgorithm.Winograd ? (weight.H.Value == 4 ? 4 * 25 : 36) : weight.H.Value * weight.W.Value;
}
