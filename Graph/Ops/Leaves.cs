using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Ops;

/// <summary>An op without operands whose value is given from outside or is constant. Its gradient has nowhere to go.</summary>
public abstract record LeafOp(Shape Shape) : Op
{
    /// <inheritdoc/>
    public sealed override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 0);
        return Shape;
    }

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Node?> Gradient(GradientContext context) => [];

    /// <inheritdoc/>
    public sealed override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.Free;
}

/// <summary>A tensor that the caller provides for every run: <c>input "image"</c>.</summary>
/// <param name="InputName">Name, unique in the graph.</param>
/// <param name="Shape">Its shape.</param>
public sealed record InputOp(string InputName, Shape Shape) : LeafOp(Shape)
{
    /// <inheritdoc/>
    public override string Name => "input";

    /// <inheritdoc/>
    public override string Signature => $"input \"{InputName}\"";

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context) => context.Values.Input(InputName);
}

/// <summary>A trainable tensor, which is a view of the flat parameter state: <c>parameter "feat_extract.0.main.0.weight"</c>.</summary>
/// <param name="ParameterName">Name as in the official checkpoints.</param>
/// <param name="CheckpointShape">Shape in weight files, with one to four extents, as text such as <c>32x3x3x3</c>.</param>
/// <param name="Offset">First element in the flat parameters.</param>
/// <param name="Shape">Four-dimensional shape; a vector of C becomes [1, C, 1, 1].</param>
/// <param name="Initial">Distribution of its initial values.</param>
public sealed record ParameterOp(string ParameterName, string CheckpointShape, int Offset, Shape Shape, Initializer Initial) : LeafOp(Shape)
{
    /// <inheritdoc/>
    public override string Name => "parameter";

    /// <inheritdoc/>
    public override string Signature => $"parameter \"{ParameterName}\" at={Text.Of(Offset)} init={Initial}";

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context) => context.Values.Parameter(this);
}

/// <summary>Initial values: uniform in [Base − Scale, Base + Scale].</summary>
/// <param name="Base">Centre.</param>
/// <param name="Scale">Half width, 0 for a constant.</param>
public readonly record struct Initializer(double Base, double Scale)
{
    /// <summary>A constant.</summary>
    public static Initializer Constant(double value) => new(value, 0);

    /// <summary>Uniform in ±1/√fanIn, PyTorch's default for convolution weights (Kaiming uniform, a = √5) and biases.</summary>
    public static Initializer FanIn(int fanIn) => new(0, 1 / Math.Sqrt(fanIn));

    /// <summary>As in IR text.</summary>
    public override string ToString() => Scale == 0 ? Text.Of(Base) : $"{Text.Of(Base)}±{Text.Of(Scale)}";
}

/// <summary>A tensor kept from run to run and updated by assignments: <c>state "adam.m"</c>. All parameters together are the state <c>parameters</c>.</summary>
/// <param name="StateName">Name, unique in the graph.</param>
/// <param name="Shape">A constant shape.</param>
/// <param name="Initial">Value that every element starts with.</param>
public sealed record StateOp(string StateName, Shape Shape, double Initial) : LeafOp(Shape)
{
    /// <summary>Name of the state that holds all parameters.</summary>
    public const string Parameters = "parameters";

    /// <inheritdoc/>
    public override string Name => "state";

    /// <inheritdoc/>
    public override string Signature => $"state \"{StateName}\" init={Text.Of(Initial)}";

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context) => context.Values.State(this);
}

/// <summary>A number, or a tensor filled with it: <c>fill 0.5</c>.</summary>
/// <param name="Value">The number.</param>
/// <param name="Shape">Its shape.</param>
public sealed record FillOp(double Value, Shape Shape) : LeafOp(Shape)
{
    /// <inheritdoc/>
    public override string Name => "fill";

    /// <inheritdoc/>
    public override string Signature => $"fill {Text.Of(Value)}";

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor result = context.NewResult();
        result.Fill(Value);
        return result;
    }
}

/// <summary>The number of elements of a shape, as a scalar: what a mean divides by. <c>size [N,1,H,W]</c>.</summary>
/// <param name="Of">The shape that is counted.</param>
public sealed record SizeOp(Shape Of) : LeafOp(Shape.Scalar)
{
    /// <inheritdoc/>
    public override string Name => "size";

    /// <inheritdoc/>
    public override string Signature => $"size {Of}";

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor result = context.NewResult();
        result.Data[0] = Of.Elements(context.Run);
        return result;
    }
}
