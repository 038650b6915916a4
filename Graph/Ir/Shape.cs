namespace FocalNet.Graph.Ir;

/// <summary>A four-dimensional shape in logical order N, C, H, W. Channels are always known at build time.</summary>
/// <param name="N">Pictures, or output channels of a weight.</param>
/// <param name="C">Channels, or input channels of a weight.</param>
/// <param name="H">Height, or kernel height of a weight.</param>
/// <param name="W">Width, or kernel width of a weight.</param>
public sealed record Shape(Extent N, int C, Extent H, Extent W)
{
    /// <summary>The shape of a single number.</summary>
    public static Shape Scalar { get; } = new(1, 1, 1, 1);

    /// <summary>A flat vector: all elements are channels.</summary>
    public static Shape Flat(int length) => new(1, length, 1, 1);

    /// <summary>Is a single number.</summary>
    public bool IsScalar => N.IsOne && C == 1 && H.IsOne && W.IsOne;

    /// <summary>Has no run-time extent.</summary>
    public bool IsConstant => N.IsConstant && H.IsConstant && W.IsConstant;

    /// <summary>Extent of axis 0 … 3.</summary>
    public Extent this[int axis] => axis switch { 0 => N, 1 => C, 2 => H, _ => W };

    /// <summary>Number of elements at a run's extents.</summary>
    public long Elements(RunExtents run) => (long)N.At(run) * C * H.At(run) * W.At(run);

    /// <summary>The four extents at a run's extents.</summary>
    public int[] At(RunExtents run) => [N.At(run), C, H.At(run), W.At(run)];

    /// <summary>Number of elements of a constant shape.</summary>
    public int ConstantElements => IsConstant
        ? checked(N.Value * C * H.Value * W.Value)
        : throw new GraphException($"The shape {this} is known only at run time.");

    /// <summary>The shape with the extents of the given axes set to 1.</summary>
    public Shape Reduce(Axes axes) => new(
        axes.HasFlag(Axes.N) ? 1 : N, axes.HasFlag(Axes.C) ? 1 : C, axes.HasFlag(Axes.H) ? 1 : H, axes.HasFlag(Axes.W) ? 1 : W);

    /// <summary>The axes on which this shape is 1 and <paramref name="target"/> is not.</summary>
    public Axes BroadcastAxes(Shape target)
    {
        Axes axes = Axes.None;
        for (int axis = 0; axis < 4; axis++)
        {
            if (this[axis] != target[axis])
                axes |= (Axes)(1 << axis);
        }
        return axes;
    }

    /// <summary>The common shape of two operands, each extent being equal or 1; null where they do not fit.</summary>
    public static Shape? Broadcast(Shape a, Shape b)
    {
        var extents = new Extent[4];
        for (int axis = 0; axis < 4; axis++)
        {
            if (a[axis] == b[axis] || b[axis].IsOne)
                extents[axis] = a[axis];
            else if (a[axis].IsOne)
                extents[axis] = b[axis];
            else
                return null;
        }
        return new Shape(extents[0], extents[1].Value, extents[2], extents[3]);
    }

    /// <summary>As in IR text: <c>[N,32,H/2,W/2]</c>.</summary>
    public override string ToString() => $"[{N},{Text.Of(C)},{H},{W}]";
}

/// <summary>A set of axes.</summary>
[Flags]
public enum Axes
{
    /// <summary>No axis.</summary>
    None = 0,

    /// <summary>Pictures.</summary>
    N = 1,

    /// <summary>Channels.</summary>
    C = 2,

    /// <summary>Height.</summary>
    H = 4,

    /// <summary>Width.</summary>
    W = 8,

    /// <summary>Height and width.</summary>
    Spatial = H | W,

    /// <summary>All four.</summary>
    All = N | C | H | W,
}
