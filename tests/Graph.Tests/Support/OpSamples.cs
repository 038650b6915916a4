using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Tests.Support;

/// <summary>An op with operands that fit it.</summary>
/// <param name="Name">Name of the test case.</param>
/// <param name="Op">The op.</param>
/// <param name="Shapes">Shapes of the operands, all constant.</param>
public sealed record OpSample(string Name, Op Op, params Shape[] Shapes)
{
    /// <summary>Only reads from outside or moves data: costs nothing.</summary>
    public bool IsFree => Op is LeafOp or SliceOp or ConcatOp or PackOp or UnpackOp or BroadcastOp;
}

/// <summary>At least one sample of every op, each kind of it, and each way in which its operands can broadcast or stride.</summary>
public static class OpSamples
{
    private static readonly Shape Picture = new(2, 3, 4, 5), Even = new(2, 3, 4, 8);

    /// <summary>All samples.</summary>
    public static IReadOnlyList<OpSample> All { get; } = [.. Leaves(), .. Elementwise(), .. Movements(), .. Convolutions(), .. Transforms()];

    /// <summary>The sample of that name.</summary>
    public static OpSample Find(string name) => All.Single(s => s.Name == name);

    private static IEnumerable<OpSample> Leaves() =>
    [
        new("input", new InputOp("x", Picture)),
        new("parameter", new ParameterOp("p", "3", 0, Shape.Flat(3), Initializer.Constant(0))),
        new("state", new StateOp("s", Picture, 0.25)),
        new("fill", new FillOp(0.5, Picture)),
        new("size", new SizeOp(Picture)),
    ];

    private static IEnumerable<OpSample> Elementwise()
    {
        foreach (UnaryKind kind in Enum.GetValues<UnaryKind>())
            yield return new OpSample($"{kind}", new UnaryOp(kind), Picture);
        foreach (BinaryKind kind in Enum.GetValues<BinaryKind>())
        {
            yield return new OpSample($"{kind}", new BinaryOp(kind), Picture, Picture);
            yield return new OpSample($"{kind} with a vector", new BinaryOp(kind), Picture, Shape.Flat(3));
            yield return new OpSample($"{kind} of a map and a vector", new BinaryOp(kind), new Shape(2, 1, 4, 5), Shape.Flat(3));
            yield return new OpSample($"{kind} of a number", new BinaryOp(kind), Shape.Scalar, Picture);
        }
        yield return new OpSample("broadcast a number", new BroadcastOp(Picture), Shape.Scalar);
        yield return new OpSample("broadcast a map", new BroadcastOp(Picture), new Shape(1, 1, 4, 5));
        foreach (ReduceKind kind in Enum.GetValues<ReduceKind>())
        {
            foreach (Axes axes in (Axes[])[Axes.N, Axes.C, Axes.H, Axes.W, Axes.Spatial, Axes.All])
                yield return new OpSample($"{kind} over {axes}", new ReduceOp(kind, axes), Picture);
        }
    }

    private static IEnumerable<OpSample> Movements() =>
    [
        new("slice first", new SliceOp(0, 1), Picture),
        new("slice middle", new SliceOp(1, 1), Picture),
        new("slice last", new SliceOp(2, 1), Picture),
        new("slice all", new SliceOp(0, 3), Picture),
        new("concat", new ConcatOp(), Picture, Picture with { C = 1 }, Picture with { C = 2 }),
        new("pack", new PackOp(), Shape.Flat(3), new Shape(2, 3, 2, 1)),
        new("unpack first", new UnpackOp(0, new Shape(2, 3, 2, 1)), Shape.Flat(20)),
        new("unpack middle", new UnpackOp(3, new Shape(2, 3, 2, 1)), Shape.Flat(20)),
        new("unpack last", new UnpackOp(8, new Shape(2, 3, 2, 1)), Shape.Flat(20)),
    ];

    private static IEnumerable<OpSample> Convolutions()
    {
        (string Name, ConvolutionSettings Settings, int Kernel)[] cases =
        [
            ("1x1", new(1, 0, 1, false), 1), ("3x3", new(1, 1, 1, false), 3), ("3x3 without padding", new(1, 0, 1, false), 3),
            ("3x3 stride 2", new(2, 1, 1, false), 3), ("4x4 stride 2", new(2, 1, 1, false), 4), ("3x3 stride 3", new(3, 2, 1, false), 3),
            ("3x3 dilation 2", new(1, 2, 2, false), 3), ("depthwise 3x3", new(1, 1, 1, true), 3),
            ("depthwise 2x2 stride 2", new(2, 0, 1, true), 2), ("depthwise 3x3 dilation 3", new(1, 3, 3, true), 3),
        ];
        foreach ((string name, ConvolutionSettings settings, int kernel) in cases)
        {
            foreach ((int height, int width) in ((int, int)[])[(4, 6), (5, 7)])
            {
                var x = new Shape(2, 2, height, width);
                var w = new Shape(settings.Depthwise ? 2 : 3, settings.Depthwise ? 1 : 2, kernel, kernel);
                Shape y = new ConvolutionOp(settings).Infer([x, w]);
                string label = $"{name} on {height}x{width}";
                yield return new OpSample($"conv {label}", new ConvolutionOp(settings), x, w);
                yield return new OpSample($"conv-transposed {label}", new TransposedConvolutionOp(settings, height, width), y, w);
                yield return new OpSample($"conv-weight-gradient {label}", new ConvolutionWeightGradientOp(settings, kernel, kernel), x, y);
            }
        }
    }

    private static IEnumerable<OpSample> Transforms()
    {
        foreach (ResampleKind kind in Enum.GetValues<ResampleKind>())
        {
            ResampleOp forward = ResampleOp.Forward(kind);
            yield return new OpSample($"{kind}", forward, Even);
            yield return new OpSample($"{kind} adjoint", new ResampleOp(kind, true, Even.H, Even.W), forward.Infer([Even]));
        }
        foreach (bool alongHeight in (bool[])[false, true])
        {
            foreach (bool sine in (bool[])[false, true])
            {
                yield return new OpSample($"trig {(sine ? "sin" : "cos")} {(alongHeight ? "H" : "W")}", new TrigTransformOp(alongHeight, sine), Picture);
            }
        }
    }
}
