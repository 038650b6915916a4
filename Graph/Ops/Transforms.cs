using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Ops;

/// <summary>Separable resampling by a fixed ratio, the same on both axes. Sample positions are those of <c>align_corners = false</c>.</summary>
public enum ResampleKind
{
    /// <summary>Every second pixel, from the first on.</summary>
    NearestHalf,

    /// <summary>Bilinear to half the size: the mean of each 2×2.</summary>
    BilinearHalf,

    /// <summary>Bilinear to a quarter of the size: the mean of the inner 2×2 of each 4×4.</summary>
    BilinearQuarter,

    /// <summary>Bilinear to twice the size: weights ¼ and ¾, edges repeated.</summary>
    BilinearDouble,
}

/// <summary>The filter of a <see cref="ResampleKind"/> along one axis.</summary>
/// <param name="Numerator">Output samples for each <paramref name="Denominator"/> input samples.</param>
/// <param name="Denominator">See <paramref name="Numerator"/>.</param>
/// <param name="Taps">For each output phase, offsets from the group's first input sample, with their weights.</param>
public sealed record ResampleFilter(int Numerator, int Denominator, (int Offset, double Weight)[][] Taps)
{
    /// <summary>The filter of a kind.</summary>
    public static ResampleFilter Of(ResampleKind kind) => kind switch
    {
        ResampleKind.NearestHalf => new(1, 2, [[(0, 1.0)]]),
        ResampleKind.BilinearHalf => new(1, 2, [[(0, 0.5), (1, 0.5)]]),
        ResampleKind.BilinearQuarter => new(1, 4, [[(1, 0.5), (2, 0.5)]]),
        _ => new(2, 1, [[(-1, 0.25), (0, 0.75)], [(0, 0.75), (1, 0.25)]]),
    };

    /// <summary>Extent of the result; null where the ratio does not divide it.</summary>
    public Extent? Output(Extent input)
    {
        if (Denominator != 1)
            return input.DividedBy(Denominator);
        return input.Times(Numerator);
    }

    /// <summary>The input samples, clamped to the edge, and weights of output <paramref name="index"/>.</summary>
    public IEnumerable<(int Index, double Weight)> At(int index, int inputExtent)
    {
        int first = index / Numerator * Denominator;
        foreach ((int offset, double weight) in Taps[index % Numerator])
            yield return (Math.Min(Math.Max(first + offset, 0), inputExtent - 1), weight);
    }
}

/// <summary>Resampling, or its adjoint, which spreads each sample over those it was made of: <c>resample BilinearDouble (%1)</c>.</summary>
/// <param name="Kind">Ratio and filter.</param>
/// <param name="Adjoint">Is the adjoint.</param>
/// <param name="Height">Height of the adjoint's result; ignored otherwise.</param>
/// <param name="Width">Width of the adjoint's result; ignored otherwise.</param>
public sealed record ResampleOp(ResampleKind Kind, bool Adjoint, Extent Height, Extent Width) : Op
{
    /// <summary>A forward resampling.</summary>
    public static ResampleOp Forward(ResampleKind kind) => new(kind, false, 1, 1);

    /// <inheritdoc/>
    public override string Name => Adjoint ? "resample-adjoint" : "resample";

    /// <inheritdoc/>
    public override string Signature => $"{Name} {Kind}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 1);
        Shape x = inputs[0];
        ResampleFilter filter = ResampleFilter.Of(Kind);
        if (!Adjoint)
        {
            if (filter.Output(x.H) is not { } height || filter.Output(x.W) is not { } width)
            {
                throw new GraphException(filter.Denominator == 1
                    ? $"resample {Kind}: {x} would grow beyond the picture's own size, for which the IR has no extent."
                    : $"resample {Kind}: the size of {x} is no multiple of {Text.Of(filter.Denominator)}.");
            }
            return x with { H = height, W = width };
        }
        if (filter.Output(Height) != x.H || filter.Output(Width) != x.W)
            throw new GraphException($"resample-adjoint {Kind}: {x} is not what {Height}×{Width} is resampled to.");
        return x with { H = Height, W = Width };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g) =>
        [g.Emit(Adjoint ? Forward(Kind) : new ResampleOp(Kind, true, g.Inputs[0].Shape.H, g.Inputs[0].Shape.W), g.Upstream)];

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], result = context.NewResult();
        ResampleFilter filter = ResampleFilter.Of(Kind);
        (ReferenceTensor large, ReferenceTensor small) = Adjoint ? (result, x) : (x, result);
        small.ForEach((i, n, c, h, w) =>
        {
            foreach ((int y, double wy) in filter.At(h, large.Extents[2]))
            {
                foreach ((int z, double wz) in filter.At(w, large.Extents[3]))
                {
                    if (Adjoint)
                        result[n, c, y, z] += wy * wz * x.Data[i];
                    else
                        result.Data[i] += wy * wz * x[n, c, y, z];
                }
            }
        });
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run)
    {
        int taps = ResampleFilter.Of(Kind).Taps[0].Length;
        return OpCost.PerElement(Adjoint ? inputs[0] : result, run, 2 * taps * taps);
    }
}

/// <summary>
/// Half of a discrete Fourier transform along one axis of length L: y[k] = Σₙ x[n]·cos(2πkn/L), or with sin. Unnormalised.
/// Both matrices are symmetric, so that each is its own adjoint: <c>trig cos axis=W (%1)</c>.
/// </summary>
/// <param name="AlongHeight">Along H; else along W.</param>
/// <param name="Sine">With sin; else with cos.</param>
public sealed record TrigTransformOp(bool AlongHeight, bool Sine) : Op
{
    /// <inheritdoc/>
    public override string Name => "trig";

    /// <inheritdoc/>
    public override string Signature => $"trig {(Sine ? "sin" : "cos")} axis={(AlongHeight ? "H" : "W")}";

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Expect(inputs, 1);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Node?> Gradient(GradientContext g) => [g.Emit(this, g.Upstream)];

    /// <inheritdoc/>
    public override ReferenceTensor Evaluate(EvaluationContext context)
    {
        ReferenceTensor x = context.Inputs[0], result = context.NewResult();
        int length = x.Extents[AlongHeight ? 2 : 3];
        var table = new double[length];
        for (int i = 0; i < length; i++)
            table[i] = Sine ? Math.Sin(2 * Math.PI * i / length) : Math.Cos(2 * Math.PI * i / length);
        result.ForEach((i, n, c, h, w) =>
        {
            double sum = 0;
            for (int s = 0; s < length; s++)
                sum += AlongHeight ? x[n, c, s, w] * table[(long)s * h % length] : x[n, c, h, s] * table[(long)s * w % length];
            result.Data[i] = sum;
        });
        return result;
    }

    /// <inheritdoc/>
    public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) =>
        OpCost.OfMacs(result.Elements(run) * (AlongHeight ? result.H : result.W).At(run));
}
