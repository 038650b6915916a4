using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Reading.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>Calls of what the project declares.</summary>
internal sealed partial class Interpreter
{
    private readonly Dictionary<(INamedTypeSymbol, IMethodSymbol), IMethodSymbol> _dispatch = [];

    private object? Invoke(IInvocationOperation call, Frame frame)
    {
        IMethodSymbol method = call.TargetMethod;
        if (IsLeftOut(method, call.Syntax))
            return null;
        if (method.MethodKind == MethodKind.DelegateInvoke)
        {
            object? callee = Evaluate(call.Instance!, frame);
            object?[] values = [.. Arguments(call.Arguments, frame).Select(a => a.Value)];
            return InvokeDelegate(callee, values, call.Syntax);
        }
        method = frame.Types.Close(method);
        object? instance = call.Instance is null ? null : Evaluate(call.Instance, frame);
        Variable[] arguments = Arguments(call.Arguments, frame);
        if (method.MethodKind == MethodKind.Constructor)
        {
            ConstructBase(method, (Instance)frame.This!, arguments, call.Syntax, frame);
            return null;
        }
        if (instance is null && call.Instance is not null && call.Instance.Type?.OriginalDefinition.SpecialType != SpecialType.System_Nullable_T)
            throw NullReference(call.Instance.Syntax);
        bool isBase = call.Instance?.Syntax is BaseExpressionSyntax;
        return Normalise(Call(method, instance, arguments, call.Syntax, frame, !isBase), method.ReturnType, frame);
    }

    /// <summary>A [Conditional] method whose symbol is not defined: C# does not even evaluate its arguments.</summary>
    private static bool IsLeftOut(IMethodSymbol method, SyntaxNode place)
    {
        if (!method.ReturnsVoid)
            return false;
        string[] symbols = [.. method.GetAttributes()
            .Where(a => a.AttributeClass?.Name == "ConditionalAttribute")
            .Select(a => a.ConstructorArguments.FirstOrDefault().Value as string ?? "")];
        return symbols.Length > 0 && !symbols.Any(place.SyntaxTree.Options.PreprocessorSymbolNames.Contains);
    }

    private Variable[] Arguments(IEnumerable<IArgumentOperation> arguments, Frame frame)
    {
        IArgumentOperation[] all = [.. arguments];
        var values = new Variable[all.Length];
        foreach (IArgumentOperation argument in all)
        {
            int index = argument.Parameter?.Ordinal ?? Array.IndexOf(all, argument);
            values[index] = argument.Parameter?.RefKind is RefKind.Ref or RefKind.Out
                ? Place(argument.Value, frame)
                : new Cell(Copy(Evaluate(argument.Value, frame)));
        }
        return values;
    }

    /// <summary>Calls a method, operator or accessor, of the project or compiled.</summary>
    private object? Call(IMethodSymbol method, object? instance, Variable[] arguments, SyntaxNode place, Frame? frame, bool isVirtual = true)
    {
        if (method.IsStatic && method.IsAbstract)
            throw Unsupported(place, "a static member of an interface, called through a type parameter", "pass a lambda");
        if (method.ContainingType is { IsExtension: true })
            throw Unsupported(place, "a member of an extension block", "declare an extension method with 'this'");
        if (isVirtual && instance is Instance target)
            method = Dispatch(method, target);
        bool isOfProject = method.ContainingType is { } type ? _types.IsOfProject(type) : true;
        return isOfProject ? CallSource(method, instance, arguments, place, frame) : CallCompiled(method, instance, arguments, place, frame);
    }

    /// <summary>The override or implementation that an object's type has.</summary>
    private IMethodSymbol Dispatch(IMethodSymbol method, Instance instance)
    {
        if (!method.IsVirtual && !method.IsAbstract && !method.IsOverride && method.ContainingType.TypeKind != TypeKind.Interface)
            return method;
        if (!_dispatch.TryGetValue((instance.Type, method), out IMethodSymbol? found))
            _dispatch.Add((instance.Type, method), found = SearchOverride(method, instance.Type));
        return found;
    }

    private static IMethodSymbol SearchOverride(IMethodSymbol method, INamedTypeSymbol instanceType)
    {
        if (method.ContainingType.TypeKind == TypeKind.Interface)
        {
            if (instanceType.FindImplementationForInterfaceMember(method.ConstructedFrom) is not IMethodSymbol implementation)
                return method;
            method = implementation.IsGenericMethod ? implementation.Construct([.. method.TypeArguments]) : implementation;
        }
        for (INamedTypeSymbol? type = instanceType; type is not null; type = type.BaseType)
        {
            foreach (IMethodSymbol member in type.GetMembers(method.Name).OfType<IMethodSymbol>())
            {
                for (IMethodSymbol? overridden = member; overridden is not null; overridden = overridden.OverriddenMethod)
                {
                    if (SymbolEqualityComparer.Default.Equals(overridden.OriginalDefinition, method.OriginalDefinition))
                        return member.IsGenericMethod ? member.Construct([.. method.TypeArguments]) : member;
                }
            }
        }
        return method;
    }

    private object? CallSource(IMethodSymbol method, object? instance, Variable[] arguments, SyntaxNode? place, Frame? caller)
    {
        IMethodSymbol definition = method.OriginalDefinition.PartialImplementationPart ?? method.OriginalDefinition;
        if (SourceBodies.IsAutomatic(definition, _cancellation))
            return CallAutomatic(definition, instance, arguments, place!, caller!);
        IOperation? body = _bodies.Find(definition, _cancellation);
        if (body is null or IConstructorBodyOperation { Syntax: TypeDeclarationSyntax } || definition.IsImplicitlyDeclared)
            return CallSynthesised(method, instance, arguments, place!, caller);
        if (definition.IsAsync)
            throw Unsupported(place ?? body.Syntax, "an 'async' method", "declarations run synchronously");
        bool isLocal = definition.MethodKind == MethodKind.LocalFunction;
        if (definition.IsStatic && definition.MethodKind != MethodKind.StaticConstructor && !isLocal && !definition.ContainingType.IsGenericType)
            InitialiseStatics(definition.ContainingType, place ?? body.Syntax);
        Frame? declaring = isLocal ? caller!.Declaring(definition) : null;
        string member = MemberName(definition);
        var frame = new Frame(definition, member, declaring is null ? instance : declaring.This, declaring, TypesOf(method, declaring));
        for (int i = 0; i < arguments.Length; i++)
            frame.Declare(definition.Parameters[i], arguments[i]);
        return Nested(member, place, () =>
        {
            Run(body, frame);
            return frame.Result;
        });
    }

    private static string MemberName(IMethodSymbol method)
    {
        string name = method.MethodKind is MethodKind.Constructor or MethodKind.StaticConstructor ? "new" : (method.AssociatedSymbol ?? method).Name;
        return $"{method.ContainingType.Name}.{name}";
    }

    private TypeArguments TypesOf(IMethodSymbol method, Frame? declaring)
    {
        bool isGeneric = method.IsGenericMethod;
        for (INamedTypeSymbol? type = method.ContainingType; type is not null && !isGeneric; type = type.ContainingType)
            isGeneric = type.IsGenericType;
        return isGeneric ? new TypeArguments(_compilation, declaring?.Types).Add(method) : declaring?.Types ?? _noTypes;
    }

    /// <summary>Runs the body of a method, accessor, lambda or local function.</summary>
    private void Run(IOperation body, Frame frame)
    {
        switch (body)
        {
            case IMethodBodyBaseOperation method:
                Execute((method.BlockBody ?? method.ExpressionBody)!, frame);
                break;
            case ILocalFunctionOperation { Body: { } local }:
                Execute(local, frame);
                break;
            default:
                Execute(body, frame);
                break;
        }
    }

    private object? CallAutomatic(IMethodSymbol accessor, object? instance, Variable[] arguments, SyntaxNode place, Frame frame)
    {
        var property = (IPropertySymbol)accessor.AssociatedSymbol!;
        Variable storage = accessor.IsStatic ? StaticPlace(property, place, frame) : Storage((Instance)instance!, property, frame);
        if (accessor.MethodKind == MethodKind.PropertyGet)
            return storage.Value;
        storage.Value = arguments[0].Value;
        return null;
    }

    private Cell Storage(Instance instance, IPropertySymbol property, Frame frame) =>
        instance.Field(property.OriginalDefinition, () => Default(FieldType(instance, property), frame));

    private object? GetProperty(IPropertyReferenceOperation reference, Frame frame)
    {
        object? instance = reference.Instance is null ? null : Evaluate(reference.Instance, frame);
        if (instance is null && reference.Instance is not null && reference.Instance.Type?.OriginalDefinition.SpecialType != SpecialType.System_Nullable_T)
            throw NullReference(reference.Instance.Syntax);
        return Get(reference, instance, Arguments(reference.Arguments, frame), frame);
    }

    private object? Get(IPropertyReferenceOperation reference, object? instance, Variable[] arguments, Frame frame)
    {
        if (reference.Property.ContainingType.IsAnonymousType)
            return ((Instance)instance!).Field(reference.Property.OriginalDefinition, () => null).Value;
        IMethodSymbol getter = Accessor(reference.Property, p => p.GetMethod)
            ?? throw Unsupported(reference.Syntax, "a property that can't be read", "give it a getter");
        bool isBase = reference.Instance?.Syntax is BaseExpressionSyntax;
        object? value = Call(frame.Types.Close(getter), instance, arguments, reference.Syntax, frame, !isBase);
        return Normalise(value, getter.ReturnType, frame);
    }

    // An override may declare one accessor and inherit the other.
    private static IMethodSymbol? Accessor(IPropertySymbol? property, Func<IPropertySymbol, IMethodSymbol?> select)
    {
        for (; property is not null; property = property.OverriddenProperty)
        {
            if (select(property) is { } accessor)
                return accessor;
        }
        return null;
    }

    private Variable PropertyPlace(IPropertyReferenceOperation reference, Frame frame)
    {
        object? instance = reference.Instance is null ? null : Evaluate(reference.Instance, frame);
        if (instance is null && reference.Instance is not null)
            throw NullReference(reference.Instance.Syntax);
        Variable[] arguments = Arguments(reference.Arguments, frame);
        return new ComputedVariable(() => Get(reference, instance, arguments, frame), value =>
        {
            if (Accessor(reference.Property, p => p.SetMethod) is { } setter)
                Call(frame.Types.Close(setter), instance, [.. arguments, new Cell(value)], reference.Syntax, frame);
            else if (instance is Instance own)
                Storage(own, reference.Property, frame).Value = value;
            else if (reference.Property.ContainingType.IsAnonymousType || instance is null)
                StaticPlace(reference.Property, reference.Syntax, frame).Value = value;
            else
                SetThroughSpan(instance, arguments, value, reference.Syntax);
        });
    }

    private void SetThroughSpan(object instance, Variable[] arguments, object? value, SyntaxNode place)
    {
        if (instance is not Array array || arguments.Length != 1)
            throw Unsupported(place, "assigning what a method returns by 'ref'", "use an array");
        array.SetValue(value, (int)arguments[0].Value!);
    }

    private object? CreateDelegate(IDelegateCreationOperation creation, Frame frame)
    {
        object? target = Evaluate(creation.Target, frame);
        ITypeSymbol type = frame.Types.Close(creation.Type!);
        if (target is not Closure closure)
            return target;
        Type real = _types.Find(type) ?? throw Unsupported(creation.Syntax, $"the delegate type {type.ToDisplayString()}", "use Func<> or Action<>");
        return real == typeof(Closure)
            ? closure
            : closure.ToDelegate(real) ?? throw Unsupported(creation.Syntax, $"the delegate type {type.ToDisplayString()}", "use up to six parameters (Action: four), none by reference");
    }

    private Closure ClosureOf(IAnonymousFunctionOperation lambda, Frame frame)
    {
        if (lambda.Symbol.IsAsync)
            throw Unsupported(lambda.Syntax, "an 'async' lambda", "declarations run synchronously");
        Frame captured = frame.Capture();
        return new Closure(values => Nested(null, lambda.Syntax, () =>
        {
            var inner = new Frame(lambda.Symbol, frame.Member, frame.This, captured, frame.Types);
            for (int i = 0; i < values.Length; i++)
                inner.Declare(lambda.Symbol.Parameters[i], new Cell(Copy(values[i])));
            Execute(lambda.Body, inner);
            return inner.Result;
        }));
    }

    private Closure ClosureOf(IMethodReferenceOperation reference, Frame frame)
    {
        IMethodSymbol method = frame.Types.Close(reference.Method);
        object? instance = reference.Instance is null ? null : Copy(Evaluate(reference.Instance, frame));
        if (instance is null && reference.Instance is not null && !method.IsStatic && method.MethodKind != MethodKind.LocalFunction)
            throw NullReference(reference.Instance.Syntax);
        Frame captured = method.MethodKind == MethodKind.LocalFunction ? frame.Capture() : frame;
        // A method group of an extension method binds its first argument.
        return new Closure(values =>
        {
            object?[] all = method.Parameters.Length == values.Length + 1 && method.IsStatic ? [instance, .. values] : values;
            return Call(method, method.IsStatic ? null : instance, [.. all.Select(v => new Cell(Copy(v)))], reference.Syntax, captured);
        });
    }

    private object? InvokeDelegate(object? callee, object?[] values, SyntaxNode place)
    {
        switch (callee)
        {
            case null:
                throw NullReference(place);
            case Closure closure:
                return closure.Invoke(values);
            case Delegate { Target: Closure adapted }:
                return adapted.Invoke(values);
            case Delegate compiled:
                return compiled.DynamicInvoke(values);
            default:
                throw Fail(Descriptors.UnsupportedCode, place, "calling this value; use Func<> or Action<>");
        }
    }
}
