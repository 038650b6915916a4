using FocalNet.Generators.Reading.Values;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading.Members;

/// <summary>
/// The runtime types that stand for types of the project while it is read: real ones for compiled types, and
/// <see cref="Instance"/> and <see cref="EnumValue"/> for those that the project declares itself. Collections, delegates
/// and tuples are real, so that LINQ and the builder can be called.
/// </summary>
internal sealed class RuntimeTypes(IAssemblySymbol project)
{
    private readonly Dictionary<ITypeSymbol, Type?> _cache = new(SymbolEqualityComparer.Default);

    /// <summary>The runtime type; null where there is none.</summary>
    public Type? Find(ITypeSymbol type)
    {
        if (!_cache.TryGetValue(type, out Type? result))
            _cache.Add(type, result = Map(type));
        return result;
    }

    /// <summary>Is declared in the project itself.</summary>
    public bool IsOfProject(ITypeSymbol type) =>
        type.IsAnonymousType || SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, project);

    /// <summary>Is Span or ReadOnlySpan, for which arrays stand.</summary>
    public static bool IsSpan(ITypeSymbol type) =>
        type is INamedTypeSymbol { Name: "Span" or "ReadOnlySpan", Arity: 1, ContainingNamespace: { Name: "System", ContainingNamespace.IsGlobalNamespace: true } };

    private Type? Map(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol array)
        {
            Type? element = Find(array.ElementType);
            return array.Rank == 1 ? element?.MakeArrayType() : element?.MakeArrayType(array.Rank);
        }
        if (type is not INamedTypeSymbol named)
            return type.TypeKind == TypeKind.Dynamic ? typeof(object) : null;
        if (IsSpan(named))
            return Find(named.TypeArguments[0])?.MakeArrayType();
        if (named.IsTupleType)
            return TupleOf([.. named.TupleElements.Select(e => Find(e.Type))]);
        if (IsOfProject(named))
            return named.TypeKind switch
            {
                TypeKind.Enum => typeof(EnumValue),
                TypeKind.Delegate => typeof(Closure),
                _ => typeof(Instance),
            };
        Type? definition = AllowedTypes.Find(named.OriginalDefinition);
        if (definition is null || !definition.IsGenericTypeDefinition)
            return definition;
        Type?[] arguments = [.. AllArguments(named).Select(Find)];
        if (arguments.Contains(null))
            return null;
        // Structs and enums of the project are objects while they are read; null stands for themselves.
        return definition == typeof(Nullable<>) && !arguments[0]!.IsValueType ? arguments[0] : definition.MakeGenericType(arguments!);
    }

    private static IEnumerable<ITypeSymbol> AllArguments(INamedTypeSymbol type) =>
        type.ContainingType is { } outer ? AllArguments(outer).Concat(type.TypeArguments) : type.TypeArguments;

    private static Type? TupleOf(Type?[] elements)
    {
        if (elements.Contains(null))
            return null;
        Type[] first = [.. elements.Take(7)!];
        return first.Length switch
        {
            1 => typeof(ValueTuple<>).MakeGenericType(first),
            2 => typeof(ValueTuple<,>).MakeGenericType(first),
            3 => typeof(ValueTuple<,,>).MakeGenericType(first),
            4 => typeof(ValueTuple<,,,>).MakeGenericType(first),
            5 => typeof(ValueTuple<,,,,>).MakeGenericType(first),
            6 => typeof(ValueTuple<,,,,,>).MakeGenericType(first),
            _ when elements.Length == 7 => typeof(ValueTuple<,,,,,,>).MakeGenericType(first),
            _ => typeof(ValueTuple<,,,,,,,>).MakeGenericType([.. first, TupleOf([.. elements.Skip(7)])!]),
        };
    }
}
