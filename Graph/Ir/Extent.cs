namespace FocalNet.Graph.Ir;

/// <summary>An extent that is known only at run time.</summary>
public enum Symbol
{
    /// <summary>None: the extent is a build-time constant.</summary>
    None,

    /// <summary>Pictures in the batch.</summary>
    N,

    /// <summary>Height in pixels.</summary>
    H,

    /// <summary>Width in pixels.</summary>
    W,
}

/// <summary>The run-time extents of one run.</summary>
/// <param name="N">Pictures.</param>
/// <param name="H">Height in pixels.</param>
/// <param name="W">Width in pixels.</param>
public readonly record struct RunExtents(int N, int H, int W);

/// <summary>One extent of a shape: a constant, or a symbol over a divisor (<c>H/4</c>).</summary>
/// <param name="Symbol">The symbol, or <see cref="Ir.Symbol.None"/>.</param>
/// <param name="Value">The constant, or the divisor of the symbol.</param>
public readonly record struct Extent(Symbol Symbol, int Value)
{
    /// <summary>A constant extent.</summary>
    public static implicit operator Extent(int value) => new(Symbol.None, value);

    /// <summary>Is a build-time constant.</summary>
    public bool IsConstant => Symbol == Symbol.None;

    /// <summary>Is the constant 1, that is: broadcasts.</summary>
    public bool IsOne => IsConstant && Value == 1;

    /// <summary>This extent divided by <paramref name="divisor"/>; null for a constant that is no multiple of it.</summary>
    public Extent? DividedBy(int divisor)
    {
        if (!IsConstant)
            return new Extent(Symbol, Value * divisor);
        return Value % divisor == 0 ? new Extent(Symbol.None, Value / divisor) : null;
    }

    /// <summary>This extent times <paramref name="factor"/>; null where a symbol would exceed its own run-time size.</summary>
    public Extent? Times(int factor)
    {
        if (IsConstant)
            return new Extent(Symbol.None, Value * factor);
        return Value % factor == 0 ? new Extent(Symbol, Value / factor) : null;
    }

    /// <summary>The extent's number at a run's extents.</summary>
    public int At(RunExtents run) => Symbol switch
    {
        Symbol.None => Value,
        Symbol.N => run.N / Value,
        Symbol.H => run.H / Value,
        _ => run.W / Value,
    };

    /// <summary>As in IR text: <c>64</c>, <c>H</c>, <c>H/4</c>.</summary>
    public override string ToString() =>
        IsConstant ? Text.Of(Value) : Value == 1 ? Symbol.ToString() : $"{Symbol}/{Text.Of(Value)}";
}
