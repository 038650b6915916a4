using System.Globalization;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission;

/// <summary>
/// Prints the arithmetic of kernel bodies. Every target language writes operators alike; a dialect names the functions and
/// literals. Vector and scalar code of one language differ in literals alone.
/// </summary>
internal abstract class ExpressionPrinter
{
    /// <summary>An expression that has the value of <paramref name="value"/>, given names for its operands.</summary>
    public string Print(BodyValue value, Func<int, string> name) => value switch
    {
        ConstantValue constant => Literal((float)constant.Value),
        UnaryValue { Kind: UnaryKind.Negate } unary => $"-{name(unary.X)}",
        UnaryValue unary => $"{Function(unary.Kind)}({name(unary.X)})",
        BinaryValue { Kind: BinaryKind.Add } b => $"{name(b.A)} + {name(b.B)}",
        BinaryValue { Kind: BinaryKind.Subtract } b => $"{name(b.A)} - {name(b.B)}",
        BinaryValue { Kind: BinaryKind.Multiply } b => $"{name(b.A)} * {name(b.B)}",
        BinaryValue { Kind: BinaryKind.Divide } b => $"{name(b.A)} / {name(b.B)}",
        BinaryValue b => $"{Function(b.Kind)}({name(b.A)}, {name(b.B)})",
        _ => throw new InvalidOperationException($"{value} is no arithmetic."),
    };

    /// <summary>A float32 literal.</summary>
    public abstract string Literal(float value);

    /// <summary>Name of a function of one number.</summary>
    protected abstract string Function(UnaryKind kind);

    /// <summary>Name of a function of two numbers.</summary>
    protected abstract string Function(BinaryKind kind);
}

/// <summary>C#: the functions of Runtime's VectorMath, whose scalar and vector forms share their names.</summary>
/// <param name="vector">For eight lanes; else for one.</param>
internal sealed class CSharpExpressionPrinter(bool vector) : ExpressionPrinter
{
    public override string Literal(float value) => vector ? $"Vector256.Create({Scalar(value)})" : Scalar(value);

    public static string Scalar(float value) =>
        float.IsNaN(value) ? "float.NaN" :
        float.IsPositiveInfinity(value) ? "float.PositiveInfinity" :
        float.IsNegativeInfinity(value) ? "float.NegativeInfinity" :
        value < 0 ? $"({value.ToString("R", CultureInfo.InvariantCulture)}f)" : value.ToString("R", CultureInfo.InvariantCulture) + "f";

    protected override string Function(UnaryKind kind) => "VectorMath." + kind;

    protected override string Function(BinaryKind kind) => kind switch
    {
        BinaryKind.Maximum => "VectorMath.Max",
        BinaryKind.Minimum => "VectorMath.Min",
        BinaryKind.Equal => "VectorMath.CompareEqual",
        BinaryKind.Greater => "VectorMath.CompareGreater",
        _ => throw new InvalidOperationException(kind.ToString()),
    };
}
