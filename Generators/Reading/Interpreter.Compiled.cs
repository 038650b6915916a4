using System.Globalization;
using System.Reflection;
using System.Text;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using FocalNet.Graph.Ir;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading;

/// <summary>Calls of compiled code by reflection: the builder itself, and a few types of .NET.</summary>
internal sealed partial class Interpreter
{
    private object? CallCompiled(IMethodSymbol method, object? instance, Variable[] arguments, SyntaxNode place, Frame? frame)
    {
        Step(place);
        bool isGraph = method.ContainingAssembly?.Name == AllowedTypes.GraphAssembly;
        if (!isGraph && AllowedTypes.IsNotDeterministic(method.AssociatedSymbol ?? method))
            throw NotDeterministic(method.AssociatedSymbol ?? method, place);
        if (!isGraph && TryIntrinsic(method, instance, arguments, place, out object? intrinsic))
            return intrinsic;
        bool hasSpans = method.Parameters.Any(p => RuntimeTypes.IsSpan(p.Type));
        MethodBase compiled = (hasSpans ? WithoutSpans(method) : _members.Find(method)) ?? throw NotAllowed(method.AssociatedSymbol ?? method, place);
        if (isGraph && method.MethodKind != MethodKind.PropertyGet)
            SetOrigin(place, frame);
        object?[] values = [.. arguments.Select(a => a.Value)];
        object? result = compiled is ConstructorInfo constructor ? constructor.Invoke(values) : compiled.Invoke(instance, values);
        for (int i = 0; i < values.Length; i++)
        {
            if (i < method.Parameters.Length && method.Parameters[i].RefKind is RefKind.Ref or RefKind.Out)
                arguments[i].Value = Normalise(values[i], method.Parameters[i].Type, frame!);
        }
        return result is string text ? Limited(text, place) : result;
    }

    // Nodes know the declaration that made them, for comments in kernels; the text of an expression is made once.
    private void SetOrigin(SyntaxNode place, Frame? frame)
    {
        string member = frame?.Member ?? "";
        if (!_origins.TryGetValue(place, out Origin? origin) || origin.Member != member)
            _origins[place] = origin = OriginText.Origin(member, place);
        _builder.Origin = origin;
    }

    private ReadingException NotAllowed(ISymbol member, SyntaxNode place)
    {
        string assembly = member.ContainingAssembly?.Name ?? "another assembly";
        return Fail(Descriptors.NoSource, place,
            $"'{member.ToDisplayString()}' of {assembly} can't be evaluated in a network declaration; declare what it computes in this project, or pass it as a constant.");
    }

    private ReadingException NotDeterministic(ISymbol member, SyntaxNode place) => Fail(Descriptors.NotDeterministic, place,
        $"'{member.ToDisplayString()}' differs from build to build or from machine to machine; a network declaration must always mean the same network.");

    /// <summary>The overload with arrays in place of spans, which reflection can't pass.</summary>
    private MethodBase? WithoutSpans(IMethodSymbol method)
    {
        Type?[] parameters = [.. method.Parameters.Select(p => _types.Find(p.Type))];
        if (method.ContainingType.Name != nameof(MemoryExtensions))
            return parameters.Contains(null) ? null : _types.Find(method.ContainingType)?.GetMethod(method.Name, parameters!);
        MethodInfo? generic = method.Name == nameof(Array.IndexOf)
            ? typeof(Array).GetMethods().FirstOrDefault(m => m.Name == method.Name && m.IsGenericMethod && m.GetParameters().Length == parameters.Length)
            : typeof(Enumerable).GetMethods().FirstOrDefault(m => m.Name == method.Name && m.GetGenericArguments().Length == 1
                && m.GetParameters().Length == parameters.Length && m.GetParameters()[0].ParameterType.IsGenericType);
        return _types.Find(method.TypeArguments[0]) is { } element ? generic?.MakeGenericMethod(element) : null;
    }

    /// <summary>Members whose receivers or arguments are not what reflection expects: stand-ins of the project's types, spans, nullables, text handlers.</summary>
    private bool TryIntrinsic(IMethodSymbol method, object? instance, Variable[] arguments, SyntaxNode place, out object? result)
    {
        INamedTypeSymbol type = method.ContainingType;
        object?[] values = [.. arguments.Select(a => a.Value)];
        result = null;
        if (type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
            return TryNullable(method, instance, values, place, out result);
        if (RuntimeTypes.IsSpan(type) && instance is Array array)
            return TrySpan(method, array, values, out result);
        if (instance is Instance or EnumValue)
            return TryObject(method, instance, values, out result);
        if (type.SpecialType == SpecialType.System_Enum)
            return TryEnum(method, instance, values, out result);
        if (type.Name == nameof(MemoryExtensions) && method.Name == "AsSpan" && values.Length == 1)
        {
            result = values[0];
            return true;
        }
        if (type.SpecialType == SpecialType.System_String && method.Name == "Create" && values[values.Length - 1] is string text)
        {
            result = text;
            return true;
        }
        if (type.Name == nameof(FormattableString) && method.Name == nameof(FormattableString.Invariant))
        {
            result = values[0];
            return true;
        }
        if (instance is StringBuilder builder && arguments.LastOrDefault()?.Value is string appended
            && method.Parameters[method.Parameters.Length - 1].Type.Name.EndsWith("InterpolatedStringHandler", StringComparison.Ordinal))
        {
            builder.Append(appended);
            result = method.Name == nameof(StringBuilder.AppendLine) ? builder.AppendLine() : builder;
            return true;
        }
        return false;
    }

    private bool TryNullable(IMethodSymbol method, object? instance, object?[] values, SyntaxNode place, out object? result)
    {
        ITypeSymbol underlying = method.ContainingType.TypeArguments[0];
        switch (method.Name)
        {
            case "get_HasValue":
                result = instance is not null;
                return true;
            case "get_Value":
                result = instance ?? throw Fail(Descriptors.ExceptionThrown, place, $"InvalidOperationException: '{OriginText.Of(place)}' has no value.");
                return true;
            case "GetValueOrDefault":
                result = instance ?? (values.Length == 1 ? values[0] : Default(underlying, new Frame(null, "", null, null, _noTypes)));
                return true;
            case nameof(ToString):
                result = instance is null ? "" : Plain(instance);
                return true;
            case ".ctor":
                result = values[0];
                return true;
            default:
                result = null;
                return false;
        }
    }

    private static bool TrySpan(IMethodSymbol method, Array array, object?[] values, out object? result)
    {
        result = method.Name switch
        {
            "get_Length" => array.Length,
            "get_IsEmpty" => array.Length == 0,
            "get_Item" => array.GetValue((int)values[0]!),
            "ToArray" => array.Clone(),
            _ => null,
        };
        return result is not null || method.Name == "get_Item";
    }

    private bool TryObject(IMethodSymbol method, object instance, object?[] values, out object? result)
    {
        result = (method.Name, values.Length) switch
        {
            (nameof(ToString), 0) => instance.ToString(),
            (nameof(ToString), _) when instance is EnumValue number => number.ToString(values[0] as string, CultureInfo.InvariantCulture),
            (nameof(Equals), 1) => instance.Equals(values[0]),
            (nameof(IComparable.CompareTo), 1) when instance is EnumValue number => number.CompareTo((EnumValue?)values[0]),
            (nameof(Enum.HasFlag), 1) when instance is EnumValue number => (number.Bits & ((EnumValue)values[0]!).Bits) == ((EnumValue)values[0]!).Bits,
            _ => null,
        };
        return result is not null;
    }

    private bool TryEnum(IMethodSymbol method, object? instance, object?[] values, out object? result)
    {
        result = null;
        if (instance is not null || method.TypeArguments.FirstOrDefault() is not INamedTypeSymbol type || !_types.IsOfProject(type))
            return false;
        (string Name, EnumValue Value)[] members = [.. EnumValue.Members(type)];
        result = method.Name switch
        {
            "GetValues" => members.Select(m => m.Value).ToArray(),
            "GetNames" => members.Select(m => m.Name).ToArray(),
            "GetName" => members.FirstOrDefault(m => m.Value.Equals(values[0])).Name,
            "IsDefined" => members.Any(m => m.Value.Equals(values[0])),
            "Parse" when values[0] is string name => members.First(m => m.Name == name).Value,
            _ => null,
        };
        return result is not null;
    }

    /// <summary>Plain text of a value, as concatenation and interpolation write it.</summary>
    private static string Plain(object? value) => value switch
    {
        null => "",
        string text => text,
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
