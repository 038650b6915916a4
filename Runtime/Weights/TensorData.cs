namespace FocalNet.Runtime.Weights;

/// <summary>A named tensor in host memory, float32, row-major in the logical layout (NCHW, or a parameter's own).</summary>
public sealed class TensorData
{
    /// <summary>Creates a tensor over <paramref name="values"/>, which is not copied.</summary>
    /// <param name="name">Name, e.g. <c>feat_extract.0.main.0.weight</c>.</param>
    /// <param name="shape">Extents, outermost first; empty for a scalar.</param>
    /// <param name="values">Elements, as many as the product of the extents.</param>
    /// <exception cref="ArgumentException">The number of values is not the product of the extents.</exception>
    public TensorData(string name, int[] shape, float[] values)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(values);
        var count = Array.Exists(shape, extent => extent < 0) ? null : ElementTypes.TryCount(shape);
        if (count != values.Length)
            throw new ArgumentException($"Tensor '{name}' has {values.Length} values, its shape {ShapeText(shape)} asks for {count?.ToString() ?? "too many"}.", nameof(values));
        Name = name;
        Shape = shape;
        Values = values;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Extents, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Elements, row-major.</summary>
    public float[] Values { get; }

    /// <summary>Name and shape, for messages.</summary>
    public override string ToString() => $"{Name} {ShapeText(Shape)}";

    internal static string ShapeText(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";
}
