using System.Globalization;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>CUDA C: the functions that NVRTC has built in, and those of the template arithmetic.cu.</summary>
/// <param name="narrow">The results are rounded to bfloat16: a function that costs less and has more digits than that will do.</param>
internal sealed class CudaExpressionPrinter(bool narrow = false) : ExpressionPrinter
{
    public override string Literal(float value)
    {
        if (float.IsNaN(value))
            return "__int_as_float(0x7fffffff)";
        if (float.IsInfinity(value))
            return value > 0 ? "__int_as_float(0x7f800000)" : "(-__int_as_float(0x7f800000))";
        string digits = value.ToString("R", CultureInfo.InvariantCulture);
        string literal = digits.IndexOfAny(['.', 'E']) < 0 ? digits + ".0f" : digits + "f";
        return value < 0 ? $"({literal})" : literal;
    }

    protected override string Function(UnaryKind kind) => kind switch
    {
        UnaryKind.Abs => "fabsf",
        UnaryKind.Sign => "sign_of",
        UnaryKind.Sqrt => "sqrtf",
        UnaryKind.Reciprocal => "reciprocal_of",
        UnaryKind.Exp => narrow ? "__expf" : "expf",
        UnaryKind.Erf => narrow ? "erf_for_bf16" : "erff",
        _ => throw new InvalidOperationException(kind.ToString()),
    };

    protected override string Function(BinaryKind kind) => kind switch
    {
        BinaryKind.Maximum => "fmaxf",
        BinaryKind.Minimum => "fminf",
        BinaryKind.Equal => "one_if_equal",
        BinaryKind.Greater => "one_if_greater",
        _ => throw new InvalidOperationException(kind.ToString()),
    };
}
