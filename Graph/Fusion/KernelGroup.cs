using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Fusion;

/// <summary>What the loops of a kernel are built around.</summary>
public enum KernelKind
{
    /// <summary>Element-wise arithmetic and reductions alone.</summary>
    Map,

    /// <summary>Dense convolution: implicit GEMM.</summary>
    Convolution,

    /// <summary>Its adjoint with respect to the input.</summary>
    TransposedConvolution,

    /// <summary>Its adjoint with respect to the weight.</summary>
    WeightGradient,

    /// <summary>Depthwise convolution.</summary>
    DepthwiseConvolution,

    /// <summary>Its adjoint with respect to the input.</summary>
    DepthwiseTransposed,

    /// <summary>Its adjoint with respect to the weight.</summary>
    DepthwiseWeightGradient,

    /// <summary>Resampling or its adjoint.</summary>
    Resample,

    /// <summary>Half of a Fourier transform along one axis.</summary>
    Trig,
}

/// <summary>Nodes that one kernel computes.</summary>
public sealed class KernelGroup
{
    internal KernelGroup(int id, KernelKind kind, Node? anchor, Shape domain)
    {
        Id = id;
        Kind = kind;
        Anchor = anchor;
        Domain = domain;
    }

    /// <summary>Number in order of creation.</summary>
    public int Id { get; }

    /// <summary>What its loops are built around.</summary>
    public KernelKind Kind { get; }

    /// <summary>The convolution, resampling or transform; null for a map.</summary>
    public Node? Anchor { get; }

    /// <summary>The shape over which its body runs.</summary>
    public Shape Domain { get; }

    /// <summary>The nodes whose home it is, operands first; the anchor is the first.</summary>
    public List<Node> Members { get; } = [];

    /// <summary>Groups that must run before.</summary>
    public HashSet<KernelGroup> Dependencies { get; } = [];

    /// <summary>Kernels one after another that it waits for, as far as was known when its latest member joined.</summary>
    public int Depth { get; internal set; }

    /// <summary>A body can follow the anchor: all but weight gradients, whose value is complete only at the end.</summary>
    public bool TakesBody => Kind is not (KernelKind.WeightGradient or KernelKind.DepthwiseWeightGradient);

    /// <summary>
    /// Runs pixel by pixel, so that its body may reduce; tiled kernels (dense convolutions, transforms) visit a pixel more than once.
    /// </summary>
    public bool TakesReductions => Kind is KernelKind.Map or KernelKind.DepthwiseConvolution or KernelKind.DepthwiseTransposed or KernelKind.Resample;

    /// <summary>The kind of kernel that a node needs; null where it needs none of its own.</summary>
    public static KernelKind? KindOf(Node node) => node.Op switch
    {
        ConvolutionOp c => c.Settings.Depthwise ? KernelKind.DepthwiseConvolution : KernelKind.Convolution,
        TransposedConvolutionOp c => c.Settings.Depthwise ? KernelKind.DepthwiseTransposed : KernelKind.TransposedConvolution,
        ConvolutionWeightGradientOp c => c.Settings.Depthwise ? KernelKind.DepthwiseWeightGradient : KernelKind.WeightGradient,
        ResampleOp => KernelKind.Resample,
        TrigTransformOp => KernelKind.Trig,
        ElementwiseOp or ReduceOp => KernelKind.Map,
        _ => null,
    };

    /// <summary>Is an op that others read through: a view of memory, or a value that exists before the run.</summary>
    public static bool IsView(Node node) => node.Op is SliceOp or ConcatOp or PackOp or UnpackOp;

    /// <summary>Kind, number and domain.</summary>
    public override string ToString() => $"k{Text.Of(Id)} {Kind} {Domain}";
}

/// <summary>Whether a node joined another's kernel, and why, or why not.</summary>
/// <param name="Node">The node.</param>
/// <param name="Group">The kernel in question.</param>
/// <param name="Accepted">It joined.</param>
/// <param name="Reason">For people.</param>
public sealed record FusionDecision(Node Node, KernelGroup Group, bool Accepted, string Reason);
