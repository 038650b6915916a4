using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>
/// C#'s operators and conversions on boxed numbers. Every result is boxed as exactly the type that C# gives it: note
/// that a conditional expression of mixed numeric arms would silently box the common type, so there is none here.
/// </summary>
internal static class Arithmetic
{
    /// <summary>Is one of C#'s numeric types or char.</summary>
    public static bool IsNumber(object? value) =>
        value is int or double or long or float or byte or sbyte or short or ushort or uint or ulong or decimal or char;

    /// <summary>The special type of a boxed number.</summary>
    public static SpecialType TypeOf(object value) => value switch
    {
        int => SpecialType.System_Int32,
        double => SpecialType.System_Double,
        long => SpecialType.System_Int64,
        float => SpecialType.System_Single,
        byte => SpecialType.System_Byte,
        sbyte => SpecialType.System_SByte,
        short => SpecialType.System_Int16,
        ushort => SpecialType.System_UInt16,
        uint => SpecialType.System_UInt32,
        ulong => SpecialType.System_UInt64,
        decimal => SpecialType.System_Decimal,
        char => SpecialType.System_Char,
        _ => SpecialType.None,
    };

    /// <summary>Is a numeric type or char.</summary>
    public static bool IsNumeric(SpecialType type) =>
        type is SpecialType.System_Char or (>= SpecialType.System_SByte and <= SpecialType.System_Double);

    /// <summary>A binary operator on two operands of one type (for shifts: of an integer type and int).</summary>
    public static object? Binary(BinaryOperatorKind kind, object left, object right, bool isChecked) => left switch
    {
        bool a when right is bool b => Logical(kind, a, b),
        int a when right is int b => Int(kind, a, b, isChecked),
        long a when right is long b => Long(kind, a, b, isChecked),
        long a when right is int b => Long(kind, a, b, isChecked),
        uint a when right is uint b => UInt(kind, a, b, isChecked),
        uint a when right is int b => UInt(kind, a, unchecked((uint)b), isChecked),
        ulong a when right is ulong b => ULong(kind, a, b, isChecked),
        ulong a when right is int b => ULong(kind, a, unchecked((ulong)b), isChecked),
        double a when right is double b => Double(kind, a, b),
        // A sum, difference, product or quotient of floats is exact enough in double to round once (Figueroa 1995).
        float a when right is float b => Double(kind, a, b) is double result ? (object)(float)result : Double(kind, a, b),
        decimal a when right is decimal b => Decimal(kind, a, b),
        _ => null,
    };

    /// <summary>−x, ~x or +x; null where there is no such operator.</summary>
    public static object? Unary(UnaryOperatorKind kind, object value, bool isChecked) => (kind, value) switch
    {
        (UnaryOperatorKind.Plus, _) => value,
        (UnaryOperatorKind.Not, bool x) => !x,
        (UnaryOperatorKind.Minus, int x) => isChecked ? checked(-x) : unchecked(-x),
        (UnaryOperatorKind.Minus, long x) => isChecked ? checked(-x) : unchecked(-x),
        (UnaryOperatorKind.Minus, double x) => -x,
        (UnaryOperatorKind.Minus, float x) => -x,
        (UnaryOperatorKind.Minus, decimal x) => -x,
        (UnaryOperatorKind.BitwiseNegation, int x) => ~x,
        (UnaryOperatorKind.BitwiseNegation, uint x) => ~x,
        (UnaryOperatorKind.BitwiseNegation, long x) => ~x,
        (UnaryOperatorKind.BitwiseNegation, ulong x) => ~x,
        _ => null,
    };

    /// <summary>A number converted to another numeric type.</summary>
    public static object Convert(object value, SpecialType target, bool isChecked) => value switch
    {
        _ when TypeOf(value) == target => value,
        double x => FromDouble(x, target, isChecked),
        float x => FromDouble(x, target, isChecked),
        decimal x => FromDecimal(x, target),
        ulong x when isChecked => FromDecimal(x, target),
        ulong x when target is SpecialType.System_Double => (double)x,
        ulong x when target is SpecialType.System_Single => (float)x,
        ulong x when target is SpecialType.System_Decimal => (decimal)x,
        ulong x => FromLong(unchecked((long)x), target, false),
        char x => FromLong(x, target, isChecked),
        _ => FromLong(System.Convert.ToInt64(value, null), target, isChecked),
    };

    private static object FromLong(long x, SpecialType target, bool isChecked) => target switch
    {
        SpecialType.System_Int32 => (object)(isChecked ? checked((int)x) : unchecked((int)x)),
        SpecialType.System_Int64 => x,
        SpecialType.System_Double => (double)x,
        SpecialType.System_Single => (float)x,
        SpecialType.System_Byte => isChecked ? checked((byte)x) : unchecked((byte)x),
        SpecialType.System_SByte => isChecked ? checked((sbyte)x) : unchecked((sbyte)x),
        SpecialType.System_Int16 => isChecked ? checked((short)x) : unchecked((short)x),
        SpecialType.System_UInt16 => isChecked ? checked((ushort)x) : unchecked((ushort)x),
        SpecialType.System_UInt32 => isChecked ? checked((uint)x) : unchecked((uint)x),
        SpecialType.System_UInt64 => isChecked ? checked((ulong)x) : unchecked((ulong)x),
        SpecialType.System_Char => isChecked ? checked((char)x) : unchecked((char)x),
        SpecialType.System_Decimal => (decimal)x,
        _ => throw new InvalidCastException(),
    };

    private static object FromDouble(double x, SpecialType target, bool isChecked) => target switch
    {
        SpecialType.System_Double => x,
        SpecialType.System_Single => (float)x,
        SpecialType.System_Int32 => (object)(isChecked ? checked((int)x) : unchecked((int)x)),
        SpecialType.System_Int64 => isChecked ? checked((long)x) : unchecked((long)x),
        SpecialType.System_UInt32 => isChecked ? checked((uint)x) : unchecked((uint)x),
        SpecialType.System_UInt64 => isChecked ? checked((ulong)x) : unchecked((ulong)x),
        SpecialType.System_Byte => isChecked ? checked((byte)x) : unchecked((byte)x),
        SpecialType.System_SByte => isChecked ? checked((sbyte)x) : unchecked((sbyte)x),
        SpecialType.System_Int16 => isChecked ? checked((short)x) : unchecked((short)x),
        SpecialType.System_UInt16 => isChecked ? checked((ushort)x) : unchecked((ushort)x),
        SpecialType.System_Char => isChecked ? checked((char)x) : unchecked((char)x),
        SpecialType.System_Decimal => (decimal)x,
        _ => throw new InvalidCastException(),
    };

    private static object FromDecimal(decimal x, SpecialType target) => target switch
    {
        SpecialType.System_Double => (double)x,
        SpecialType.System_Single => (float)x,
        SpecialType.System_Decimal => x,
        SpecialType.System_Int32 => (int)x,
        SpecialType.System_Int64 => (long)x,
        SpecialType.System_UInt32 => (uint)x,
        SpecialType.System_UInt64 => (ulong)x,
        SpecialType.System_Byte => (byte)x,
        SpecialType.System_SByte => (sbyte)x,
        SpecialType.System_Int16 => (short)x,
        SpecialType.System_UInt16 => (ushort)x,
        SpecialType.System_Char => (char)x,
        _ => throw new InvalidCastException(),
    };

    private static object? Logical(BinaryOperatorKind kind, bool a, bool b) => kind switch
    {
        BinaryOperatorKind.And => a & b,
        BinaryOperatorKind.Or => a | b,
        BinaryOperatorKind.ExclusiveOr => a ^ b,
        BinaryOperatorKind.Equals => a == b,
        BinaryOperatorKind.NotEquals => a != b,
        _ => null,
    };

    private static object? Int(BinaryOperatorKind kind, int a, int b, bool isChecked) => kind switch
    {
        BinaryOperatorKind.Add => isChecked ? checked(a + b) : unchecked(a + b),
        BinaryOperatorKind.Subtract => isChecked ? checked(a - b) : unchecked(a - b),
        BinaryOperatorKind.Multiply => isChecked ? checked(a * b) : unchecked(a * b),
        BinaryOperatorKind.Divide => a / b,
        BinaryOperatorKind.Remainder => a % b,
        BinaryOperatorKind.LeftShift => a << b,
        BinaryOperatorKind.RightShift => a >> b,
        BinaryOperatorKind.UnsignedRightShift => a >>> b,
        BinaryOperatorKind.And => a & b,
        BinaryOperatorKind.Or => a | b,
        BinaryOperatorKind.ExclusiveOr => a ^ b,
        _ => Ordered(kind, a.CompareTo(b)),
    };

    private static object? Long(BinaryOperatorKind kind, long a, long b, bool isChecked) => kind switch
    {
        BinaryOperatorKind.Add => isChecked ? checked(a + b) : unchecked(a + b),
        BinaryOperatorKind.Subtract => isChecked ? checked(a - b) : unchecked(a - b),
        BinaryOperatorKind.Multiply => isChecked ? checked(a * b) : unchecked(a * b),
        BinaryOperatorKind.Divide => a / b,
        BinaryOperatorKind.Remainder => a % b,
        BinaryOperatorKind.LeftShift => a << (int)b,
        BinaryOperatorKind.RightShift => a >> (int)b,
        BinaryOperatorKind.UnsignedRightShift => a >>> (int)b,
        BinaryOperatorKind.And => a & b,
        BinaryOperatorKind.Or => a | b,
        BinaryOperatorKind.ExclusiveOr => a ^ b,
        _ => Ordered(kind, a.CompareTo(b)),
    };

    private static object? UInt(BinaryOperatorKind kind, uint a, uint b, bool isChecked) => kind switch
    {
        BinaryOperatorKind.Add => isChecked ? checked(a + b) : unchecked(a + b),
        BinaryOperatorKind.Subtract => isChecked ? checked(a - b) : unchecked(a - b),
        BinaryOperatorKind.Multiply => isChecked ? checked(a * b) : unchecked(a * b),
        BinaryOperatorKind.Divide => a / b,
        BinaryOperatorKind.Remainder => a % b,
        BinaryOperatorKind.LeftShift => a << (int)b,
        BinaryOperatorKind.RightShift or BinaryOperatorKind.UnsignedRightShift => a >> (int)b,
        BinaryOperatorKind.And => a & b,
        BinaryOperatorKind.Or => a | b,
        BinaryOperatorKind.ExclusiveOr => a ^ b,
        _ => Ordered(kind, a.CompareTo(b)),
    };

    private static object? ULong(BinaryOperatorKind kind, ulong a, ulong b, bool isChecked) => kind switch
    {
        BinaryOperatorKind.Add => isChecked ? checked(a + b) : unchecked(a + b),
        BinaryOperatorKind.Subtract => isChecked ? checked(a - b) : unchecked(a - b),
        BinaryOperatorKind.Multiply => isChecked ? checked(a * b) : unchecked(a * b),
        BinaryOperatorKind.Divide => a / b,
        BinaryOperatorKind.Remainder => a % b,
        BinaryOperatorKind.LeftShift => a << (int)b,
        BinaryOperatorKind.RightShift or BinaryOperatorKind.UnsignedRightShift => a >> (int)b,
        BinaryOperatorKind.And => a & b,
        BinaryOperatorKind.Or => a | b,
        BinaryOperatorKind.ExclusiveOr => a ^ b,
        _ => Ordered(kind, a.CompareTo(b)),
    };

    private static object? Decimal(BinaryOperatorKind kind, decimal a, decimal b) => kind switch
    {
        BinaryOperatorKind.Add => a + b,
        BinaryOperatorKind.Subtract => a - b,
        BinaryOperatorKind.Multiply => a * b,
        BinaryOperatorKind.Divide => a / b,
        BinaryOperatorKind.Remainder => a % b,
        _ => Ordered(kind, a.CompareTo(b)),
    };

    // Comparisons are written out: NaN is not ordered, whatever CompareTo says.
    private static object? Double(BinaryOperatorKind kind, double a, double b) => kind switch
    {
        BinaryOperatorKind.Add => a + b,
        BinaryOperatorKind.Subtract => a - b,
        BinaryOperatorKind.Multiply => a * b,
        BinaryOperatorKind.Divide => a / b,
        BinaryOperatorKind.Remainder => a % b,
        BinaryOperatorKind.Equals => a == b,
        BinaryOperatorKind.NotEquals => a != b,
        BinaryOperatorKind.LessThan => a < b,
        BinaryOperatorKind.LessThanOrEqual => a <= b,
        BinaryOperatorKind.GreaterThan => a > b,
        BinaryOperatorKind.GreaterThanOrEqual => a >= b,
        _ => null,
    };

    private static object? Ordered(BinaryOperatorKind kind, int order) => kind switch
    {
        BinaryOperatorKind.Equals => order == 0,
        BinaryOperatorKind.NotEquals => order != 0,
        BinaryOperatorKind.LessThan => order < 0,
        BinaryOperatorKind.LessThanOrEqual => order <= 0,
        BinaryOperatorKind.GreaterThan => order > 0,
        BinaryOperatorKind.GreaterThanOrEqual => order >= 0,
        _ => null,
    };
}
