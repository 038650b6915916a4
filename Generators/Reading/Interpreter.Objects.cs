using System.Text;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>Objects of the project's classes, records and structs.</summary>
internal sealed partial class Interpreter : IObjectSemantics
{
    private object? Create(IObjectCreationOperation creation, Frame frame)
    {
        var type = (INamedTypeSymbol)frame.Types.Close(creation.Type!);
        Variable[] arguments = Arguments(creation.Arguments, frame);
        object? created;
        if (_types.IsOfProject(type))
        {
            created = Construct(frame.Types.Close(creation.Constructor!), type, arguments, creation.Syntax, frame);
        }
        else if (type.IsValueType && arguments.Length == 0)
        {
            created = Default(type, frame) ?? throw NotAllowed(type, creation.Syntax);
        }
        else
        {
            CheckSize(type, arguments, creation.Syntax);
            created = CallCompiled(frame.Types.Close(creation.Constructor!), null, arguments, creation.Syntax, frame);
        }
        return Initialise(created, creation.Initializer, frame);
    }

    private object? Create(ITypeParameterObjectCreationOperation creation, Frame frame)
    {
        if (frame.Types.Close(creation.Type!) is not INamedTypeSymbol type)
            throw Unsupported(creation.Syntax, "'new T()' here", "pass a lambda that makes it");
        object? created = type.IsValueType
            ? Default(type, frame)
            : type.InstanceConstructors.FirstOrDefault(c => c.Parameters.Length == 0) is { } constructor
                ? _types.IsOfProject(type) ? Construct(constructor, type, [], creation.Syntax, frame) : CallCompiled(constructor, null, [], creation.Syntax, frame)
                : throw Unsupported(creation.Syntax, "'new T()' here", "pass a lambda that makes it");
        return Initialise(created, creation.Initializer, frame);
    }

    private object Create(IAnonymousObjectCreationOperation creation, Frame frame)
    {
        var instance = new Instance((INamedTypeSymbol)creation.Type!, this);
        foreach (ISimpleAssignmentOperation assignment in creation.Initializers.OfType<ISimpleAssignmentOperation>())
        {
            var property = (IPropertyReferenceOperation)assignment.Target;
            instance.Field(property.Property.OriginalDefinition, () => null).Value = Copy(Evaluate(assignment.Value, frame));
        }
        return instance;
    }

    private object? Initialise(object? created, IObjectOrCollectionInitializerOperation? initializer, Frame frame)
    {
        if (initializer is null)
            return created;
        frame.Receivers.Push(created);
        try
        {
            foreach (IOperation step in initializer.Initializers)
            {
                if (step is IMemberInitializerOperation member)
                    Initialise(Evaluate(member.InitializedMember, frame), member.Initializer, frame);
                else
                    Evaluate(step, frame);
            }
        }
        finally
        {
            frame.Receivers.Pop();
        }
        return created;
    }

    private object? With(IWithOperation with, Frame frame)
    {
        object operand = Evaluate(with.Operand, frame) ?? throw NullReference(with.Operand.Syntax);
        object? clone = operand switch
        {
            Instance instance => instance.Clone(),
            ValueType => System.Runtime.CompilerServices.RuntimeHelpers.GetObjectValue(operand),
            // The compiler's own name of a record's cloning method.
            _ => operand.GetType().GetMethod("<Clone>$")?.Invoke(operand, null)
                ?? throw Unsupported(with.Syntax, $"'with' on a {DescribeType(operand)}", "construct a new one"),
        };
        return Initialise(clone, with.Initializer, frame);
    }

    private Instance Construct(IMethodSymbol constructor, INamedTypeSymbol type, Variable[] arguments, SyntaxNode place, Frame frame)
    {
        if (BaseOutside(type) is { } outside)
            throw Unsupported(place, $"a type derived from {outside.ToDisplayString()}", "hold one in a field instead");
        var instance = new Instance(type, this);
        if (type.IsValueType && constructor.IsImplicitlyDeclared)
            return instance;
        RunConstructor(constructor, instance, arguments, place, frame);
        return instance;
    }

    private INamedTypeSymbol? BaseOutside(INamedTypeSymbol type)
    {
        INamedTypeSymbol? ancestor = type.BaseType;
        while (ancestor is not null && _types.IsOfProject(ancestor))
            ancestor = ancestor.BaseType;
        for (INamedTypeSymbol? t = ancestor; t is not null; t = t.BaseType)
        {
            if (t.Name == nameof(Exception) && t.ContainingNamespace.Name == nameof(System))
                return null;
        }
        return ancestor is null or { SpecialType: SpecialType.System_Object or SpecialType.System_ValueType } ? null : ancestor;
    }

    private void RunConstructor(IMethodSymbol constructor, Instance instance, Variable[] arguments, SyntaxNode place, Frame caller)
    {
        IMethodSymbol definition = constructor.OriginalDefinition;
        string member = MemberName(definition);
        var frame = new Frame(definition, member, instance, null, TypesOf(constructor, null));
        for (int i = 0; i < arguments.Length; i++)
            frame.Declare(definition.Parameters[i], arguments[i]);
        Nested<object?>(member, place, () =>
        {
            if (SourceBodies.Syntax(definition, _cancellation) is TypeDeclarationSyntax declaration)
                RunPrimary(constructor, declaration, instance, frame);
            else
                RunOrdinary(constructor, instance, place, frame);
            return null;
        });
    }

    private void RunPrimary(IMethodSymbol constructor, TypeDeclarationSyntax declaration, Instance instance, Frame frame)
    {
        foreach (IParameterSymbol parameter in constructor.OriginalDefinition.Parameters)
        {
            Variable value = frame.Find(parameter)!;
            IPropertySymbol? property = constructor.ContainingType.IsRecord
                ? constructor.ContainingType.OriginalDefinition.GetMembers(parameter.Name).OfType<IPropertySymbol>().FirstOrDefault()
                : null;
            if (property is not null && SourceBodies.Syntax(property.GetMethod!, _cancellation) is null or ParameterSyntax && property is not null)
                instance.Field(property, () => null).Value = value.Value;
            else
                instance.Capture(parameter, value);
        }
        RunInitializers(constructor.ContainingType, instance, frame);
        if (declaration.BaseList?.Types.OfType<PrimaryConstructorBaseTypeSyntax>().FirstOrDefault() is { } baseCall)
        {
            if (_bodies.Find(baseCall, _cancellation) is IInvocationOperation call)
                Evaluate(call, frame);
            else if (_bodies.Find(declaration, _cancellation) is IConstructorBodyOperation { Initializer: { } initializer })
                Execute(initializer as IExpressionStatementOperation ?? initializer, frame);
            else
                throw Unsupported(baseCall, "this base constructor call", "write an ordinary constructor");
        }
        else
        {
            ConstructDefaultBase(constructor.ContainingType, instance, declaration, frame);
        }
    }

    private void RunOrdinary(IMethodSymbol constructor, Instance instance, SyntaxNode place, Frame frame)
    {
        var body = _bodies.Find(constructor.OriginalDefinition, _cancellation) as IConstructorBodyOperation;
        IOperation? initializer = body?.Initializer is IExpressionStatementOperation statement ? statement.Operation : body?.Initializer;
        bool callsThis = initializer?.Syntax is ConstructorInitializerSyntax { ThisOrBaseKeyword.RawKind: (int)Microsoft.CodeAnalysis.CSharp.SyntaxKind.ThisKeyword };
        if (!callsThis)
            RunInitializers(constructor.ContainingType, instance, frame);
        if (initializer is not null)
            Evaluate(initializer, frame);
        else
            ConstructDefaultBase(constructor.ContainingType, instance, place, frame);
        if (body is not null && (body.BlockBody ?? body.ExpressionBody) is { } block)
            Execute(block, frame);
    }

    private void RunInitializers(INamedTypeSymbol type, Instance instance, Frame frame)
    {
        foreach (MemberInitializer initializer in _bodies.Initializers(type.OriginalDefinition, isStatic: false, _cancellation))
            instance.Field(initializer.Member, () => null).Value = Copy(Evaluate(initializer.Value, frame));
    }

    private void ConstructDefaultBase(INamedTypeSymbol type, Instance instance, SyntaxNode place, Frame frame)
    {
        if (type.BaseType is { } parent && _types.IsOfProject(parent)
            && parent.InstanceConstructors.FirstOrDefault(c => c.Parameters.Length == 0) is { } constructor)
            RunConstructor(constructor, instance, [], place, frame);
    }

    /// <summary>A call of another constructor by <c>this(…)</c> or <c>base(…)</c>.</summary>
    private void ConstructBase(IMethodSymbol constructor, Instance instance, Variable[] arguments, SyntaxNode place, Frame frame)
    {
        if (_types.IsOfProject(constructor.ContainingType))
            RunConstructor(constructor, instance, arguments, place, frame);
        else if (constructor.Parameters.FirstOrDefault()?.Type.SpecialType == SpecialType.System_String)
            instance.ExceptionMessage = arguments[0].Value as string;
    }

    /// <summary>Members that the compiler makes: those of records, anonymous types and interfaces without a body.</summary>
    private object? CallSynthesised(IMethodSymbol method, object? instance, Variable[] arguments, SyntaxNode place, Frame? frame)
    {
        switch (method.Name, instance)
        {
            case ("op_Equality", null):
                return Equals(arguments[0].Value, arguments[1].Value);
            case ("op_Inequality", null):
                return !Equals(arguments[0].Value, arguments[1].Value);
            case (nameof(Equals), Instance own) when arguments.Length == 1:
                return own.EqualsByFields ? arguments[0].Value is Instance other && own.FieldsEqual(other) : ReferenceEquals(own, arguments[0].Value);
            case (nameof(ToString), Instance own) when arguments.Length == 0:
                return Describe(own);
            case ("Deconstruct", Instance own):
                foreach ((IParameterSymbol parameter, Variable target) in method.Parameters.Zip(arguments, (p, a) => (p, a)))
                    target.Value = RecordProperty(own, parameter.Name, place, frame);
                return null;
            case (nameof(GetHashCode), _):
                throw NotDeterministic(method, place);
            default:
                throw Unsupported(place, $"'{method.ToDisplayString()}', which has no body here", "give it a body");
        }
    }

    private object? RecordProperty(Instance instance, string name, SyntaxNode place, Frame? frame)
    {
        for (INamedTypeSymbol? type = instance.Type; type is not null; type = type.BaseType)
        {
            if (type.GetMembers(name).OfType<IPropertySymbol>().FirstOrDefault() is { } property)
                return Call(property.GetMethod!, instance, [], place, frame);
        }
        return null;
    }

    /// <inheritdoc/>
    public bool TryCallOverride(Instance instance, string name, object?[] arguments, out object? result)
    {
        result = null;
        for (INamedTypeSymbol? type = instance.Type; type is not null && _types.IsOfProject(type); type = type.BaseType)
        {
            IMethodSymbol? method = type.GetMembers(name).OfType<IMethodSymbol>().FirstOrDefault(m =>
                !m.IsImplicitlyDeclared && !m.IsStatic && m.Parameters.Length == arguments.Length
                && (m.IsOverride || (type.IsRecord && SymbolEqualityComparer.Default.Equals(m.Parameters[0].Type, type))));
            if (method is null)
                continue;
            SyntaxNode place = SourceBodies.Syntax(method, _cancellation)!;
            result = CallSource(method, instance, [.. arguments.Select(a => new Cell(a))], place, null);
            return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ISymbol> Fields(INamedTypeSymbol type)
    {
        var fields = new List<ISymbol>();
        for (INamedTypeSymbol? t = type; t is not null && _types.IsOfProject(t); t = t.BaseType)
        {
            fields.InsertRange(0, t.IsAnonymousType
                ? t.OriginalDefinition.GetMembers().OfType<IPropertySymbol>()
                : t.OriginalDefinition.GetMembers().OfType<IFieldSymbol>().Where(f => !f.IsStatic).Select(f => f.AssociatedSymbol ?? f));
        }
        return fields;
    }

    /// <inheritdoc/>
    public string Describe(Instance instance)
    {
        INamedTypeSymbol type = instance.Type;
        if (!type.IsRecord && !type.IsAnonymousType)
            return AllowedTypes.FullName(type.OriginalDefinition);
        var parts = new List<string>();
        for (INamedTypeSymbol? t = type; t is not null && _types.IsOfProject(t); t = t.BaseType)
        {
            parts.InsertRange(0, t.GetMembers()
                .Where(m => !m.IsStatic && (m is IPropertySymbol { GetMethod: not null, IsIndexer: false, IsOverride: false } || m is IFieldSymbol { AssociatedSymbol: null })
                    && (m.DeclaredAccessibility == Accessibility.Public))
                .Select(m => $"{m.Name} = {Plain(Member(instance, m))}"));
        }
        var text = new StringBuilder(type.IsAnonymousType ? "" : type.Name + " ").Append("{ ").Append(string.Join(", ", parts));
        return text.Append(parts.Count > 0 ? " }" : "}").ToString();
    }

    private object? Member(Instance instance, ISymbol member) => member is IPropertySymbol property && !property.ContainingType.IsAnonymousType
        ? Call(property.GetMethod!, instance, [], SourceBodies.Syntax(property.GetMethod!, _cancellation) ?? instance.Type.DeclaringSyntaxReferences[0].GetSyntax(_cancellation), null)
        : instance.TryField(member.OriginalDefinition)?.Value;
}
