using System.Collections;
using System.Globalization;
using System.Text;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using FocalNet.Graph;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>Arrays, collection expressions, tuples and interpolated texts.</summary>
internal sealed partial class Interpreter
{
    private object Create(IArrayCreationOperation creation, Frame frame)
    {
        var type = (IArrayTypeSymbol)frame.Types.Close(creation.Type!);
        int[] lengths = [.. creation.DimensionSizes.Select(s => checked((int)Convert.ToInt64(Evaluate(s, frame), null)))];
        if (lengths.Aggregate(1L, (product, length) => product * length) > MaximumElements)
            throw Fail(Descriptors.LimitExceeded, creation.Syntax, $"This array has more than {Text.Of(MaximumElements)} elements.");
        Type element = _types.Find(type.ElementType)
            ?? throw Unsupported(creation.Syntax, $"an array of {type.ElementType.ToDisplayString()}", "use an element type of this project or a basic one");
        Array array = Array.CreateInstance(element, lengths);
        // Elements that are structs or enums of the project start as their defaults when they are read.
        if (creation.Initializer is not null)
            Fill(array, creation.Initializer, [], frame);
        else if (element == typeof(EnumValue) || (element == typeof(Instance) && type.ElementType.IsValueType))
            FillDefaults(array, type.ElementType, frame);
        return array;
    }

    private void FillDefaults(Array array, ITypeSymbol element, Frame frame)
    {
        if (array.Rank != 1)
            return;
        for (int i = 0; i < array.Length; i++)
            array.SetValue(Default(element, frame), i);
    }

    private void Fill(Array array, IArrayInitializerOperation initializer, int[] outer, Frame frame)
    {
        for (int i = 0; i < initializer.ElementValues.Length; i++)
        {
            int[] index = [.. outer, i];
            if (initializer.ElementValues[i] is IArrayInitializerOperation inner)
                Fill(array, inner, index, frame);
            else
                array.SetValue(Copy(Evaluate(initializer.ElementValues[i], frame)), index);
        }
    }

    private object Create(ICollectionExpressionOperation expression, Frame frame)
    {
        var target = frame.Types.Close(expression.Type!);
        ITypeSymbol elementType = ElementOf(target) ?? throw UnsupportedCollection(expression, target);
        Type element = _types.Find(elementType) ?? throw UnsupportedCollection(expression, target);
        var items = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        foreach (IOperation item in expression.Elements)
        {
            if (item is not ISpreadOperation spread)
            {
                items.Add(Copy(Evaluate(item, frame)));
                continue;
            }
            var source = (IEnumerable?)Evaluate(spread.Operand, frame) ?? throw NullReference(spread.Operand.Syntax);
            IEnumerator enumerator = source.GetEnumerator();
            while (Guarded(enumerator.MoveNext, spread.Operand.Syntax))
            {
                Step(spread.Syntax);
                items.Add(Copy(Adapt(enumerator.Current, elementType)));
            }
        }
        return Collect(items, element, target) ?? throw UnsupportedCollection(expression, target);
    }

    private ReadingException UnsupportedCollection(IOperation expression, ITypeSymbol target) =>
        Unsupported(expression.Syntax, $"a collection expression of type {target.ToDisplayString()}", "use an array or a List<T>");

    private static ITypeSymbol? ElementOf(ITypeSymbol collection) => collection switch
    {
        IArrayTypeSymbol { Rank: 1 } array => array.ElementType,
        INamedTypeSymbol { TypeArguments.Length: 1 } named => named.TypeArguments[0],
        _ => null,
    };

    private object? Collect(IList items, Type element, ITypeSymbol target)
    {
        Type? real = _types.Find(target);
        if (real is null)
            return null;
        if (real.IsInstanceOfType(items) && (real == items.GetType() || real.Name is "IList`1" or "ICollection`1"))
            return items;
        Array array = Array.CreateInstance(element, items.Count);
        items.CopyTo(array, 0);
        if (real.IsArray || (real.IsInterface && real.IsInstanceOfType(array)))
            return array;
        if (real.FullName!.StartsWith("System.Collections.Immutable.ImmutableArray`1", StringComparison.Ordinal))
        {
            return typeof(System.Collections.Immutable.ImmutableArray).GetMethods()
                .First(m => m.Name == "Create" && m.GetParameters() is [{ ParameterType.IsArray: true }])
                .MakeGenericMethod(element).Invoke(null, [array]);
        }
        return real.GetConstructor([typeof(IEnumerable<>).MakeGenericType(element)])?.Invoke([array]);
    }

    private void CheckSize(INamedTypeSymbol type, Variable[] arguments, SyntaxNode place)
    {
        if (arguments.FirstOrDefault()?.Value is int capacity && capacity > MaximumElements
            && type.ContainingNamespace.ToDisplayString().StartsWith("System.", StringComparison.Ordinal))
            throw Fail(Descriptors.LimitExceeded, place, $"This asks for more than {Text.Of(MaximumElements)} elements.");
    }

    private object Create(ITupleOperation tuple, Frame frame)
    {
        ITypeSymbol type = frame.Types.Close(tuple.Type!);
        Type real = _types.Find(type) ?? throw Unsupported(tuple.Syntax, $"the tuple type {type.ToDisplayString()}", "use element types of this project or basic ones");
        return TupleAccess.Create(real, [.. tuple.Elements.Select(e => Copy(Evaluate(e, frame)))]);
    }

    private string Interpolate(IInterpolatedStringOperation interpolated, Frame frame)
    {
        var text = new StringBuilder();
        foreach (IInterpolatedStringContentOperation part in interpolated.Parts)
        {
            switch (part)
            {
                case IInterpolatedStringTextOperation literal:
                    text.Append(Evaluate(literal.Text, frame));
                    break;
                case IInterpolationOperation hole:
                    object? value = Evaluate(hole.Expression, frame);
                    int alignment = hole.Alignment is null ? 0 : (int)Evaluate(hole.Alignment, frame)!;
                    text.Append(Formatted(value, alignment, hole.FormatString is null ? null : (string?)Evaluate(hole.FormatString, frame)));
                    break;
                case IInterpolatedStringAppendOperation append when append.AppendCall is IInvocationOperation call:
                    text.Append(Appended(call, frame));
                    break;
                default:
                    throw Unsupported(part.Syntax, "this part of an interpolated text", "use string.Format");
            }
        }
        return Limited(text.ToString(), interpolated.Syntax);
    }

    private string Interpolate(IInterpolatedStringHandlerCreationOperation handler, Frame frame) => $"{Evaluate(handler.Content, frame)}";

    /// <summary>A call that the compiler makes for one part: AppendLiteral(text) or AppendFormatted(value, alignment, format).</summary>
    private string Appended(IInvocationOperation call, Frame frame)
    {
        object? Argument(string name) =>
            call.Arguments.FirstOrDefault(a => a.Parameter?.Name == name) is { } argument ? Evaluate(argument.Value, frame) : null;
        return call.TargetMethod.Name == "AppendLiteral"
            ? Plain(Argument("value"))
            : Formatted(Argument("value"), Argument("alignment") as int? ?? 0, Argument("format") as string);
    }

    private static string Formatted(object? value, int alignment, string? format)
    {
        string text = value is IFormattable formattable ? formattable.ToString(format, CultureInfo.InvariantCulture) : Plain(value);
        return alignment >= 0 ? text.PadLeft(alignment) : text.PadRight(-alignment);
    }
}
