using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Ops;

/// <summary>A range of channels: <c>slice 16..32 (%1)</c>. In memory it is a channel offset, never a copy.</summary>
/// <param name="Start">First channel.</param>
/// <param name="Count">Channels.</param>
public sealed record SliceOp(int Start, int Count) : Op
{
    /// <inheritdoc/>
    public override string Name => "slice";

    /// <inheritdoc/>
    public override string Signature => $"slice {Text.Of(Start)}..{Text.Of(Start + Count)}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 1);
        if (Start < 0 || Count < 1 || Start + Count > inputs[0].C)
        {
            throw new GraphException(
                $"slice: channels {Text.Of(Start)} to {Text.Of(Start + Count)} of a tensor {inputs[0]}, which has {Text.Of(inputs[0].C)}.");
        }
        return inputs[0] with { C = Count };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        Shape whole = g.Inputs[0].Shape;
        var parts = new List<Node>();
        if (Start > 0)
            parts.Add(g.Emit(new FillOp(0, whole with { C = Start })));
        parts.Add(g.Upstream);
        if (Start + Count < whole.C)
            parts.Add(g.Emit(new FillOp(0, whole with { C = whole.C - Start - Count })));
        return [parts.Count == 1 ? g.Upstream : g.Emit(new ConcatOp(), [.. parts])];
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], result = context.NewResult();
        result.ForEach((i, n, c, h, w) => result.Data[i] = x[n, Start + c, h, w]);
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.Free;
}

/// <summary>Tensors side by side along the channels: <c>concat(%1, %2)</c>. In memory its operands are written in place.</summary>
public sealed record ConcatOp : Op
{
    /// <inheritdoc/>
    public override string Name => "concat";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count < 2)
            throw new GraphException("concat takes at least two tensors.");
        foreach (Shape shape in inputs)
        {
            if (shape with { C = 1 } != inputs[0] with { C = 1 })
                throw new GraphException($"concat: {shape} can't stand beside {inputs[0]}: all extents but the channels must be equal.");
        }
        return inputs[0] with { C = inputs.Sum(s => s.C) };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        var gradients = new Node?[g.Inputs.Count];
        int start = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            gradients[i] = g.Emit(new SliceOp(start, g.Inputs[i].Shape.C), g.Upstream);
            start += g.Inputs[i].Shape.C;
        }
        return gradients;
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor result = context.NewResult();
        int start = 0;
        foreach (ReferenceTensor x in context.Inputs)
        {
            int first = start;
            x.ForEach((i, n, c, h, w) => result[n, first + c, h, w] = x.Data[i]);
            start += x.Extents[1];
        }
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.Free;
}

/// <summary>
/// The elements of tensors of constant shapes one after another, each in the order of memory (NHWC), as a flat vector:
/// <c>pack(%1, %2)</c>. The gradients of all parameters, packed, are what the optimizer sees.
/// </summary>
public sealed record PackOp : Op
{
    /// <inheritdoc/>
    public override string Name => "pack";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count == 0)
            throw new GraphException("pack takes at least one tensor.");
        return Shape.Flat(inputs.Sum(s => s.ConstantElements));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        var gradients = new Node?[g.Inputs.Count];
        int start = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            gradients[i] = g.Emit(new UnpackOp(start, g.Inputs[i].Shape), g.Upstream);
            start += g.Inputs[i].Shape.ConstantElements;
        }
        return gradients;
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor result = context.NewResult();
        int start = 0;
        foreach (ReferenceTensor x in context.Inputs)
        {
            int first = start;
            x.ForEach((i, n, c, h, w) => result.Data[first + x.MemoryIndex(n, c, h, w)] = x.Data[i]);
            start += x.Data.Length;
        }
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.Free;
}

/// <summary>A tensor taken out of a flat vector, in the order of memory (NHWC): <c>unpack 128 (%1)</c>.</summary>
/// <param name="Start">First element.</param>
/// <param name="Target">Shape of the result.</param>
public sealed record UnpackOp(int Start, Shape Target) : Op
{
    /// <inheritdoc/>
    public override string Name => "unpack";

    /// <inheritdoc/>
    public override string Signature => $"unpack {Text.Of(Start)}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 1);
        if (inputs[0] != Shape.Flat(inputs[0].C) || Start < 0 || Start + Target.ConstantElements > inputs[0].C)
            throw new GraphException($"unpack: {Target} from element {Text.Of(Start)} on does not lie within {inputs[0]}.");
        return Target;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        int whole = g.Inputs[0].Shape.C, end = Start + Target.ConstantElements;
        var parts = new List<Node>();
        if (Start > 0)
            parts.Add(g.Emit(new FillOp(0, Shape.Flat(Start))));
        parts.Add(g.Upstream);
        if (end < whole)
            parts.Add(g.Emit(new FillOp(0, Shape.Flat(whole - end))));
        return [g.Emit(new PackOp(), [.. parts])];
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], result = context.NewResult();
        result.ForEach((i, n, c, h, w) => result.Data[i] = x.Data[Start + result.MemoryIndex(n, c, h, w)]);
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.Free;
}
