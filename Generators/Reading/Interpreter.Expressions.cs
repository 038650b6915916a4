using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>Expressions: one line for each kind.</summary>
internal sealed partial class Interpreter
{
    private object? EvaluateExpression(IOperation operation, Frame frame) => operation switch
    {
        ILocalReferenceOperation or IParameterReferenceOperation or IFieldReferenceOperation or IArrayElementReferenceOperation
            or IImplicitIndexerReferenceOperation => Place(operation, frame).Value,
        IPropertyReferenceOperation property => GetProperty(property, frame),
        IInvocationOperation call => Invoke(call, frame),
        IConversionOperation conversion => ConvertValue(conversion, frame),
        IBinaryOperation binary => Binary(binary, frame),
        IUnaryOperation unary => Unary(unary, frame),
        ITupleBinaryOperation comparison => CompareTuples(comparison, frame),
        ISimpleAssignmentOperation assignment => Assign(assignment, frame),
        ICompoundAssignmentOperation assignment => Assign(assignment, frame),
        ICoalesceAssignmentOperation assignment => Assign(assignment, frame),
        IDeconstructionAssignmentOperation assignment => Assign(assignment, frame),
        IIncrementOrDecrementOperation increment => Increment(increment, frame),
        IConditionalOperation condition => Evaluate(IsTrue(condition.Condition, frame) ? condition.WhenTrue : condition.WhenFalse!, frame),
        ICoalesceOperation coalesce => Evaluate(coalesce.Value, frame) ?? Evaluate(coalesce.WhenNull, frame),
        IConditionalAccessOperation access => Access(access, frame),
        IConditionalAccessInstanceOperation => frame.ConditionalReceivers.Peek(),
        IInstanceReferenceOperation instance => instance.ReferenceKind == InstanceReferenceKind.ContainingTypeInstance
            ? frame.This
            : frame.Receivers.Peek(),
        IObjectCreationOperation creation => Create(creation, frame),
        ITypeParameterObjectCreationOperation creation => Create(creation, frame),
        IAnonymousObjectCreationOperation creation => Create(creation, frame),
        IWithOperation with => With(with, frame),
        IArrayCreationOperation array => Create(array, frame),
        ICollectionExpressionOperation collection => Create(collection, frame),
        ITupleOperation tuple => Create(tuple, frame),
        IInterpolatedStringOperation text => Interpolate(text, frame),
        IInterpolatedStringHandlerCreationOperation handler => Interpolate(handler, frame),
        IInterpolatedStringAdditionOperation addition => $"{Evaluate(addition.Left, frame)}{Evaluate(addition.Right, frame)}",
        IDelegateCreationOperation creation => CreateDelegate(creation, frame),
        IAnonymousFunctionOperation lambda => ClosureOf(lambda, frame),
        IMethodReferenceOperation method => ClosureOf(method, frame),
        IIsTypeOperation test => IsInstance(Evaluate(test.ValueOperand, frame), test.TypeOperand, frame) != test.IsNegated,
        IIsPatternOperation test => Matches(test.Pattern, Evaluate(test.Value, frame), frame),
        ISwitchExpressionOperation choice => Choose(choice, frame),
        IDefaultValueOperation => operation.Type is null ? null : Default(operation.Type, frame),
        IParenthesizedOperation parenthesized => Evaluate(parenthesized.Operand, frame),
        IArgumentOperation argument => Evaluate(argument.Value, frame),
        IThrowOperation thrown => Throw(thrown, frame),
        ITranslatedQueryOperation query => Evaluate(query.Operation, frame),
        IRangeOperation range => new Range(ToIndex(range.LeftOperand, Index.Start, frame), ToIndex(range.RightOperand, Index.End, frame)),
        IDeclarationExpressionOperation or IDiscardOperation => null,
        _ => throw UnsupportedExpression(operation),
    };

    private ReadingException UnsupportedExpression(IOperation operation) => operation switch
    {
        IInvalidOperation => NotCompiled(operation.Syntax),
        IAwaitOperation => Unsupported(operation.Syntax, "'await'", "declarations run synchronously"),
        ITypeOfOperation => Unsupported(operation.Syntax, "'typeof'", "use 'nameof' for a name"),
        IDynamicInvocationOperation or IDynamicMemberReferenceOperation or IDynamicObjectCreationOperation or IDynamicIndexerAccessOperation =>
            Unsupported(operation.Syntax, "'dynamic'", "give the value its type"),
        IAddressOfOperation => Unsupported(operation.Syntax, "a pointer", "use an array"),
        IEventReferenceOperation or IEventAssignmentOperation => Unsupported(operation.Syntax, "an event", "call the method itself"),
        IUtf8StringOperation => Unsupported(operation.Syntax, "a UTF-8 literal", "use a string"),
        { Kind: OperationKind.None } => Unsupported(operation.Syntax, $"'{OriginText.Of(operation.Syntax)}'", "write it with plain managed C#"),
        _ => Unsupported(operation.Syntax, $"an expression of kind {operation.Kind}", "write it with plain expressions"),
    };

    /// <summary>A constant, boxed as its type.</summary>
    private object? Constant(object? value, ITypeSymbol? type)
    {
        if (value is null || type is not { TypeKind: TypeKind.Enum })
            return value;
        return _types.IsOfProject(type)
            ? new EnumValue((INamedTypeSymbol)type, value)
            : _types.Find(type) is { } real ? Enum.ToObject(real, value) : value;
    }

    /// <summary>What assignment stores: structs of the project are copied; compiled ones are never changed in place.</summary>
    private static object? Copy(object? value) => value is Instance { IsValue: true } instance ? instance.Clone() : value;

    /// <summary>The default value of a type.</summary>
    private object? Default(ITypeSymbol type, Frame frame)
    {
        type = frame.Types.Close(type);
        if (!type.IsValueType || type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
            return null;
        if (type.IsTupleType && _types.Find(type) is { } tuple)
            return TupleAccess.Create(tuple, [.. ((INamedTypeSymbol)type).TupleElements.Select(e => Default(e.Type, frame))]);
        if (type is INamedTypeSymbol named && _types.IsOfProject(type))
        {
            return type.TypeKind == TypeKind.Enum
                ? new EnumValue(named, Arithmetic.Convert(0, named.EnumUnderlyingType!.SpecialType, false))
                : new Instance(named, this);
        }
        return _types.Find(type) is { IsArray: false } real ? Activator.CreateInstance(real) : null;
    }

    /// <summary>A value from outside: where a struct or enum of the project was never set, its default.</summary>
    private object? Normalise(object? value, ITypeSymbol type, Frame frame) =>
        value is null && type.IsValueType && type.SpecialType != SpecialType.System_Void ? Default(type, frame) : value;

    private object? Access(IConditionalAccessOperation access, Frame frame)
    {
        object? receiver = Evaluate(access.Operation, frame);
        if (receiver is null)
            return null;
        frame.ConditionalReceivers.Push(receiver);
        try
        {
            return Evaluate(access.WhenNotNull, frame);
        }
        finally
        {
            frame.ConditionalReceivers.Pop();
        }
    }

    private object? Choose(ISwitchExpressionOperation choice, Frame frame)
    {
        object? value = Evaluate(choice.Value, frame);
        foreach (ISwitchExpressionArmOperation arm in choice.Arms)
        {
            if (Matches(arm.Pattern, value, frame) && (arm.Guard is null || IsTrue(arm.Guard, frame)))
                return Evaluate(arm.Value, frame);
        }
        throw Fail(Descriptors.ExceptionThrown, choice.Syntax, $"SwitchExpressionException: no arm matches the value '{value ?? "null"}'.");
    }

    /// <summary>Is a value of a type, as <c>is</c> and casts test it.</summary>
    private bool IsInstance(object? value, ITypeSymbol type, Frame frame)
    {
        type = frame.Types.Close(type);
        if (type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
            type = ((INamedTypeSymbol)type).TypeArguments[0];
        return value switch
        {
            null => false,
            Instance instance => IsDerived(instance.Type, type),
            EnumValue number => IsDerived(number.Type, type),
            _ => _types.Find(type)?.IsInstanceOfType(value) ?? false,
        };
    }

    private bool IsDerived(INamedTypeSymbol type, ITypeSymbol from) => _compilation.ClassifyCommonConversion(type, from) is { Exists: true } conversion
        && (conversion.IsIdentity || (conversion.IsImplicit && !conversion.IsUserDefined && !conversion.IsNumeric && !conversion.IsNullable));

    private object? ConvertValue(IConversionOperation conversion, Frame frame)
    {
        ITypeSymbol target = frame.Types.Close(conversion.Type!);
        if (conversion.Operand is IInterpolatedStringOperation text && target.SpecialType != SpecialType.System_String && target.Name == nameof(FormattableString))
            return Interpolate(text, frame);
        object? value = Evaluate(conversion.Operand, frame);
        if (conversion.OperatorMethod is { } method && !RuntimeTypes.IsSpan(method.ContainingType))
            return ConvertByOperator(conversion, method, value, frame);
        if (conversion.IsTryCast)
            return IsInstance(value, target, frame) ? value : null;
        return ConvertTo(value, target, conversion.IsChecked, conversion.Syntax, frame);
    }

    private object? ConvertByOperator(IConversionOperation conversion, IMethodSymbol method, object? value, Frame frame)
    {
        if (method.ContainingType.Name == nameof(Index) && method.ContainingNamespace.Name == nameof(System))
            return new Index((int)value!);
        if (value is null && conversion.Operand.Type?.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
            return null;
        method = frame.Types.Close(method);
        // The operator's own parameter may be wider than the operand, as in (Extent)(short)1.
        object? operand = Adapt(value, method.Parameters[0].Type);
        return Adapt(Call(method, null, [new Cell(operand)], conversion.Syntax, frame), frame.Types.Close(conversion.Type!));
    }

    /// <summary>Conversions that are part of the language: numeric, enum, nullable, boxing, reference, tuple.</summary>
    private object? ConvertTo(object? value, ITypeSymbol target, bool isChecked, SyntaxNode place, Frame frame)
    {
        if (target.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
            return value is null ? null : ConvertTo(value, ((INamedTypeSymbol)target).TypeArguments[0], isChecked, place, frame);
        if (value is null)
        {
            if (target.IsValueType)
                throw Fail(Descriptors.ExceptionThrown, place, $"InvalidOperationException: '{OriginText.Of(place)}' is null where a value is needed.");
            return null;
        }
        if (target.TypeKind == TypeKind.Enum)
        {
            object number = Arithmetic.Convert(Underlying(value), ((INamedTypeSymbol)target).EnumUnderlyingType!.SpecialType, isChecked);
            return Constant(number, target);
        }
        if (Arithmetic.IsNumeric(target.SpecialType))
            return Arithmetic.Convert(Underlying(value), target.SpecialType, isChecked);
        if (target is INamedTypeSymbol { IsTupleType: true } && TupleAccess.IsTuple(value))
            return Adapt(value, target);
        if (target.SpecialType == SpecialType.System_Object || target.TypeKind is TypeKind.Dynamic or TypeKind.Delegate or TypeKind.Error)
            return Copy(value);
        if (RuntimeTypes.IsSpan(target))
            return value is string characters ? characters.ToCharArray() : value;
        if (_types.Find(target) is null)
            throw Unsupported(place, $"the type {target.ToDisplayString()}", "use types of this project or basic ones");
        if (!IsInstance(value, target, frame))
            throw Fail(Descriptors.ExceptionThrown, place, $"InvalidCastException: a {DescribeType(value)} is no {target.ToDisplayString()}.");
        return value;
    }

    private static string DescribeType(object value) => value switch
    {
        Instance instance => instance.Type.ToDisplayString(),
        EnumValue number => number.Type.ToDisplayString(),
        _ => value.GetType().Name,
    };

    /// <summary>The number of an enum value; numbers themselves.</summary>
    private static object Underlying(object value) => value switch
    {
        EnumValue number => number.Underlying,
        Enum number => Convert.ChangeType(number, Enum.GetUnderlyingType(number.GetType()), null),
        _ => value,
    };

    /// <summary>The implicit numeric conversions that deconstruction, foreach and spreads make without an operation of their own.</summary>
    private object? Adapt(object? value, ITypeSymbol target)
    {
        if (target.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
            target = ((INamedTypeSymbol)target).TypeArguments[0];
        if (value is not null && Arithmetic.IsNumeric(target.SpecialType) && Arithmetic.IsNumber(value))
            return Arithmetic.Convert(value, target.SpecialType, false);
        if (target is INamedTypeSymbol { IsTupleType: true } tuple && TupleAccess.IsTuple(value) && _types.Find(tuple) is { } type && !type.IsInstanceOfType(value))
            return TupleAccess.Create(type, [.. TupleAccess.Elements(value!).Zip(tuple.TupleElements, (v, e) => Adapt(v, e.Type))]);
        return value;
    }
}
