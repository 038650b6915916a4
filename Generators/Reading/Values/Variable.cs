namespace FocalNet.Generators.Reading.Values;

/// <summary>A place that holds a value: what an assignment, <c>ref</c> or <c>out</c> refers to.</summary>
internal abstract class Variable
{
    /// <summary>What it holds now.</summary>
    public abstract object? Value { get; set; }
}

/// <summary>A local, a parameter or a field.</summary>
internal sealed class Cell(object? value) : Variable
{
    /// <inheritdoc/>
    public override object? Value { get; set; } = value;
}

/// <summary>An array element, a property, or a field of something outside.</summary>
internal sealed class ComputedVariable(Func<object?> get, Action<object?> set) : Variable
{
    /// <inheritdoc/>
    public override object? Value
    {
        get => get();
        set => set(value);
    }
}
