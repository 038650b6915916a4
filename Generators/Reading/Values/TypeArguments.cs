using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading.Values;

/// <summary>What the type parameters of a generic method and its types stand for in one activation.</summary>
internal sealed class TypeArguments
{
    private readonly Compilation _compilation;
    private readonly Dictionary<ITypeSymbol, ITypeSymbol> _map = new(SymbolEqualityComparer.Default);

    /// <summary>Those of a method, within those of the code that encloses it.</summary>
    public TypeArguments(Compilation compilation, TypeArguments? outer = null)
    {
        _compilation = compilation;
        if (outer is not null)
        {
            foreach (KeyValuePair<ITypeSymbol, ITypeSymbol> pair in outer._map)
                _map.Add(pair.Key, pair.Value);
        }
    }

    /// <summary>No type parameter is known.</summary>
    public bool IsEmpty => _map.Count == 0;

    /// <summary>Adds a method's arguments and those of its types.</summary>
    public TypeArguments Add(IMethodSymbol method)
    {
        Add(method.OriginalDefinition.TypeParameters, method.TypeArguments);
        return Add(method.ContainingType);
    }

    /// <summary>Adds the arguments of a type and of those around it.</summary>
    public TypeArguments Add(INamedTypeSymbol? type)
    {
        for (; type is not null; type = type.ContainingType)
            Add(type.OriginalDefinition.TypeParameters, type.TypeArguments);
        return this;
    }

    /// <summary>A type with its type parameters replaced.</summary>
    public ITypeSymbol Close(ITypeSymbol type)
    {
        if (_map.Count == 0)
            return type;
        return type switch
        {
            ITypeParameterSymbol parameter => _map.TryGetValue(parameter, out ITypeSymbol? argument) ? argument : parameter,
            IArrayTypeSymbol array => _compilation.CreateArrayTypeSymbol(Close(array.ElementType), array.Rank),
            INamedTypeSymbol { IsTupleType: true } tuple =>
                _compilation.CreateTupleTypeSymbol([.. tuple.TupleElements.Select(e => Close(e.Type))]),
            INamedTypeSymbol named => Close(named),
            _ => type,
        };
    }

    /// <summary>A type with its type parameters replaced.</summary>
    public INamedTypeSymbol Close(INamedTypeSymbol type)
    {
        if (_map.Count == 0 || type.IsAnonymousType)
            return type;
        if (type.ContainingType is { IsGenericType: true } outer)
        {
            INamedTypeSymbol nested = Close(outer).GetTypeMembers(type.Name, type.Arity).First();
            return type.Arity == 0 ? nested : nested.Construct(Close(type.TypeArguments));
        }
        return type.IsGenericType ? type.OriginalDefinition.Construct(Close(type.TypeArguments)) : type;
    }

    /// <summary>A method with its type parameters, and those of its type, replaced.</summary>
    public IMethodSymbol Close(IMethodSymbol method)
    {
        if (_map.Count == 0 || method.MethodKind is MethodKind.LocalFunction or MethodKind.AnonymousFunction)
            return method.IsGenericMethod && _map.Count > 0 ? method.OriginalDefinition.Construct(Close(method.TypeArguments)) : method;
        IMethodSymbol result = method;
        if (method.ContainingType is { IsGenericType: true } type)
        {
            INamedTypeSymbol closed = Close(type);
            if (!SymbolEqualityComparer.Default.Equals(closed, type))
            {
                result = closed.GetMembers(method.Name).OfType<IMethodSymbol>()
                    .First(m => SymbolEqualityComparer.Default.Equals(m.OriginalDefinition, method.OriginalDefinition));
            }
        }
        return method.IsGenericMethod ? result.ConstructedFrom.Construct(Close(method.TypeArguments)) : result;
    }

    private ITypeSymbol[] Close(ImmutableArray<ITypeSymbol> types) => [.. types.Select(Close)];

    private void Add(ImmutableArray<ITypeParameterSymbol> parameters, ImmutableArray<ITypeSymbol> arguments)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            if (!SymbolEqualityComparer.Default.Equals(parameters[i], arguments[i]))
                _map[parameters[i]] = arguments[i];
        }
    }
}
