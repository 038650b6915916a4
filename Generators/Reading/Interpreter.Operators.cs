using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using FocalNet.Graph;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>Operators.</summary>
internal sealed partial class Interpreter
{
    private object? Binary(IBinaryOperation operation, Frame frame)
    {
        object? left = Evaluate(operation.LeftOperand, frame);
        if (operation.OperatorKind == BinaryOperatorKind.ConditionalAnd && operation.OperatorMethod is null)
            return left is true && Evaluate(operation.RightOperand, frame) is true;
        if (operation.OperatorKind == BinaryOperatorKind.ConditionalOr && operation.OperatorMethod is null)
            return left is true || Evaluate(operation.RightOperand, frame) is true;
        object? right = Evaluate(operation.RightOperand, frame);
        if (operation.OperatorMethod is { } method)
        {
            if (operation.OperatorKind is BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr)
                throw Unsupported(operation.Syntax, "'&&' or '||' on a type of its own", "compare with a bool");
            return CallOperator(method, operation.OperatorKind, operation.IsLifted, left, right, operation.Syntax, frame);
        }
        return BuiltIn(operation.OperatorKind, left, right, operation.Type, operation.IsChecked, operation.Syntax, frame);
    }

    private object? CallOperator(IMethodSymbol method, BinaryOperatorKind kind, bool isLifted, object? left, object? right, SyntaxNode place, Frame frame)
    {
        if (isLifted && (left is null || right is null))
            return LiftedNull(kind, left, right);
        return Call(frame.Types.Close(method), null, [new Cell(left), new Cell(right)], place, frame);
    }

    private static object? LiftedNull(BinaryOperatorKind kind, object? left, object? right) => kind switch
    {
        BinaryOperatorKind.Equals => left is null && right is null,
        BinaryOperatorKind.NotEquals => left is not null || right is not null,
        BinaryOperatorKind.LessThan or BinaryOperatorKind.LessThanOrEqual
            or BinaryOperatorKind.GreaterThan or BinaryOperatorKind.GreaterThanOrEqual => false,
        BinaryOperatorKind.And => left is false || right is false ? false : null,
        BinaryOperatorKind.Or => left is true || right is true ? true : null,
        _ => null,
    };

    private object? BuiltIn(BinaryOperatorKind kind, object? left, object? right, ITypeSymbol? result, bool isChecked, SyntaxNode place, Frame frame)
    {
        if (result?.SpecialType == SpecialType.System_String)
            return Limited(Plain(left) + Plain(right), place);
        bool isEquality = kind is BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals;
        if (left is null || right is null)
            return isEquality || result?.OriginalDefinition.SpecialType is SpecialType.System_Nullable_T or SpecialType.System_Boolean
                ? LiftedNull(kind, left, right)
                : throw NullReference(place);
        if (left is EnumValue or Enum || right is EnumValue or Enum)
            return OnEnums(kind, left, right, result, isChecked, frame);
        if (Arithmetic.Binary(kind, left, right, isChecked) is { } value)
            return value;
        if (isEquality)
            return (left is string ? Equals(left, right) : ReferenceEquals(left, right)) == (kind == BinaryOperatorKind.Equals);
        throw Unsupported(place, $"the operator {kind} on {DescribeType(left)} and {DescribeType(right)}", "use numbers, texts or a method");
    }

    private object? OnEnums(BinaryOperatorKind kind, object left, object right, ITypeSymbol? result, bool isChecked, Frame frame)
    {
        object a = Underlying(left), b = Underlying(right);
        SpecialType type = Arithmetic.TypeOf(a);
        // Enums compute in int where their numbers are smaller, as C# does.
        SpecialType common = type is SpecialType.System_Int64 or SpecialType.System_UInt64 or SpecialType.System_UInt32 ? type : SpecialType.System_Int32;
        object? value = Arithmetic.Binary(kind, Arithmetic.Convert(a, common, false), Arithmetic.Convert(b, common, false), isChecked);
        return value is bool || result is null || value is null ? value : ConvertTo(value, frame.Types.Close(result), isChecked, null!, frame);
    }

    private object? Unary(IUnaryOperation operation, Frame frame)
    {
        object? value = Evaluate(operation.Operand, frame);
        if (operation.OperatorKind == UnaryOperatorKind.Hat)
            return new Index((int)value!, fromEnd: true);
        if (value is null && operation.IsLifted)
            return null;
        if (operation.OperatorMethod is { } method)
            return Call(frame.Types.Close(method), null, [new Cell(value)], operation.Syntax, frame);
        if (value is EnumValue or Enum)
            return ConvertTo(Arithmetic.Unary(operation.OperatorKind, Underlying(value), operation.IsChecked), operation.Type!, false, operation.Syntax, frame);
        return (value is null ? null : Arithmetic.Unary(operation.OperatorKind, value, operation.IsChecked))
            ?? throw Unsupported(operation.Syntax, $"the operator {operation.OperatorKind}", "use numbers or a method");
    }

    private object? CompareTuples(ITupleBinaryOperation operation, Frame frame)
    {
        bool equal = Equals(Evaluate(operation.LeftOperand, frame), Evaluate(operation.RightOperand, frame));
        return equal == (operation.OperatorKind == BinaryOperatorKind.Equals);
    }

    private new bool Equals(object? left, object? right)
    {
        if (TupleAccess.IsTuple(left) && TupleAccess.IsTuple(right))
        {
            object?[] a = TupleAccess.Elements(left!), b = TupleAccess.Elements(right!);
            return a.Length == b.Length && a.Zip(b, Equals).All(same => same);
        }
        if (left is not null && right is not null && Arithmetic.IsNumber(left) && Arithmetic.IsNumber(right) && left.GetType() != right.GetType())
            return Arithmetic.Binary(BinaryOperatorKind.Equals, Arithmetic.Convert(left, Wider(left, right), false), Arithmetic.Convert(right, Wider(left, right), false), false) is true;
        return object.Equals(left, right);
    }

    // Tuple elements compare after the usual promotions; only double, float and long matter beyond int.
    private static SpecialType Wider(object left, object right)
    {
        if (left is decimal || right is decimal)
            return SpecialType.System_Decimal;
        return left is double or float || right is double or float ? SpecialType.System_Double : SpecialType.System_Int64;
    }

    private object? Assign(ISimpleAssignmentOperation assignment, Frame frame)
    {
        if (assignment.IsRef)
            throw Unsupported(assignment.Syntax, "a 'ref' assignment", "assign the value");
        if (assignment.Target is IDiscardOperation)
            return Evaluate(assignment.Value, frame);
        Variable place = Place(assignment.Target, frame);
        return place.Value = Copy(Evaluate(assignment.Value, frame));
    }

    private object? Assign(ICompoundAssignmentOperation assignment, Frame frame)
    {
        Variable place = Place(assignment.Target, frame);
        object? left = place.Value;
        object? right = Evaluate(assignment.Value, frame);
        ITypeSymbol target = frame.Types.Close(assignment.Target.Type!);
        object? result;
        if (assignment.OperatorMethod is { } method)
        {
            if (!method.IsStatic)
                throw Unsupported(assignment.Syntax, "a compound assignment operator of a type of its own", "write x = x + y");
            result = CallOperator(method, assignment.OperatorKind, assignment.IsLifted, Adapt(left, method.Parameters[0].Type), right, assignment.Syntax, frame);
            return place.Value = Adapt(result, target);
        }
        if (left is Delegate or Closure)
            throw Unsupported(assignment.Syntax, "a combined delegate", "keep a List of them");
        result = BuiltIn(assignment.OperatorKind, Promote(left, right, assignment.OperatorKind), right, ResultOf(assignment, target), assignment.IsChecked, assignment.Syntax, frame);
        return place.Value = result is null || target.SpecialType == SpecialType.System_String ? result : ConvertTo(result, target, assignment.IsChecked, assignment.Syntax, frame);
    }

    // byte += int computes in int; the type of a compound assignment is that of its target, which is not that of its operator.
    private static ITypeSymbol? ResultOf(ICompoundAssignmentOperation assignment, ITypeSymbol target) =>
        Arithmetic.IsNumeric(target.SpecialType) || assignment.OperatorKind is BinaryOperatorKind.Equals ? null : target;

    private static object? Promote(object? left, object? right, BinaryOperatorKind kind)
    {
        if (left is null || right is null || !Arithmetic.IsNumber(left) || !Arithmetic.IsNumber(right))
            return left;
        bool isShift = kind is BinaryOperatorKind.LeftShift or BinaryOperatorKind.RightShift or BinaryOperatorKind.UnsignedRightShift;
        if (isShift)
            return left is byte or sbyte or short or ushort or char ? Arithmetic.Convert(left, SpecialType.System_Int32, false) : left;
        return Arithmetic.Convert(left, Arithmetic.TypeOf(right), false);
    }

    private object? Assign(ICoalesceAssignmentOperation assignment, Frame frame)
    {
        Variable place = Place(assignment.Target, frame);
        return place.Value ?? (place.Value = Copy(Evaluate(assignment.Value, frame)));
    }

    private object? Assign(IDeconstructionAssignmentOperation assignment, Frame frame)
    {
        object? value = Evaluate(assignment.Value, frame);
        Deconstruct(assignment.Target, value, frame);
        return value;
    }

    private object? Increment(IIncrementOrDecrementOperation operation, Frame frame)
    {
        Variable place = Place(operation.Target, frame);
        object? before = place.Value;
        if (before is null)
            return operation.IsLifted ? null : throw NullReference(operation.Syntax);
        object? after;
        if (operation.OperatorMethod is { } method)
        {
            after = Call(frame.Types.Close(method), null, [new Cell(before)], operation.Syntax, frame);
        }
        else
        {
            object number = Underlying(before);
            SpecialType type = Arithmetic.TypeOf(number);
            SpecialType common = type is SpecialType.System_Int16 or SpecialType.System_UInt16 or SpecialType.System_Byte or SpecialType.System_SByte or SpecialType.System_Char
                ? SpecialType.System_Int32
                : type;
            BinaryOperatorKind kind = operation.Kind == OperationKind.Increment ? BinaryOperatorKind.Add : BinaryOperatorKind.Subtract;
            object? result = Arithmetic.Binary(kind, Arithmetic.Convert(number, common, false), Arithmetic.Convert(1, common, false), operation.IsChecked);
            after = ConvertTo(result, frame.Types.Close(operation.Target.Type!), operation.IsChecked, operation.Syntax, frame);
        }
        place.Value = after;
        return operation.IsPostfix ? before : after;
    }

    private string Limited(string text, SyntaxNode place) => text.Length <= MaximumElements
        ? text
        : throw Fail(Descriptors.LimitExceeded, place, $"This text is longer than {Text.Of(MaximumElements)} characters.");
}
