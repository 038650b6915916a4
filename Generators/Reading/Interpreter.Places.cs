using System.Collections;
using System.Reflection;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>What can be assigned to. The parts of a place, such as an index, are evaluated once.</summary>
internal sealed partial class Interpreter
{
    private readonly Dictionary<ISymbol, Cell> _statics = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _initialised = new(SymbolEqualityComparer.Default);

    private Variable Place(IOperation operation, Frame frame) => operation switch
    {
        ILocalReferenceOperation { IsDeclaration: true } local => frame.Declare(local.Local, new Cell(null)),
        ILocalReferenceOperation local => frame.Find(local.Local) ?? frame.Declare(local.Local, new Cell(Default(local.Type!, frame))),
        IParameterReferenceOperation parameter => Parameter(parameter, frame),
        IFieldReferenceOperation field => FieldPlace(field, frame),
        IPropertyReferenceOperation property => PropertyPlace(property, frame),
        IArrayElementReferenceOperation element => ElementPlace(element, frame),
        IImplicitIndexerReferenceOperation element => ElementPlace(element, frame),
        IDeclarationExpressionOperation { Expression: ILocalReferenceOperation local } => frame.Declare(local.Local, new Cell(null)),
        IParenthesizedOperation parenthesized => Place(parenthesized.Operand, frame),
        IInstanceReferenceOperation or IDiscardOperation or IConditionalAccessInstanceOperation => new Cell(operation is IDiscardOperation ? null : EvaluateExpression(operation, frame)),
        IConversionOperation or IInvocationOperation or IObjectCreationOperation or ILiteralOperation
            or IInterpolatedStringHandlerCreationOperation => new Cell(Evaluate(operation, frame)),
        _ => throw Unsupported(operation.Syntax, $"'{OriginText.Of(operation.Syntax)}' as a variable", "assign to a local, field, property or element"),
    };

    private Variable Parameter(IParameterReferenceOperation reference, Frame frame) =>
        frame.Find(reference.Parameter)
        // A parameter of a primary constructor, used by a method.
        ?? (frame.This as Instance)?.TryField(reference.Parameter.OriginalDefinition)
        ?? throw Unsupported(reference.Syntax, $"the parameter '{reference.Parameter.Name}' here", "pass it on as an argument");

    private Variable FieldPlace(IFieldReferenceOperation reference, Frame frame)
    {
        IFieldSymbol field = reference.Field;
        if (reference.Instance is null)
            return StaticPlace(field, reference.Syntax, frame);
        object instance = Evaluate(reference.Instance, frame) ?? throw NullReference(reference.Instance.Syntax);
        if (instance is Instance own)
            return own.Field((field.AssociatedSymbol ?? field).OriginalDefinition, () => Default(FieldType(own, field), frame));
        if (TupleAccess.IsTuple(instance))
            return TuplePlace(reference, instance, frame);
        FieldInfo info = _members.Find(field) ?? throw NotAllowed(field, reference.Syntax);
        return new ComputedVariable(() => info.GetValue(instance), value => SetCompiledField(reference, info, instance, value, frame));
    }

    private ITypeSymbol FieldType(Instance instance, ISymbol field)
    {
        ITypeSymbol type = field is IFieldSymbol f ? f.Type : ((IPropertySymbol)field).Type;
        return new TypeArguments(_compilation).Add(instance.Type).Close(type);
    }

    private Variable TuplePlace(IFieldReferenceOperation reference, object tuple, Frame frame)
    {
        string name = (reference.Field.CorrespondingTupleField ?? reference.Field).Name;
        int index = int.Parse(name.Substring("Item".Length), null) - 1;
        return new ComputedVariable(() => TupleAccess.Elements(tuple)[index], value =>
        {
            object?[] elements = TupleAccess.Elements(tuple);
            elements[index] = value;
            Place(reference.Instance!, frame).Value = TupleAccess.Create(tuple.GetType(), elements);
        });
    }

    // A boxed struct may be shared; only an initialiser, which has just made it, changes it in place.
    private void SetCompiledField(IFieldReferenceOperation reference, FieldInfo info, object instance, object? value, Frame frame)
    {
        bool isShared = instance.GetType().IsValueType && reference.Instance is not IInstanceReferenceOperation;
        object target = isShared ? System.Runtime.CompilerServices.RuntimeHelpers.GetObjectValue(instance) : instance;
        info.SetValue(target, value);
        if (isShared)
            Place(reference.Instance!, frame).Value = target;
    }

    private Variable StaticPlace(ISymbol member, SyntaxNode place, Frame frame)
    {
        if (!_types.IsOfProject(member.ContainingType))
        {
            if (AllowedTypes.IsNotDeterministic(member))
                throw NotDeterministic(member, place);
            FieldInfo info = (member is IFieldSymbol field ? _members.Find(field) : null) ?? throw NotAllowed(member, place);
            return new ComputedVariable(() => info.GetValue(null), value => info.SetValue(null, value));
        }
        if (member.ContainingType.IsGenericType)
            throw Unsupported(place, "a static field of a generic type", "move it to a type that is not generic");
        InitialiseStatics(member.ContainingType.OriginalDefinition, place);
        ISymbol definition = ((member as IFieldSymbol)?.AssociatedSymbol ?? member).OriginalDefinition;
        if (!_statics.TryGetValue(definition, out Cell? cell))
            _statics.Add(definition, cell = new Cell(Default(member is IFieldSymbol f ? f.Type : ((IPropertySymbol)member).Type, frame)));
        return cell;
    }

    private void InitialiseStatics(INamedTypeSymbol type, SyntaxNode place)
    {
        if (!_initialised.Add(type))
            return;
        foreach (MemberInitializer initializer in _bodies.Initializers(type, isStatic: true, _cancellation))
        {
            string member = $"{type.Name}.{initializer.Member.Name}";
            if (initializer.Member is IFieldSymbol { IsConst: true })
                continue;
            object? value = Nested(member, place, () => Evaluate(initializer.Value, new Frame(null, member, null, null, _noTypes)));
            _statics[initializer.Member] = new Cell(Copy(value));
        }
        if (type.StaticConstructors.FirstOrDefault(c => !c.IsImplicitlyDeclared) is { } constructor)
            CallSource(constructor, null, [], place, null);
    }

    private Variable ElementPlace(IArrayElementReferenceOperation reference, Frame frame)
    {
        var array = (Array?)Evaluate(reference.ArrayReference, frame) ?? throw NullReference(reference.ArrayReference.Syntax);
        object?[] indices = [.. reference.Indices.Select(i => Evaluate(i, frame))];
        if (indices[0] is Range range)
        {
            (int start, int length) = Bounds(range, array.Length);
            Array part = Array.CreateInstance(array.GetType().GetElementType()!, length);
            Array.Copy(array, start, part, 0, length);
            return new Cell(part);
        }
        int[] numbers = [.. indices.Select((v, axis) => Offset(v!, array.GetLength(axis)))];
        return new ComputedVariable(
            () => Normalise(array.GetValue(numbers), reference.Type!, frame),
            value => array.SetValue(value, numbers));
    }

    private static (int Start, int Length) Bounds(Range range, int length)
    {
        int start = range.Start.GetOffset(length), end = range.End.GetOffset(length);
        if (start < 0 || end > length || start > end)
            throw new ArgumentOutOfRangeException(nameof(range), $"The range {range} does not fit the length {Graph.Text.Of(length)}.");
        return (start, end - start);
    }

    private static int Offset(object index, int length) => index switch
    {
        Index position => position.GetOffset(length),
        int number => number,
        _ => checked((int)Convert.ToInt64(index, null)),
    };

    private Index ToIndex(IOperation? operand, Index otherwise, Frame frame) =>
        operand is null ? otherwise : Evaluate(operand, frame) is Index index ? index : throw Unsupported(operand.Syntax, "this range", "use int or ^int");

    /// <summary><c>list[^1]</c>, <c>text[1..]</c>: the length and the indexer or slicing method of the type.</summary>
    private Variable ElementPlace(IImplicitIndexerReferenceOperation reference, Frame frame)
    {
        object instance = Evaluate(reference.Instance, frame) ?? throw NullReference(reference.Instance.Syntax);
        object argument = Evaluate(reference.Argument, frame)!;
        int length = instance switch
        {
            string text => text.Length,
            ICollection collection => collection.Count,
            _ => (int)Read((IPropertySymbol)reference.LengthSymbol, instance, reference.Syntax, frame)!,
        };
        IMethodSymbol indexer = frame.Types.Close(reference.IndexerSymbol as IMethodSymbol ?? ((IPropertySymbol)reference.IndexerSymbol).GetMethod!);
        Variable[] arguments = argument is Range range
            ? [new Cell(Bounds(range, length).Start), new Cell(Bounds(range, length).Length)]
            : [new Cell(Offset(argument, length))];
        return new ComputedVariable(
            () => Call(indexer, instance, arguments, reference.Syntax, frame),
            value => Call(
                frame.Types.Close(((IPropertySymbol)reference.IndexerSymbol).SetMethod!), instance, [.. arguments, new Cell(value)], reference.Syntax, frame));
    }

    private object? Read(IPropertySymbol property, object instance, SyntaxNode place, Frame frame) =>
        Call(frame.Types.Close(property.GetMethod!), instance, [], place, frame);

    /// <summary>Assigns the parts of a tuple, or of what a Deconstruct method gives.</summary>
    private void Deconstruct(IOperation target, object? value, Frame frame)
    {
        if (target is IDeclarationExpressionOperation { Expression: ITupleOperation declared })
            target = declared;
        if (target is not ITupleOperation tuple)
        {
            if (target is not IDiscardOperation)
                Place(target, frame).Value = Copy(Adapt(value, frame.Types.Close(target.Type!)));
            return;
        }
        object?[] parts = Parts(value, tuple.Elements.Length, tuple.Syntax, frame);
        for (int i = 0; i < parts.Length; i++)
            Deconstruct(tuple.Elements[i], parts[i], frame);
    }

    private object?[] Parts(object? value, int count, SyntaxNode place, Frame frame)
    {
        if (value is null)
            throw NullReference(place);
        if (TupleAccess.IsTuple(value))
            return TupleAccess.Elements(value);
        Variable[] parts = [.. Enumerable.Range(0, count).Select(_ => new Cell(null))];
        if (value is Instance instance)
        {
            for (INamedTypeSymbol? type = instance.Type; type is not null; type = type.BaseType)
            {
                if (type.GetMembers("Deconstruct").OfType<IMethodSymbol>().FirstOrDefault(m => m.Parameters.Length == count && !m.IsStatic) is { } method)
                {
                    Call(method, instance, parts, place, frame);
                    return [.. parts.Select(p => p.Value)];
                }
            }
        }
        else if (value.GetType().GetMethods().FirstOrDefault(m => m.Name == "Deconstruct" && m.GetParameters().Length == count) is { } method)
        {
            object?[] results = new object?[count];
            method.Invoke(value, results);
            return results;
        }
        else if (value is DictionaryEntry or IEnumerable || value.GetType().FullName!.StartsWith("System.Collections.Generic.KeyValuePair`", StringComparison.Ordinal))
        {
            // .NET Framework's KeyValuePair has no Deconstruct.
            return [value.GetType().GetProperty("Key")?.GetValue(value), value.GetType().GetProperty("Value")?.GetValue(value)];
        }
        throw Unsupported(place, $"deconstructing a {DescribeType(value)}", "read its properties");
    }
}
