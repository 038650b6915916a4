using System.Reflection;

namespace FocalNet.Generators.Reading.Members;

/// <summary>Makes and takes apart value tuples of any length; those of more than seven elements nest.</summary>
internal static class TupleAccess
{
    /// <summary>Is a value tuple.</summary>
    public static bool IsTuple(object? value) =>
        value?.GetType() is { IsGenericType: true } type && type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal);

    /// <summary>Makes a tuple.</summary>
    public static object Create(Type type, IReadOnlyList<object?> elements)
    {
        Type[] types = type.GetGenericArguments();
        object?[] arguments = [.. elements.Take(7)];
        if (types.Length == 8)
            arguments = [.. arguments, Create(types[7], [.. elements.Skip(7)])];
        return Activator.CreateInstance(type, arguments)!;
    }

    /// <summary>All elements.</summary>
    public static object?[] Elements(object tuple)
    {
        FieldInfo[] fields = tuple.GetType().GetFields();
        object?[] own = [.. fields.Where(f => f.Name != "Rest").OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => f.GetValue(tuple))];
        return fields.FirstOrDefault(f => f.Name == "Rest") is { } rest ? [.. own, .. Elements(rest.GetValue(tuple)!)] : own;
    }
}
