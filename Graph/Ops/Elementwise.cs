using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Ops;

/// <summary>An op whose every result element depends on one element of each operand. Operands broadcast.</summary>
public abstract record ElementwiseOp : Op
{
}

/// <summary>Functions of one number.</summary>
public enum UnaryKind
{
    /// <summary>−x.</summary>
    Negate,

    /// <summary>|x|.</summary>
    Abs,

    /// <summary>−1, 0 or 1.</summary>
    Sign,

    /// <summary>√x.</summary>
    Sqrt,

    /// <summary>1/x.</summary>
    Reciprocal,

    /// <summary>eˣ.</summary>
    Exp,

    /// <summary>The error function.</summary>
    Erf,
}

/// <summary>A function of each element: <c>erf(%1)</c>.</summary>
/// <param name="Kind">The function.</param>
public sealed record UnaryOp(UnaryKind Kind) : ElementwiseOp
{
    /// <inheritdoc/>
    public override string Name => Kind.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 1);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        Node x = g.Inputs[0], y = g.Result, u = g.Upstream;
        return Kind switch
        {
            UnaryKind.Negate => [g.Negate(u)],
            UnaryKind.Abs => [g.Multiply(u, g.Emit(new UnaryOp(UnaryKind.Sign), x))],
            UnaryKind.Sign => [null],
            UnaryKind.Sqrt => [g.Divide(g.Multiply(u, g.Fill(0.5)), y)],
            UnaryKind.Reciprocal => [g.Negate(g.Multiply(u, g.Multiply(y, y)))],
            UnaryKind.Exp => [g.Multiply(u, y)],
            // d erf(x)/dx = 2/√π · e^(−x²)
            UnaryKind.Erf => [g.Multiply(u, g.Multiply(g.Fill(2 / Math.Sqrt(Math.PI)), g.Emit(new UnaryOp(UnaryKind.Exp), g.Negate(g.Multiply(x, x)))))],
            _ => throw new InvalidOperationException(Kind.ToString()),
        };
    }

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], result = context.NewResult();
        for (int i = 0; i < result.Data.Length; i++)
            result.Data[i] = Apply(x.Data[i]);
        return result;
    }

    /// <summary>The function of one number, in float64.</summary>
    public double Apply(double x) => Kind switch
    {
        UnaryKind.Negate => -x,
        UnaryKind.Abs => Math.Abs(x),
        UnaryKind.Sign => x > 0 ? 1 : x < 0 ? -1 : 0,
        UnaryKind.Sqrt => Math.Sqrt(x),
        UnaryKind.Reciprocal => 1 / x,
        UnaryKind.Exp => Math.Exp(x),
        UnaryKind.Erf => ErrorFunction.Erf(x),
        _ => throw new InvalidOperationException(Kind.ToString()),
    };

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) =>
        OpCost.PerElement(result, run, Kind is UnaryKind.Exp or UnaryKind.Erf ? 20 : 1);
}

/// <summary>Functions of two numbers.</summary>
public enum BinaryKind
{
    /// <summary>a + b.</summary>
    Add,

    /// <summary>a − b.</summary>
    Subtract,

    /// <summary>a · b.</summary>
    Multiply,

    /// <summary>a / b.</summary>
    Divide,

    /// <summary>The larger.</summary>
    Maximum,

    /// <summary>The smaller.</summary>
    Minimum,

    /// <summary>1 where a = b, else 0.</summary>
    Equal,

    /// <summary>1 where a &gt; b, else 0.</summary>
    Greater,
}

/// <summary>A function of two elements; an extent of 1 broadcasts: <c>add(%1, %2)</c>.</summary>
/// <param name="Kind">The function.</param>
public sealed record BinaryOp(BinaryKind Kind) : ElementwiseOp
{
    /// <inheritdoc/>
    public override string Name => Kind.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 2);
        return Shape.Broadcast(inputs[0], inputs[1]) ?? throw new GraphException(
            $"{Name}: the shapes {inputs[0]} and {inputs[1]} do not fit: each extent must be equal, or 1 in one of them.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g)
    {
        Node a = g.Inputs[0], b = g.Inputs[1], u = g.Upstream;
        (Node? da, Node? db) = Kind switch
        {
            BinaryKind.Add => ((Node?)u, (Node?)u),
            BinaryKind.Subtract => (u, g.Negate(u)),
            BinaryKind.Multiply => (g.Multiply(u, b), g.Multiply(u, a)),
            BinaryKind.Divide => (g.Divide(u, b), g.Negate(g.Divide(g.Multiply(u, g.Result), b))),
            // Where both are equal each operand takes half: a valid subgradient that favours neither.
            BinaryKind.Maximum => (g.Multiply(u, Mask(g, a, b)), g.Multiply(u, Mask(g, b, a))),
            BinaryKind.Minimum => (g.Multiply(u, Mask(g, b, a)), g.Multiply(u, Mask(g, a, b))),
            _ => (null, null),
        };
        return [da is null ? null : g.SumTo(da, a.Shape), db is null ? null : g.SumTo(db, b.Shape)];
    }

    private static Node Mask(GradientContext g, Node larger, Node smaller) => g.Add(
        g.Emit(new BinaryOp(BinaryKind.Greater), larger, smaller),
        g.Multiply(g.Fill(0.5), g.Emit(new BinaryOp(BinaryKind.Equal), larger, smaller)));

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor a = context.Inputs[0], b = context.Inputs[1], result = context.NewResult();
        result.ForEach((i, n, c, h, w) => result.Data[i] = Apply(a.Broadcast(n, c, h, w), b.Broadcast(n, c, h, w)));
        return result;
    }

    /// <summary>The function of two numbers, in float64.</summary>
    public double Apply(double a, double b) => Kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Subtract => a - b,
        BinaryKind.Multiply => a * b,
        BinaryKind.Divide => a / b,
        BinaryKind.Maximum => Math.Max(a, b),
        BinaryKind.Minimum => Math.Min(a, b),
        BinaryKind.Equal => a == b ? 1 : 0,
        BinaryKind.Greater => a > b ? 1 : 0,
        _ => throw new InvalidOperationException(Kind.ToString()),
    };

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.PerElement(result, run);
}

/// <summary>Repeats a tensor along the axes on which it is 1: <c>broadcast(%1)</c>.</summary>
/// <param name="Target">The shape of the result.</param>
public sealed record BroadcastOp(Shape Target) : ElementwiseOp
{
    /// <inheritdoc/>
    public override string Name => "broadcast";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 1);
        if (Shape.Broadcast(inputs[0], Target) != Target)
            throw new GraphException($"broadcast: {inputs[0]} can't be repeated to {Target}: each extent must be equal or 1.");
        return Target;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g) => [g.SumTo(g.Upstream, g.Inputs[0].Shape)];

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], result = context.NewResult();
        result.ForEach((i, n, c, h, w) => result.Data[i] = x.Broadcast(n, c, h, w));
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.Free;
}
