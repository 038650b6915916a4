using System.Collections;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>Patterns.</summary>
internal sealed partial class Interpreter
{
    private bool Matches(IPatternOperation pattern, object? value, Frame frame)
    {
        switch (pattern)
        {
            case IDiscardPatternOperation:
                return true;
            case IConstantPatternOperation constant:
                return object.Equals(value, Evaluate(constant.Value, frame));
            case IRelationalPatternOperation relational:
                return MatchesRelation(relational, value, frame);
            case ITypePatternOperation type:
                return IsInstance(value, type.MatchedType, frame);
            case INegatedPatternOperation negated:
                return !Matches(negated.Pattern, value, frame);
            case IBinaryPatternOperation { OperatorKind: BinaryOperatorKind.And } both:
                return Matches(both.LeftPattern, value, frame) && Matches(both.RightPattern, value, frame);
            case IBinaryPatternOperation either:
                return Matches(either.LeftPattern, value, frame) || Matches(either.RightPattern, value, frame);
            case IDeclarationPatternOperation declaration:
                if (!declaration.MatchesNull && !(value is not null && (declaration.MatchedType is null || IsInstance(value, declaration.MatchedType, frame))))
                    return false;
                Bind(declaration.DeclaredSymbol, value, frame);
                return true;
            case IRecursivePatternOperation recursive:
                return MatchesParts(recursive, value, frame);
            case IListPatternOperation list:
                return MatchesList(list, value, frame);
            default:
                throw Unsupported(pattern.Syntax, $"a pattern of kind {pattern.Kind}", "compare with '=='");
        }
    }

    private static void Bind(ISymbol? symbol, object? value, Frame frame)
    {
        if (symbol is not null)
            frame.Declare(symbol, new Cell(Copy(value)));
    }

    private bool MatchesRelation(IRelationalPatternOperation pattern, object? value, Frame frame)
    {
        object? limit = Evaluate(pattern.Value, frame);
        if (value is null || limit is null)
            return false;
        object left = Underlying(value), right = Underlying(limit);
        if (left.GetType() != right.GetType())
            return false;
        SpecialType type = Arithmetic.TypeOf(left);
        if (type is SpecialType.System_Byte or SpecialType.System_SByte or SpecialType.System_Int16 or SpecialType.System_UInt16 or SpecialType.System_Char)
            (left, right) = (Arithmetic.Convert(left, SpecialType.System_Int32, false), Arithmetic.Convert(right, SpecialType.System_Int32, false));
        return Arithmetic.Binary(pattern.OperatorKind, left, right, false) is true;
    }

    private bool MatchesParts(IRecursivePatternOperation pattern, object? value, Frame frame)
    {
        bool isAnyTuple = pattern.MatchedType?.Name == "ITuple" && TupleAccess.IsTuple(value);
        if (value is null || (pattern.MatchedType is not null && !isAnyTuple && !IsInstance(value, pattern.MatchedType, frame)))
            return false;
        if (pattern.DeconstructionSubpatterns.Length > 0)
        {
            object?[] parts = Parts(value, pattern.DeconstructionSubpatterns.Length, pattern.Syntax, frame);
            if (parts.Length != pattern.DeconstructionSubpatterns.Length)
                return false;
            for (int i = 0; i < parts.Length; i++)
            {
                if (!Matches(pattern.DeconstructionSubpatterns[i], parts[i], frame))
                    return false;
            }
        }
        foreach (IPropertySubpatternOperation part in pattern.PropertySubpatterns)
        {
            if (!Matches(part.Pattern, MemberOf(part.Member, value, frame), frame))
                return false;
        }
        Bind(pattern.DeclaredSymbol, value, frame);
        return true;
    }

    private object? MemberOf(IOperation member, object value, Frame frame)
    {
        frame.Receivers.Push(value);
        try
        {
            return Evaluate(member, frame);
        }
        finally
        {
            frame.Receivers.Pop();
        }
    }

    private bool MatchesList(IListPatternOperation pattern, object? value, Frame frame)
    {
        object?[]? items = value switch
        {
            string text => [.. text.Select(c => (object)c)],
            ICollection collection => [.. collection.Cast<object?>()],
            null => null,
            _ => throw Unsupported(pattern.Syntax, $"a list pattern on a {DescribeType(value)}", "use an array or a List<T>"),
        };
        if (items is null)
            return false;
        int slice = pattern.Patterns.IndexOf(pattern.Patterns.FirstOrDefault(p => p is ISlicePatternOperation)!);
        int count = pattern.Patterns.Length;
        if (slice < 0 ? items.Length != count : items.Length < count - 1)
            return false;
        for (int i = 0; i < count; i++)
        {
            if (pattern.Patterns[i] is ISlicePatternOperation part)
            {
                if (part.Pattern is not null && !Matches(part.Pattern, SliceOf(value!, slice, items.Length - count + 1), frame))
                    return false;
            }
            else if (!Matches(pattern.Patterns[i], items[slice >= 0 && i > slice ? items.Length - count + i : i], frame))
            {
                return false;
            }
        }
        Bind(pattern.DeclaredSymbol, value, frame);
        return true;
    }

    private static object SliceOf(object value, int start, int length)
    {
        if (value is string text)
            return text.Substring(start, length);
        if (value is Array array)
        {
            Array part = Array.CreateInstance(array.GetType().GetElementType()!, length);
            Array.Copy(array, start, part, 0, length);
            return part;
        }
        return value.GetType().GetMethod("GetRange", [typeof(int), typeof(int)])?.Invoke(value, [start, length])
            ?? throw new NotSupportedException("This collection can't be sliced.");
    }
}
