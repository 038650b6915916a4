using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading.Values;

/// <summary>A value of an enum that is declared in the project itself, for which no runtime type exists yet.</summary>
/// <param name="type">The enum.</param>
/// <param name="underlying">Its number, boxed as the underlying type.</param>
internal sealed class EnumValue(INamedTypeSymbol type, object underlying) : IEquatable<EnumValue>, IComparable<EnumValue>, IComparable, IFormattable
{
    /// <summary>The enum.</summary>
    public INamedTypeSymbol Type => type;

    /// <summary>Its number.</summary>
    public object Underlying => underlying;

    /// <summary>All values that have names, in ascending order as unsigned numbers, which is what Enum.GetValues gives.</summary>
    public static IEnumerable<(string Name, EnumValue Value)> Members(INamedTypeSymbol type) => type.GetMembers()
        .OfType<IFieldSymbol>()
        .Where(f => f.HasConstantValue)
        .Select(f => (f.Name, new EnumValue(type, f.ConstantValue!)))
        .OrderBy(m => m.Item2.Bits);

    /// <summary>The number as bits.</summary>
    public ulong Bits => underlying is ulong bits ? bits : unchecked((ulong)Convert.ToInt64(underlying, null));

    /// <inheritdoc/>
    public bool Equals(EnumValue? other) =>
        other is not null && SymbolEqualityComparer.Default.Equals(Type, other.Type) && underlying.Equals(other.Underlying);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EnumValue);

    /// <inheritdoc/>
    public override int GetHashCode() => underlying.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(EnumValue? other) => other is null ? 1 : ((IComparable)underlying).CompareTo(other.Underlying);

    int IComparable.CompareTo(object? obj) => CompareTo(obj as EnumValue);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => format is null or "" or "G" or "g" or "F" or "f"
        ? ToString()
        : ((IFormattable)underlying).ToString(format is "X" or "x" ? format + "8" : format, formatProvider);

    /// <summary>The member's name, several for flags, or the number, as Enum.ToString gives it.</summary>
    public override string ToString()
    {
        List<(string Name, EnumValue Value)> members = [.. Members(type)];
        foreach ((string name, EnumValue value) in members)
        {
            if (value.Bits == Bits)
                return name;
        }
        ulong rest = Bits;
        var names = new List<string>();
        if (type.GetAttributes().Any(a => a.AttributeClass?.ToDisplayString() == "System.FlagsAttribute"))
        {
            foreach ((string name, EnumValue value) in Enumerable.Reverse(members))
            {
                if (value.Bits != 0 && (rest & value.Bits) == value.Bits)
                {
                    rest &= ~value.Bits;
                    names.Insert(0, name);
                }
            }
        }
        return names.Count > 0 && rest == 0 ? string.Join(", ", names) : ((IFormattable)underlying).ToString(null, null);
    }
}
