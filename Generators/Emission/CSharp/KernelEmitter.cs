using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.CSharp;

/// <summary>A kernel as C# text.</summary>
/// <param name="Name">Class name; equal for equal code.</param>
/// <param name="Code">Code without its header.</param>
/// <param name="Header">Comment: what it computes, where it comes from, what it costs.</param>
internal sealed record EmittedKernel(string Name, string Code, string Header);

/// <summary>Emits the kernel of a step: a static class with the body and an entry that hands it to a template of Runtime.</summary>
internal static class KernelEmitter
{
    /// <summary>The kernel of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="numbers">Numbers of nodes, as in the plan's IR text.</param>
    public static EmittedKernel Emit(PlannedStep step, IReadOnlyDictionary<Node, int> numbers)
    {
        var code = new CodeWriter();
        string stem;
        if (step.Work is KernelWork kernel)
        {
            stem = Stem(kernel, step);
            EmitKernel(code, kernel, step);
        }
        else
        {
            var pack = (PackWork)step.Work;
            stem = $"{(pack.Algorithm == ConvolutionAlgorithm.Winograd ? "Winograd" : "")}{(pack.Transposed ? "PackTransposed" : "Pack")}{Dimensions(pack.Weight)}";
            EmitPack(code, pack);
        }
        string text = code.ToString();
        return new EmittedKernel($"{stem}_{Hash(text)}", text, HeaderEmitter.Describe(step, numbers));
    }

    private static void EmitKernel(CodeWriter code, KernelWork kernel, PlannedStep step)
    {
        if (kernel.Group.TakesBody)
        {
            new BodyEmitter(code, kernel.Body, kernel.Domain).Emit();
            code.Line();
        }
        code.Line("public static void Run(in KernelArguments a, in WorkSlice s)").Open();
        if (kernel.Group.TakesBody)
            code.Line("var body = new Body(in a, in s);");
        code.Line(Call(kernel, step));
        code.Close();
    }

    private static string Call(KernelWork kernel, PlannedStep step)
    {
        const string first = "a.Buffers[0], a.Pitches[0]", body = "ref body, in a, in s";
        Node? anchor = kernel.Group.Anchor;
        switch (kernel.Group.Kind)
        {
            case KernelKind.Convolution when kernel.Algorithm == ConvolutionAlgorithm.Winograd:
                return $"WinogradConvolution.Run({Geometry(anchor!)}, {first}, a.Buffers[1], {body});";
            case KernelKind.TransposedConvolution when kernel.Algorithm == ConvolutionAlgorithm.Winograd:
                string transposed = IsDoubling(((TransposedConvolutionOp)anchor!.Op).Settings) ? "WinogradUpsampling.Run" : "WinogradConvolution.RunTransposed";
                return $"{transposed}({Geometry(anchor)}, {first}, a.Buffers[1], {body});";
            case KernelKind.Convolution:
                return $"DenseConvolution.Run({Geometry(anchor!)}, {first}, a.Buffers[1], {body});";
            case KernelKind.TransposedConvolution:
                return $"DenseConvolutionTransposed.Run({Geometry(anchor!)}, {first}, a.Buffers[1], {body});";
            case KernelKind.DepthwiseConvolution:
                return $"DepthwiseConvolution.Run({Geometry(anchor!)}, {first}, a.Buffers[1], {body});";
            case KernelKind.DepthwiseTransposed:
                return $"DepthwiseConvolutionTransposed.Run({Geometry(anchor!)}, {first}, a.Buffers[1], {body});";
            case KernelKind.WeightGradient:
            case KernelKind.DepthwiseWeightGradient:
                string type = kernel.Group.Kind == KernelKind.DepthwiseWeightGradient ? "DepthwiseWeightGradient"
                    : kernel.Algorithm == ConvolutionAlgorithm.Winograd ? "WinogradWeightGradient" : "ConvolutionWeightGradient";
                return $"{type}.Run({Geometry(anchor!)}, {first}, a.Buffers[1], a.Pitches[1], a.Buffers[2], a.Images, a.Height, a.Width, in a, in s);";
            case KernelKind.Trig:
                var trig = (TrigTransformOp)anchor!.Op;
                return $"TrigTransform.Run(alongHeight: {Bool(trig.AlongHeight)}, sine: {Bool(trig.Sine)}, {first}, {body});";
            case KernelKind.Resample:
                var resample = (ResampleOp)anchor!.Op;
                return $"var source = new ResampleSource(ResampleKind.{resample.Kind}, adjoint: {Bool(resample.Adjoint)}, {first}, in a, in s); PixelLoop.Run(ref source, {body});";
            default:
                return IsFlat(kernel, step)
                    ? $"FlatLoop.Run({body});"
                    : $"var source = new NoSource(); PixelLoop.Run(ref source, {body});";
        }
    }

    /// <summary>
    /// Every operand is dense over the whole domain or a single number, and so is every result: the domain can be walked as
    /// one line of elements.
    /// </summary>
    public static bool IsFlat(KernelWork kernel, PlannedStep step)
    {
        if (kernel.Group.Kind != KernelKind.Map || kernel.Body.Reductions.Any(r => !r.Access.IsScalar))
            return false;
        IEnumerable<int> full = kernel.Body.Stores.Select(s => s.Operand)
            .Concat(kernel.Body.Values.OfType<LoadValue>().Where(l => l.Access.IsFull).Select(l => l.Operand));
        return kernel.Body.Values.OfType<LoadValue>().All(l => l.Access.IsFull || l.Access.IsScalar) &&
            full.All(i => step.Operands[i].Buffer.Shape.C == kernel.Domain.C);
    }

    private static void EmitPack(CodeWriter code, PackWork pack)
    {
        Shape w = pack.Weight;
        string geometry = Geometry(w, pack.Settings);
        bool winograd = pack.Algorithm == ConvolutionAlgorithm.Winograd;
        string method = winograd && IsDoubling(pack.Settings) ? "WinogradUpsampling.Pack"
            : (winograd ? "WinogradPacking." : "WeightPacking.") + (pack.Transposed ? "PackTransposed" : "PackForward");
        code.Line("public static void Run(in KernelArguments a, in WorkSlice s)").Open()
            .Line($"{method}({geometry}, a.Buffers[0], a.Buffers[1], {(winograd ? "in a, " : "")}in s);")
            .Close();
    }

    // Of the convolutions that Winograd's algorithm is scheduled for, only those that double a picture have a stride.
    private static bool IsDoubling(ConvolutionSettings settings) => settings.Stride == 2;

    private static string Geometry(Node anchor) => anchor.Op switch
    {
        ConvolutionOp c => Geometry(anchor.Inputs[1].Shape, c.Settings),
        TransposedConvolutionOp t => Geometry(anchor.Inputs[1].Shape, t.Settings),
        ConvolutionWeightGradientOp g => Geometry(anchor.Shape, g.Settings),
        _ => throw new InvalidOperationException(anchor.ToString()),
    };

    private static string Geometry(Shape w, ConvolutionSettings settings) =>
        $"new ConvolutionGeometry({Text.Of(w.C)}, {w.N}, {w.H}, {w.W}, {Text.Of(settings.Stride)}, {Text.Of(settings.Padding)}, {Text.Of(settings.Dilation)})";

    private static string Bool(bool value) => value ? "true" : "false";

    private static string Dimensions(Shape w) => $"{w.N}x{Text.Of(w.C)}x{w.H}x{w.W}";

    private static string Stem(KernelWork kernel, PlannedStep step)
    {
        Node? anchor = kernel.Group.Anchor;
        Shape? weight = anchor?.Op switch
        {
            ConvolutionOp or TransposedConvolutionOp => anchor.Inputs[1].Shape,
            ConvolutionWeightGradientOp => anchor.Shape,
            _ => null,
        };
        string dimensions = weight is null ? $"{Text.Of(kernel.Domain.C)}" : Dimensions(weight);
        bool reduces = kernel.Body.Reductions.Count > 0;
        string kind = kernel.Group.Kind == KernelKind.Map && reduces ? (kernel.Body.Stores.Count > 0 ? "MapReduce" : "Reduce") : kernel.Group.Kind.ToString();
        bool gelu = kernel.Body.Values.Any(v => v is UnaryValue { Kind: UnaryKind.Erf });
        return (kernel.Algorithm == ConvolutionAlgorithm.Winograd ? "Winograd" : "") + kind + dimensions + (gelu ? "Gelu" : "") + (IsFlat(kernel, step) ? "Flat" : "");
    }

    // FNV-1a, 32 bits: names need to be stable and short; the collector checks that equal names have equal code.
    private static string Hash(string text)
    {
        uint hash = 2166136261;
        foreach (char c in text)
            hash = unchecked((hash ^ c) * 16777619);
        return hash.ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
    }
}
