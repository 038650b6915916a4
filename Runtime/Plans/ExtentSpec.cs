namespace FocalNet.Runtime.Plans;

/// <summary>The size of a run: the three extents that are known only at run time.</summary>
/// <param name="Images">N, pictures in the batch.</param>
/// <param name="Height">H, pixels; a multiple of the plan's divisor.</param>
/// <param name="Width">W, pixels; a multiple of the plan's divisor.</param>
public readonly record struct RunSize(int Images, int Height, int Width);

/// <summary>Which run-time extent an <see cref="ExtentSpec"/> stands for.</summary>
public enum ExtentSymbol
{
    /// <summary>A build-time constant.</summary>
    None,

    /// <summary>N, the number of pictures.</summary>
    Images,

    /// <summary>H, the height in pixels.</summary>
    Height,

    /// <summary>W, the width in pixels.</summary>
    Width,
}

/// <summary>One extent of a shape: a constant, or a symbol over a divisor (<c>H/4</c>).</summary>
/// <param name="Symbol">The run-time extent, or <see cref="ExtentSymbol.None"/>.</param>
/// <param name="Value">The constant, or the divisor of the symbol.</param>
public readonly record struct ExtentSpec(ExtentSymbol Symbol, int Value)
{
    /// <summary>The extent at a run size.</summary>
    public int At(RunSize size) => Symbol switch
    {
        ExtentSymbol.None => Value,
        ExtentSymbol.Images => size.Images / Value,
        ExtentSymbol.Height => size.Height / Value,
        _ => size.Width / Value,
    };

    /// <summary>A constant extent.</summary>
    public static implicit operator ExtentSpec(int value) => new(ExtentSymbol.None, value);
}

/// <summary>A shape in logical order N, C, H, W. In memory every tensor is NHWC.</summary>
public readonly record struct ShapeSpec(ExtentSpec N, int C, ExtentSpec H, ExtentSpec W)
{
    /// <summary>Number of elements at a run size.</summary>
    public long Elements(RunSize size) => (long)N.At(size) * C * H.At(size) * W.At(size);
}
