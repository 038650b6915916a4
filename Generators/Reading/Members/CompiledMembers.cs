using System.Reflection;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading.Members;

/// <summary>Finds the reflection members of compiled methods and fields, once each.</summary>
internal sealed class CompiledMembers(RuntimeTypes types)
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static;

    private readonly Dictionary<IMethodSymbol, MethodBase?> _methods = new(SymbolEqualityComparer.Default);

    /// <summary>The method, constructor, operator or accessor; null where it does not exist or may not be used.</summary>
    public MethodBase? Find(IMethodSymbol method)
    {
        if (!_methods.TryGetValue(method, out MethodBase? result))
            _methods.Add(method, result = Search(method));
        return result;
    }

    /// <summary>The field; null where there is none.</summary>
    public FieldInfo? Find(IFieldSymbol field) => types.Find(field.ContainingType)?.GetField(field.Name, All);

    private MethodBase? Search(IMethodSymbol method)
    {
        if (method.ContainingType is null || types.Find(method.ContainingType) is not { } type)
            return null;
        IMethodSymbol definition = method.OriginalDefinition;
        Type open = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        IEnumerable<MethodBase> candidates = method.MethodKind == MethodKind.Constructor ? open.GetConstructors(All) : open.GetMethods(All);
        MethodBase? found = candidates.FirstOrDefault(c => IsSame(definition, c));
        if (found is null)
            return null;
        if (type.IsGenericType)
            found = MethodBase.GetMethodFromHandle(found.MethodHandle, type.TypeHandle)!;
        if (!method.IsGenericMethod)
            return found;
        Type?[] arguments = [.. method.TypeArguments.Select(types.Find)];
        try
        {
            return arguments.Contains(null) ? null : ((MethodInfo)found).MakeGenericMethod(arguments!);
        }
        catch (ArgumentException)
        {
            // A constraint that the stand-in of a type of the project does not meet.
            return null;
        }
    }

    private static bool IsSame(IMethodSymbol symbol, MethodBase method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        if (parameters.Length != symbol.Parameters.Length || method.IsStatic != symbol.IsStatic)
            return false;
        if (method is MethodInfo info)
        {
            int arity = info.IsGenericMethod ? info.GetGenericArguments().Length : 0;
            // Conversion operators differ in their results alone.
            if (info.Name != symbol.MetadataName || arity != symbol.Arity || !IsSame(symbol.ReturnType, info.ReturnType))
                return false;
        }
        for (int i = 0; i < parameters.Length; i++)
        {
            Type type = parameters[i].ParameterType;
            if (type.IsByRef != (symbol.Parameters[i].RefKind != RefKind.None))
                return false;
            if (!IsSame(symbol.Parameters[i].Type, type.IsByRef ? type.GetElementType()! : type))
                return false;
        }
        return true;
    }

    private static bool IsSame(ITypeSymbol symbol, Type type)
    {
        switch (symbol)
        {
            case ITypeParameterSymbol parameter:
                return type.IsGenericParameter && type.GenericParameterPosition == Position(parameter)
                    && (type.DeclaringMethod is not null) == (parameter.TypeParameterKind == TypeParameterKind.Method);
            case IArrayTypeSymbol array:
                return type.IsArray && type.GetArrayRank() == array.Rank && IsSame(array.ElementType, type.GetElementType()!);
            case INamedTypeSymbol named:
                if (named.IsTupleType)
                    named = named.TupleUnderlyingType ?? named;
                Type definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
                if (definition.FullName != AllowedTypes.FullName(named.OriginalDefinition))
                    return false;
                Type[] arguments = type.GetGenericArguments();
                ITypeSymbol[] expected = [.. Arguments(named)];
                return arguments.Length == expected.Length && arguments.Zip(expected, (a, e) => IsSame(e, a)).All(same => same);
            default:
                return symbol.TypeKind == TypeKind.Dynamic && type == typeof(object);
        }
    }

    private static int Position(ITypeParameterSymbol parameter) => parameter.TypeParameterKind == TypeParameterKind.Method
        ? parameter.Ordinal
        : parameter.Ordinal + (parameter.DeclaringType?.ContainingType?.Arity ?? 0);

    private static IEnumerable<ITypeSymbol> Arguments(INamedTypeSymbol type) =>
        type.ContainingType is { IsGenericType: true } outer ? Arguments(outer).Concat(type.TypeArguments) : type.TypeArguments;
}
