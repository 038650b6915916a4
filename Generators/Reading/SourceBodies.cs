using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>An initialiser of a field or property.</summary>
/// <param name="Member">The field or property.</param>
/// <param name="Value">Its initial value.</param>
internal sealed record MemberInitializer(ISymbol Member, IOperation Value);

/// <summary>The operation trees of a compilation's methods, each made once for all of its networks and modes.</summary>
internal sealed class SourceBodies(Compilation compilation)
{
    private readonly ConcurrentDictionary<SyntaxTree, SemanticModel> _models = new();
    private readonly ConcurrentDictionary<SyntaxNode, IOperation?> _operations = new();
    private readonly ConcurrentDictionary<INamedTypeSymbol, IReadOnlyList<MemberInitializer>> _initializers = new(SymbolEqualityComparer.Default);

    /// <summary>The compilation.</summary>
    public Compilation Compilation => compilation;

    /// <summary>Body of a method, constructor or accessor by its definition; null where it has none.</summary>
    public IOperation? Find(IMethodSymbol definition, CancellationToken cancellation) =>
        Syntax(definition, cancellation) is { } syntax ? Find(syntax, cancellation) : null;

    /// <summary>Operation of a piece of syntax.</summary>
    public IOperation? Find(SyntaxNode syntax, CancellationToken cancellation)
    {
        if (!_operations.TryGetValue(syntax, out IOperation? operation))
            _operations[syntax] = operation = Model(syntax.SyntaxTree).GetOperation(syntax, cancellation);
        return operation;
    }

    /// <summary>Where a method is written.</summary>
    public static SyntaxNode? Syntax(IMethodSymbol definition, CancellationToken cancellation) =>
        (definition.PartialImplementationPart ?? definition).DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation);

    /// <summary>The compiler makes the accessor: it reads or writes the property's own field.</summary>
    public static bool IsAutomatic(IMethodSymbol accessor, CancellationToken cancellation) =>
        accessor.AssociatedSymbol is IPropertySymbol && !accessor.IsAbstract
        && Syntax(accessor.OriginalDefinition, cancellation) is null or ParameterSyntax or AccessorDeclarationSyntax { Body: null, ExpressionBody: null };

    /// <summary>The initialisers of a type's static or instance fields and properties, in order of declaration.</summary>
    public IEnumerable<MemberInitializer> Initializers(INamedTypeSymbol definition, bool isStatic, CancellationToken cancellation)
    {
        if (!_initializers.TryGetValue(definition, out IReadOnlyList<MemberInitializer>? all))
            _initializers[definition] = all = [.. CollectInitializers(definition, cancellation)];
        return all.Where(i => i.Member.IsStatic == isStatic);
    }

    private IEnumerable<MemberInitializer> CollectInitializers(INamedTypeSymbol definition, CancellationToken cancellation)
    {
        foreach (SyntaxReference reference in definition.DeclaringSyntaxReferences)
        {
            if (reference.GetSyntax(cancellation) is not TypeDeclarationSyntax type)
                continue;
            foreach (MemberDeclarationSyntax member in type.Members)
            {
                IEnumerable<(SyntaxNode Declaration, EqualsValueClauseSyntax? Value)> values = member switch
                {
                    FieldDeclarationSyntax field => field.Declaration.Variables.Select(v => ((SyntaxNode)v, v.Initializer)),
                    PropertyDeclarationSyntax property => [(property, property.Initializer)],
                    _ => [],
                };
                foreach ((SyntaxNode declaration, EqualsValueClauseSyntax? value) in values)
                {
                    if (value is not null && Model(type.SyntaxTree).GetDeclaredSymbol(declaration, cancellation) is { } symbol
                        && Find(value, cancellation) is ISymbolInitializerOperation initializer)
                        yield return new MemberInitializer(symbol, initializer.Value);
                }
            }
        }
    }

    private SemanticModel Model(SyntaxTree tree)
    {
        if (!_models.TryGetValue(tree, out SemanticModel? model))
        {
#pragma warning disable RS1030 // That rule is for analyzers, which get a model handed; a reader follows calls into other files.
            _models[tree] = model = compilation.GetSemanticModel(tree);
#pragma warning restore RS1030
        }
        return model;
    }
}
