using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>What a depthwise convolution of stride 1 is cut into: the arguments of the template's DepthwiseTile.</summary>
/// <param name="Type">DepthwiseTile in CUDA C.</param>
/// <param name="Element">What is read.</param>
/// <param name="Group">Channels of a block.</param>
/// <param name="Rows">Outputs of a thread, below each other.</param>
/// <param name="Width">Columns.</param>
/// <param name="Weight">[C, 1, kh, kw].</param>
/// <param name="Dilation">Step between taps.</param>
internal sealed record DepthwiseTile(string Type, string Element, int Group, int Rows, int Width, Shape Weight, int Dilation)
{
    private const int Threads = 256;

    // A block has to fit on sm_75.
    private const int MostBytes = 64 * 1024;

    private int Channels => Weight.N.Value;

    private int Taps => Weight.H.Value * Weight.W.Value;

    private int Slots => Threads / (Group / 2);

    private int Height => Rows * (Slots / Width);

    /// <summary>Results of a channel.</summary>
    public int OutPixels => Height * Width;

    private int InBytes => (Height + Weight.H.Value - 1) * (Width + Weight.W.Value - 1) * Group * SizeOf(Element);

    private int Groups => Channels / Group;

    /// <summary>DepthwiseTile::shared_bytes.</summary>
    public int SharedBytes => Math.Max(InBytes, Height * Width * Group * 4) + (Taps * Group * 4);

    /// <summary>DepthwiseGradient::shared_bytes.</summary>
    /// <param name="gradient">Elements of the gradient that is read.</param>
    public int GradientBytes(string gradient) => Math.Max(InBytes + (Height * Width * Group * SizeOf(gradient)), Slots * Weight.H.Value * Group * 4);

    /// <summary>Blocks for all tiles of all pictures.</summary>
    /// <param name="domain">The outputs.</param>
    public BlockCount Blocks(Shape domain) => CudaExtents.OfTiles(domain, Dilation * Height, Dilation * Width, Dilation * Dilation * Groups);

    /// <summary>Blocks for chunks.</summary>
    /// <param name="chunks">Chunks of each picture, or of the batch.</param>
    /// <param name="pictures">The outputs where chunks are of each picture.</param>
    public BlockCount Blocks(int chunks, Shape? pictures) => pictures is { } domain ? CudaExtents.ByPicture(domain, chunks * Groups) : CudaExtents.Fixed(chunks * Groups);

    /// <summary>Whether a task is a depthwise convolution, or its adjoint, in tiles.</summary>
    public static bool IsFor(LaunchTask task) =>
        task is KernelTask { Group.Kind: KernelKind.DepthwiseConvolution or KernelKind.DepthwiseTransposed } kernel && Of(kernel) is not null;

    /// <summary>The tile for a task with a depthwise anchor; null where it needs the template that gathers.</summary>
    public static DepthwiseTile? Of(KernelTask task)
    {
        Node anchor = task.Group.Anchor!;
        ConvolutionSettings settings = CudaTaskEmitter.SettingsOf(anchor);
        bool isGradient = task.Group.Kind == KernelKind.DepthwiseWeightGradient, adjoint = task.Group.Kind == KernelKind.DepthwiseTransposed;
        Shape weight = isGradient ? anchor.Shape : anchor.Inputs[1].Shape;
        CudaOperand x = CudaOperand.Of(task.Operands[0]);
        // Of a pixel's channels partial results are sums over pixels; sums of the channels themselves need them all.
        bool fits = settings.Stride == 1 && weight.N.Value % 8 == 0 && IsWhole(x) && (!isGradient || IsWhole(CudaOperand.Of(task.Operands[1]))) &&
            task.Reduction != TaskReduction.Gathered && task.Body.Reductions.All(r => r.Mode == ReductionMode.Chunked && r.Access.Axes.HasFlag(Axes.C));
        if (!fits)
            return null;
        int group = x.Type == "bf16" && weight.N.Value % 16 == 0 ? 16 : 8;
        // Of 64 × 64 pixels every third of every third row are 22 × 22. The fewer taps, the more outputs are worth what a thread prepares; a thread of a
        // gradient keeps rows of both that it reads.
        (int rows, int width) = settings.Dilation >= 3 ? (11, 22) : weight.H.Value <= 3 && !isGradient ? (16, 32) : (8, 32);
        int reach = settings.Dilation * (weight.H.Value - 1);
        int padding = adjoint ? reach - settings.Padding : settings.Padding;
        string type = $"DepthwiseTile<{x.Type}, {weight.N}, {weight.H}, {weight.W}, {Text.Of(padding)}, {Text.Of(settings.Dilation)}, {Text.Of(x.Pitch)}, {Text.Of(rows)}, {Text.Of(width)}>";
        var tile = new DepthwiseTile(type, x.Type, group, rows, width, weight, settings.Dilation);
        int bytes = isGradient ? tile.GradientBytes(CudaOperand.Of(task.Operands[1]).Type) : tile.SharedBytes;
        return weight.W.Value <= tile.Slots && bytes <= MostBytes ? tile : null;
    }

    // Chunks of 16 bytes.
    internal static bool IsWhole(CudaOperand operand) => operand.Alignment * SizeOf(operand.Type) >= 16;

    internal static int SizeOf(string element) => element == "bf16" ? 2 : 4;
}
