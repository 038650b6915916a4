using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading.Values;

/// <summary>What an object of a type that is declared in the project asks of the interpreter.</summary>
internal interface IObjectSemantics
{
    /// <summary>Calls a source override of a member of object; false when there is none.</summary>
    bool TryCallOverride(Instance instance, string name, object?[] arguments, out object? result);

    /// <summary>All instance fields and automatic properties of a type, in order of declaration.</summary>
    IReadOnlyList<ISymbol> Fields(INamedTypeSymbol type);

    /// <summary>Text of a record or class that does not override ToString.</summary>
    string Describe(Instance instance);
}

/// <summary>An object of a class, record or struct that is declared in the project itself.</summary>
internal sealed class Instance(INamedTypeSymbol type, IObjectSemantics semantics)
{
    private readonly Dictionary<ISymbol, Cell> _fields = new(SymbolEqualityComparer.Default);

    /// <summary>Its type, with type arguments.</summary>
    public INamedTypeSymbol Type => type;

    /// <summary>Is copied by assignment.</summary>
    public bool IsValue => type.IsValueType;

    /// <summary>Equals others by its fields.</summary>
    public bool EqualsByFields => type.IsValueType || type.IsRecord || type.IsAnonymousType;

    /// <summary>Message given to the constructor of an exception class.</summary>
    public string? ExceptionMessage { get; set; }

    /// <summary>The place of a field, an automatic property (by its definition) or a captured primary-constructor parameter.</summary>
    public Cell Field(ISymbol definition, Func<object?> initial)
    {
        if (!_fields.TryGetValue(definition, out Cell? cell))
            _fields.Add(definition, cell = new Cell(initial()));
        return cell;
    }

    /// <summary>The place of a field, or null where nothing was ever stored.</summary>
    public Cell? TryField(ISymbol definition) => _fields.TryGetValue(definition, out Cell? cell) ? cell : null;

    /// <summary>Puts a parameter of the primary constructor where methods find it.</summary>
    public void Capture(IParameterSymbol definition, Variable variable) => _fields[definition] = new Cell(variable.Value);

    /// <summary>Another object of the same content.</summary>
    public Instance Clone()
    {
        var clone = new Instance(type, semantics) { ExceptionMessage = ExceptionMessage };
        foreach (KeyValuePair<ISymbol, Cell> field in _fields)
            clone._fields.Add(field.Key, new Cell(field.Value.Value is Instance { IsValue: true } nested ? nested.Clone() : field.Value.Value));
        return clone;
    }

    /// <summary>Equality by fields, for records and structs.</summary>
    public bool FieldsEqual(Instance other) => SymbolEqualityComparer.Default.Equals(type, other.Type)
        && semantics.Fields(type).All(f => Equals(TryField(f)?.Value, other.TryField(f)?.Value));

    /// <inheritdoc/>
    public override bool Equals(object? obj)
    {
        if (obj is Instance && semantics.TryCallOverride(this, nameof(Equals), [obj], out object? result))
            return result is true;
        return EqualsByFields && obj is Instance other ? FieldsEqual(other) : ReferenceEquals(this, obj);
    }

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (semantics.TryCallOverride(this, nameof(GetHashCode), [], out object? result))
            return (int)result!;
        return EqualsByFields
            ? semantics.Fields(type).Aggregate(17, (hash, f) => unchecked(hash * 31 + (TryField(f)?.Value?.GetHashCode() ?? 0)))
            : base.GetHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => semantics.TryCallOverride(this, nameof(ToString), [], out object? result)
        ? (string?)result ?? ""
        : semantics.Describe(this);
}
