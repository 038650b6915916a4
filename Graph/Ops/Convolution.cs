using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Ops;

/// <summary>Stride, padding, dilation and grouping of a convolution; the same on both axes.</summary>
/// <param name="Stride">Step between outputs.</param>
/// <param name="Padding">Zeros on each side.</param>
/// <param name="Dilation">Step between taps.</param>
/// <param name="Depthwise">Each channel has its own filter (groups = channels, weight [C, 1, kh, kw]); else one group.</param>
public readonly record struct ConvolutionSettings(int Stride, int Padding, int Dilation, bool Depthwise)
{
    /// <summary>As in IR text.</summary>
    public override string ToString() =>
        $"stride={Text.Of(Stride)} pad={Text.Of(Padding)}{(Dilation == 1 ? "" : $" dilation={Text.Of(Dilation)}")}{(Depthwise ? " depthwise" : "")}";

    /// <summary>Extent of the convolution's result along one axis; null where the kernel does not fit.</summary>
    public Extent? Output(Extent input, int kernel)
    {
        int reach = Dilation * (kernel - 1);
        if (input.IsConstant)
        {
            int covered = input.Value + 2 * Padding - reach - 1;
            return covered < 0 ? null : new Extent(Symbol.None, covered / Stride + 1);
        }
        // A symbolic extent is any multiple of the stride: the result is input/stride exactly when this holds.
        int slack = 2 * Padding - reach - 1;
        return slack < 0 && slack >= -Stride ? input.DividedBy(Stride) : null;
    }

    internal void CheckWeight(string op, Shape weight)
    {
        if (Stride < 1 || Dilation < 1 || Padding < 0)
            throw new GraphException($"{op}: stride and dilation must be at least 1 and padding at least 0, not {this}.");
        if (!weight.IsConstant)
            throw new GraphException($"{op}: the weight {weight} must have a constant shape.");
        if (Depthwise && weight.C != 1)
            throw new GraphException($"{op}: a depthwise weight is [channels, 1, kh, kw], not {weight}.");
    }

    /// <summary>Input channels of a convolution with this weight.</summary>
    public int InputChannels(Shape weight) => Depthwise ? weight.N.Value : weight.C;
}

/// <summary>
/// Convolution (cross-correlation, as in PyTorch) of [N, I, H, W] with a weight [O, I, kh, kw]:
/// <c>conv stride=1 pad=1 (%x, %w)</c>.
/// </summary>
/// <param name="Settings">Stride, padding, dilation, grouping.</param>
public sealed record ConvolutionOp(ConvolutionSettings Settings) : Op
{
    /// <inheritdoc/>
    public override string Name => "conv";

    /// <inheritdoc/>
    public override string Signature => $"conv {Settings}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 2);
        (Shape x, Shape w) = (inputs[0], inputs[1]);
        Settings.CheckWeight(Name, w);
        if (x.C != Settings.InputChannels(w))
        {
            throw new GraphException(
                $"conv: the input {x} has {Text.Of(x.C)} channels, the weight {w} takes {Text.Of(Settings.InputChannels(w))}.");
        }
        if (Settings.Output(x.H, w.H.Value) is not { } height || Settings.Output(x.W, w.W.Value) is not { } width)
        {
            throw new GraphException(
                $"conv: a {w.H}×{w.W} kernel with {Settings} on {x} does not give a whole fraction of the input's size; " +
                "choose the padding so that the size is kept, or divided by the stride.");
        }
        return new Shape(x.N, w.N.Value, height, width);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        Node x = g.Inputs[0], w = g.Inputs[1];
        return
        [
            g.Emit(new TransposedConvolutionOp(Settings, x.Shape.H, x.Shape.W), g.Upstream, w),
            g.Emit(new ConvolutionWeightGradientOp(Settings, w.Shape.H.Value, w.Shape.W.Value), x, g.Upstream),
        ];
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], w = context.Inputs[1], result = context.NewResult();
        ReferenceConvolution.SumIntoResult(Settings, x, w, result);
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) =>
        OpCost.OfMacs(result.Elements(run) * inputs[1].C * inputs[1].H.Value * inputs[1].W.Value);
}

/// <summary>
/// The adjoint of a convolution with respect to its input, which is PyTorch's transposed convolution: reads
/// [N, O, h, w], gives [N, I, H, W] with the same weight [O, I, kh, kw]: <c>conv-transposed stride=2 pad=1 (%y, %w)</c>.
/// </summary>
/// <param name="Settings">Those of the convolution.</param>
/// <param name="Height">Height of the result; the stride alone does not determine it.</param>
/// <param name="Width">Width of the result.</param>
public sealed record TransposedConvolutionOp(ConvolutionSettings Settings, Extent Height, Extent Width) : Op
{
    /// <inheritdoc/>
    public override string Name => "conv-transposed";

    /// <inheritdoc/>
    public override string Signature => $"conv-transposed {Settings}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 2);
        (Shape y, Shape w) = (inputs[0], inputs[1]);
        Settings.CheckWeight(Name, w);
        if (y.C != w.N.Value)
            throw new GraphException($"conv-transposed: the input {y} has {Text.Of(y.C)} channels, the weight {w} takes {w.N}.");
        if (Settings.Output(Height, w.H.Value) != y.H || Settings.Output(Width, w.W.Value) != y.W)
        {
            throw new GraphException(
                $"conv-transposed: no convolution with a {w.H}×{w.W} kernel and {Settings} takes {Height}×{Width} to the input's {y.H}×{y.W}.");
        }
        return new Shape(y.N, Settings.InputChannels(w), Height, Width);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        Node y = g.Inputs[0], w = g.Inputs[1];
        return
        [
            g.Emit(new ConvolutionOp(Settings), g.Upstream, w),
            g.Emit(new ConvolutionWeightGradientOp(Settings, w.Shape.H.Value, w.Shape.W.Value), g.Upstream, y),
        ];
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor y = context.Inputs[0], w = context.Inputs[1], result = context.NewResult();
        ReferenceConvolution.SumIntoInput(Settings, result, w, y);
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) =>
        OpCost.OfMacs(inputs[0].Elements(run) * inputs[1].C * inputs[1].H.Value * inputs[1].W.Value);
}

/// <summary>
/// The adjoint of a convolution with respect to its weight: reads its input [N, I, H, W] and the gradient of its result
/// [N, O, h, w], gives [O, I, kh, kw]: <c>conv-weight-gradient stride=1 pad=1 kernel=3x3 (%x, %dy)</c>.
/// </summary>
/// <param name="Settings">Those of the convolution.</param>
/// <param name="KernelHeight">kh.</param>
/// <param name="KernelWidth">kw.</param>
public sealed record ConvolutionWeightGradientOp(ConvolutionSettings Settings, int KernelHeight, int KernelWidth) : Op
{
    /// <inheritdoc/>
    public override string Name => "conv-weight-gradient";

    /// <inheritdoc/>
    public override string Signature => $"conv-weight-gradient {Settings} kernel={Text.Of(KernelHeight)}x{Text.Of(KernelWidth)}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 2);
        (Shape x, Shape dy) = (inputs[0], inputs[1]);
        if (x.N != dy.N || Settings.Output(x.H, KernelHeight) != dy.H || Settings.Output(x.W, KernelWidth) != dy.W ||
            (Settings.Depthwise && x.C != dy.C))
        {
            throw new GraphException($"conv-weight-gradient: no convolution with {Settings} takes {x} to {dy}.");
        }
        return new Shape(dy.C, Settings.Depthwise ? 1 : x.C, KernelHeight, KernelWidth);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        Node x = g.Inputs[0], dy = g.Inputs[1];
        return
        [
            g.Emit(new TransposedConvolutionOp(Settings, x.Shape.H, x.Shape.W), dy, g.Upstream),
            g.Emit(new ConvolutionOp(Settings), x, g.Upstream),
        ];
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], dy = context.Inputs[1], result = context.NewResult();
        ReferenceConvolution.SumIntoWeight(Settings, x, result, dy);
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) =>
        OpCost.OfMacs(inputs[1].Elements(run) * result.C * KernelHeight * KernelWidth);
}
