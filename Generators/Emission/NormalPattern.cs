using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission;

/// <summary>Finds ½ + ½·erf(x·√½) in a body, the share of a normal distribution below x: what GELU multiplies x by, and a part of its derivative.</summary>
internal static class NormalPattern
{
    private const float SquareRootOfHalf = 0.70710678f;

    /// <summary>The index of x if the value is that of x.</summary>
    public static int? ArgumentOf(KernelBody body, int index) =>
        Other(body, BinaryKind.Add, index, 0.5f) is { } half &&
        Other(body, BinaryKind.Multiply, half, 0.5f) is { } erf &&
        body.Values[erf] is UnaryValue { Kind: UnaryKind.Erf } error
            ? Other(body, BinaryKind.Multiply, error.X, SquareRootOfHalf) : null;

    // The operand beside a constant.
    private static int? Other(KernelBody body, BinaryKind kind, int index, float constant)
    {
        if (body.Values[index] is not BinaryValue binary || binary.Kind != kind)
            return null;
        return IsConstant(body, binary.A, constant) ? binary.B : IsConstant(body, binary.B, constant) ? binary.A : null;
    }

    private static bool IsConstant(KernelBody body, int index, float value) => body.Values[index] is ConstantValue constant && (float)constant.Value == value;
}
