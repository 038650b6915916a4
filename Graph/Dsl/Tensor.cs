using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Dsl;

/// <summary>
/// A handle to a value of a network under construction, in logical order N, C, H, W. Operators and methods add nodes to
/// its graph. Operands broadcast along extents of 1, as in NumPy.
/// </summary>
public sealed class Tensor
{
    internal Tensor(NetworkBuilder owner, Node node)
    {
        Owner = owner;
        Node = node;
    }

    /// <summary>The network that this value belongs to.</summary>
    public NetworkBuilder Owner { get; }

    /// <summary>The value's node in the IR.</summary>
    public Node Node { get; }

    /// <summary>Number of channels, which is known at build time.</summary>
    public int Channels => Node.Shape.C;

    /// <summary>a + b.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => a.Binary(BinaryKind.Add, b);

    /// <summary>a − b.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => a.Binary(BinaryKind.Subtract, b);

    /// <summary>a · b, element by element.</summary>
    public static Tensor operator *(Tensor a, Tensor b) => a.Binary(BinaryKind.Multiply, b);

    /// <summary>a / b, element by element.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => a.Binary(BinaryKind.Divide, b);

    /// <summary>a + b.</summary>
    public static Tensor operator +(Tensor a, double b) => a + a.Number(b);

    /// <summary>a + b.</summary>
    public static Tensor operator +(double a, Tensor b) => b.Number(a) + b;

    /// <summary>a − b.</summary>
    public static Tensor operator -(Tensor a, double b) => a - a.Number(b);

    /// <summary>a − b.</summary>
    public static Tensor operator -(double a, Tensor b) => b.Number(a) - b;

    /// <summary>a · b.</summary>
    public static Tensor operator *(Tensor a, double b) => a * a.Number(b);

    /// <summary>a · b.</summary>
    public static Tensor operator *(double a, Tensor b) => b.Number(a) * b;

    /// <summary>a / b.</summary>
    public static Tensor operator /(Tensor a, double b) => a / a.Number(b);

    /// <summary>a / b.</summary>
    public static Tensor operator /(double a, Tensor b) => b.Number(a) / b;

    /// <summary>−a.</summary>
    public static Tensor operator -(Tensor a) => a.Unary(UnaryKind.Negate);

    /// <summary>|x|.</summary>
    public Tensor Abs() => Unary(UnaryKind.Abs);

    /// <summary>√x.</summary>
    public Tensor Sqrt() => Unary(UnaryKind.Sqrt);

    /// <summary>1/x.</summary>
    public Tensor Reciprocal() => Unary(UnaryKind.Reciprocal);

    /// <summary>eˣ.</summary>
    public Tensor Exp() => Unary(UnaryKind.Exp);

    /// <summary>The error function.</summary>
    public Tensor Erf() => Unary(UnaryKind.Erf);

    /// <summary>The larger of two, element by element.</summary>
    public Tensor Max(Tensor other) => Binary(BinaryKind.Maximum, other);

    /// <summary>The smaller of two, element by element.</summary>
    public Tensor Min(Tensor other) => Binary(BinaryKind.Minimum, other);

    /// <summary>Sum over axes, which become 1.</summary>
    public Tensor Sum(Axes axes) => Emit(new ReduceOp(ReduceKind.Sum, axes), Node);

    /// <summary>Maximum over axes, which become 1.</summary>
    public Tensor Max(Axes axes) => Emit(new ReduceOp(ReduceKind.Max, axes), Node);

    /// <summary>Channels <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/>.</summary>
    public Tensor Slice(int start, int count) => Emit(new SliceOp(start, count), Node);

    /// <summary>Tensors side by side along the channels.</summary>
    public static Tensor Concat(params Tensor[] tensors)
    {
        if (tensors.Length == 0)
            throw new GraphException("Concat takes at least one tensor.");
        return tensors.Length == 1 ? tensors[0] : tensors[0].Emit(new ConcatOp(), [.. tensors.Select(t => tensors[0].Owner.Check(t))]);
    }

    /// <summary>
    /// 2-D convolution as in PyTorch: this is [N, I, H, W], the weight [O, I, kh, kw], the result [N, O, H/stride, W/stride].
    /// </summary>
    /// <param name="weight">Weight; for a depthwise convolution [C, 1, kh, kw].</param>
    /// <param name="stride">Step between outputs.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="dilation">Step between taps.</param>
    /// <param name="depthwise">Each channel has its own filter.</param>
    /// <exception cref="GraphException">Channels do not fit, or the result is no whole fraction of a symbolic size.</exception>
    public Tensor Convolution(Tensor weight, int stride = 1, int padding = 0, int dilation = 1, bool depthwise = false) =>
        Emit(new ConvolutionOp(new ConvolutionSettings(stride, padding, dilation, depthwise)), Node, Owner.Check(weight));

    /// <summary>
    /// 2-D transposed convolution as in PyTorch's ConvTranspose2d: this is [N, I, H, W], the weight [I, O, kh, kw].
    /// </summary>
    /// <param name="weight">Weight, input channels first.</param>
    /// <param name="stride">Factor by which the size grows.</param>
    /// <param name="padding">Zeros that the corresponding convolution adds on each side.</param>
    public Tensor TransposedConvolution(Tensor weight, int stride, int padding)
    {
        Shape w = Owner.Check(weight).Shape;
        var settings = new ConvolutionSettings(stride, padding, 1, false);
        return Emit(new TransposedConvolutionOp(settings, Grow(Node.Shape.H, w.H), Grow(Node.Shape.W, w.W)), Node, weight.Node);

        Extent Grow(Extent extent, Extent kernel) => extent.IsConstant
            ? (extent.Value - 1) * stride - 2 * padding + kernel.Value
            : extent.Times(stride) ?? throw new GraphException(
                $"conv-transposed: {extent} × {Text.Of(stride)} is larger than the picture, for which the IR has no extent.");
    }

    /// <summary>Resampling by a fixed ratio.</summary>
    public Tensor Resample(ResampleKind kind) => Emit(ResampleOp.Forward(kind), Node);

    /// <summary>Σ x[n]·cos(2πkn/L) along one axis of length L.</summary>
    /// <param name="alongHeight">Along H; else along W.</param>
    public Tensor CosineTransform(bool alongHeight) => Emit(new TrigTransformOp(alongHeight, false), Node);

    /// <summary>Σ x[n]·sin(2πkn/L) along one axis of length L.</summary>
    /// <param name="alongHeight">Along H; else along W.</param>
    public Tensor SineTransform(bool alongHeight) => Emit(new TrigTransformOp(alongHeight, true), Node);

    /// <summary>The number of elements along axes, as a scalar.</summary>
    public Tensor Size(Axes axes)
    {
        Shape all = Node.Shape, rest = all.Reduce(axes);
        return Emit(new SizeOp(new Shape(
            all.N == rest.N ? 1 : all.N, all.C == rest.C ? 1 : all.C, all.H == rest.H ? 1 : all.H, all.W == rest.W ? 1 : all.W)));
    }

    private Tensor Number(double value) => Owner.Constant(value);

    private Tensor Unary(UnaryKind kind) => Emit(new UnaryOp(kind), Node);

    private Tensor Binary(BinaryKind kind, Tensor other) => Emit(new BinaryOp(kind), Node, Owner.Check(other));

    private Tensor Emit(Op op, params Node[] inputs) => new(Owner, Owner.Ir.Emit(op, inputs));
}
