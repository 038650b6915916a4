using System.Globalization;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Model;

/// <summary>Translates the nodes of an inference graph into ONNX's, one for one where there is a counterpart.</summary>
internal sealed class OnnxTranslation
{
    private readonly string _network;
    private readonly NetworkGraph _graph;
    private readonly OnnxGraphWriter _onnx;
    private readonly Dictionary<Node, string> _names = [];
    private readonly Dictionary<Shape, string> _extents = [];
    // Convolutions whose bias is added by the node that is their only user: ONNX has both in one.
    private readonly Dictionary<Node, (Node Convolution, ParameterOp Bias)> _biased = [];
    private readonly Dictionary<Node, Node> _gelus = [];
    private string? _inputExtents;

    public OnnxTranslation(string network, NetworkGraph graph, OnnxGraphWriter onnx)
    {
        (_network, _graph, _onnx) = (network, graph, onnx);
        FindBiases();
        FindGelus();
    }

    /// <summary>Translates all nodes and names the outputs.</summary>
    public void Run()
    {
        HashSet<Node> needed = [.. _graph.Roots];
        foreach (Node node in _graph.Nodes.Reverse().Where(needed.Contains))
            needed.UnionWith(Operands(node));
        foreach (Node node in _graph.Nodes.Where(needed.Contains))
            _names.Add(node, Translate(node));
        foreach (GraphOutput output in _graph.Outputs)
            _onnx.AddNamed("Identity", [_names[output.Value]], output.Name);
    }

    /// <summary>Extents as in weight files, where a vector has one.</summary>
    public static int[] CheckpointShape(ParameterOp parameter) =>
        [.. parameter.CheckpointShape.Split('x').Select(e => int.Parse(e, NumberStyles.None, CultureInfo.InvariantCulture))];

    /// <summary>The name of a parameter: its own, unless an input or output has it, or a value might.</summary>
    public static string NameOf(ParameterOp parameter, NetworkGraph graph)
    {
        string name = parameter.ParameterName;
        bool taken = name.StartsWith(OnnxGraphWriter.ValuePrefix) || graph.Outputs.Any(o => o.Name == name) ||
            graph.Nodes.Any(n => n.Op is InputOp input && input.InputName == name);
        return taken ? "parameters/" + name : name;
    }

    private void FindBiases()
    {
        ILookup<Node, Node> users = _graph.Nodes.SelectMany(n => n.Inputs.Select(i => (Input: i, User: n))).ToLookup(p => p.Input, p => p.User);
        HashSet<Node> roots = [.. _graph.Roots];
        foreach (Node node in _graph.Nodes.Where(n => n.Op is BinaryOp { Kind: BinaryKind.Add }))
        {
            foreach ((Node convolution, Node bias) in ((Node, Node)[])[(node.Inputs[0], node.Inputs[1]), (node.Inputs[1], node.Inputs[0])])
            {
                if (convolution.Op is not (ConvolutionOp or TransposedConvolutionOp) || users[convolution].Count() != 1 || roots.Contains(convolution))
                    continue;
                if (bias.Op is ParameterOp parameter && CheckpointShape(parameter).Length == 1 && parameter.Shape.C == convolution.Shape.C)
                {
                    _biased.Add(node, (convolution, parameter));
                    break;
                }
            }
        }
    }

    // x · (½ + ½ · erf(x · √½)), as Layers has it: one op, for which runtimes have a kernel of its own.
    private void FindGelus()
    {
        foreach (Node node in _graph.Nodes)
        {
            foreach ((Node x, Node weight) in Orders(node, BinaryKind.Multiply))
            {
                if (Beside(weight, BinaryKind.Add, 0.5) is { } half && Beside(half, BinaryKind.Multiply, 0.5) is { Op: UnaryOp { Kind: UnaryKind.Erf } } erf &&
                    Beside(erf.Inputs[0], BinaryKind.Multiply, Math.Sqrt(0.5)) == x)
                {
                    _gelus[node] = x;
                }
            }
        }
    }

    // The operand of a node of that kind whose other operand is that number.
    private static Node? Beside(Node node, BinaryKind kind, double number) =>
        Orders(node, kind).FirstOrDefault(o => o.Item2.Op is FillOp fill && Math.Abs(fill.Value - number) < 1e-12).Item1;

    private static (Node, Node)[] Orders(Node node, BinaryKind kind) =>
        node.Op is BinaryOp binary && binary.Kind == kind ? [(node.Inputs[0], node.Inputs[1]), (node.Inputs[1], node.Inputs[0])] : [];

    // What the translation of a node reads.
    private IReadOnlyList<Node> Operands(Node node) =>
        _gelus.TryGetValue(node, out Node? x) ? [x] :
        _biased.TryGetValue(node, out (Node Convolution, ParameterOp Bias) biased) ? biased.Convolution.Inputs : node.Inputs;

    private string Translate(Node node) => node.Op switch
    {
        InputOp input => input.InputName,
        ParameterOp parameter => Parameter(parameter),
        FillOp fill => Fill(fill),
        SizeOp size => Size(size.Of),
        UnaryOp unary => _onnx.Add(NameOf(unary.Kind), [_names[node.Inputs[0]]]),
        BinaryOp when _gelus.TryGetValue(node, out Node? x) => _onnx.Add("Gelu", [_names[x]]),
        BinaryOp when _biased.TryGetValue(node, out (Node Convolution, ParameterOp Bias) biased) =>
            Convolution(biased.Convolution, NameOf(biased.Bias, _graph)),
        BinaryOp binary => Binary(binary.Kind, node),
        BroadcastOp => _onnx.Add("Expand", [_names[node.Inputs[0]], Extents(node.Shape)]),
        ConvolutionOp or TransposedConvolutionOp => Convolution(node, bias: null),
        ReduceOp reduce => Reduce(reduce, node),
        SliceOp slice => _onnx.Add(
            "Slice", [_names[node.Inputs[0]], _onnx.Integers(slice.Start), _onnx.Integers(slice.Start + slice.Count), _onnx.Integers(1)]),
        ConcatOp => _onnx.Add("Concat", [.. node.Inputs.Select(i => _names[i])], ("axis", 1)),
        ResampleOp { Adjoint: false } resample => Resample(resample.Kind, _names[node.Inputs[0]]),
        _ => throw new OnnxExportException(
            $"The network {_network} can't be exported to ONNX: the op '{node.Op.Signature}' of a tensor {node.Shape} has no counterpart there. " +
            "All ops of inference but the Fourier transforms have; compute this one outside of the network."),
    };

    private string Parameter(ParameterOp parameter)
    {
        string name = NameOf(parameter, _graph);
        if (CheckpointShape(parameter).Length == 4)
            return name;
        Shape shape = parameter.Shape;
        return _onnx.Add("Reshape", [name, _onnx.Integers(shape.N.Value, shape.C, shape.H.Value, shape.W.Value)]);
    }

    private string Fill(FillOp fill)
    {
        // A number without extents keeps kernels for one operand that is a number.
        bool inArithmetic = fill.Shape.IsScalar && _graph.Nodes.All(n => n.Op is BinaryOp || n.Inputs.All(i => i.Op != fill)) && _graph.Roots.All(r => r.Op != fill);
        string number = _onnx.Floats(inArithmetic ? [] : [1, 1, 1, 1], [(float)fill.Value]);
        return fill.Shape.IsScalar ? number : _onnx.Add("Expand", [number, Extents(fill.Shape)]);
    }

    private string Size(Shape of)
    {
        string count = _onnx.Add("ReduceProd", [Extents(of)], ("keepdims", 1));
        return _onnx.Add("Reshape", [_onnx.Add("Cast", [count], ("to", 1)), _onnx.Integers(1, 1, 1, 1)]);
    }

    // The four extents, those of symbols taken from an input at run time.
    private string Extents(Shape shape)
    {
        if (_extents.TryGetValue(shape, out string? known))
            return known;
        if (shape.IsConstant)
            return _extents[shape] = _onnx.Integers(shape.N.Value, shape.C, shape.H.Value, shape.W.Value);
        return _extents[shape] = _onnx.Add("Concat", [.. Enumerable.Range(0, 4).Select(axis => Extent(shape[axis]))], ("axis", 0));
    }

    private string Extent(Extent extent)
    {
        if (extent.IsConstant)
            return _onnx.Integers(extent.Value);
        int axis = extent.Symbol switch { Symbol.N => 0, Symbol.H => 2, _ => 3 };
        string whole = _onnx.Add("Gather", [_inputExtents ??= InputExtents(), _onnx.Integers(axis)], ("axis", 0));
        return extent.Value == 1 ? whole : _onnx.Add("Div", [whole, _onnx.Integers(extent.Value)]);
    }

    private string InputExtents()
    {
        InputOp image = _graph.Nodes.Select(n => n.Op).OfType<InputOp>().FirstOrDefault(i => i.Shape == PictureShape(i.Shape.C))
            ?? throw new OnnxExportException($"The network {_network} can't be exported to ONNX: it has extents of pictures, but no input that is a picture.");
        return _onnx.Add("Shape", [image.InputName]);
    }

    private static Shape PictureShape(int channels) => new(new Extent(Symbol.N, 1), channels, new Extent(Symbol.H, 1), new Extent(Symbol.W, 1));

    private string Binary(BinaryKind kind, Node node)
    {
        string[] inputs = [_names[node.Inputs[0]], _names[node.Inputs[1]]];
        string type = kind switch
        {
            BinaryKind.Add => "Add",
            BinaryKind.Subtract => "Sub",
            BinaryKind.Multiply => "Mul",
            BinaryKind.Divide => "Div",
            BinaryKind.Maximum => "Max",
            BinaryKind.Minimum => "Min",
            _ => kind.ToString(),
        };
        string result = _onnx.Add(type, inputs);
        return kind is BinaryKind.Equal or BinaryKind.Greater ? _onnx.Add("Cast", [result], ("to", 1)) : result;
    }

    private static string NameOf(UnaryKind kind) => kind == UnaryKind.Negate ? "Neg" : kind.ToString();

    private string Reduce(ReduceOp reduce, Node node)
    {
        string input = _names[node.Inputs[0]];
        long[] axes = [.. Enumerable.Range(0, 4).Where(axis => reduce.Over.HasFlag((Axes)(1 << axis))).Select(axis => (long)axis)];
        return _onnx.Add(reduce.Kind == ReduceKind.Max ? "ReduceMax" : "ReduceSum", [input, _onnx.Integers(axes)], ("keepdims", 1));
    }

    private string Convolution(Node node, string? bias)
    {
        Node weight = node.Inputs[1];
        bool transposed = node.Op is TransposedConvolutionOp;
        ConvolutionSettings settings = node.Op is ConvolutionOp forward ? forward.Settings : ((TransposedConvolutionOp)node.Op).Settings;
        string[] inputs = [_names[node.Inputs[0]], _names[weight], .. bias is null ? (string[])[] : [bias]];
        int pad = settings.Padding;
        (string, object)[] attributes =
        [
            ("kernel_shape", (int[])[weight.Shape.H.Value, weight.Shape.W.Value]),
            ("strides", (int[])[settings.Stride, settings.Stride]),
            ("pads", (int[])[pad, pad, pad, pad]),
            ("dilations", (int[])[settings.Dilation, settings.Dilation]),
            ("group", settings.Depthwise ? weight.Shape.N.Value : 1),
        ];
        if (!transposed)
            return _onnx.Add("Conv", inputs, attributes);
        Shape small = node.Inputs[0].Shape, large = node.Shape;
        int[] extra = [Extra(settings, small.H, large.H, weight.Shape.H.Value), Extra(settings, small.W, large.W, weight.Shape.W.Value)];
        return _onnx.Add("ConvTranspose", inputs, [.. attributes, ("output_padding", extra)]);
    }

    // Rows or columns beyond (small − 1)·stride − 2·padding + reach + 1, the least that the convolution takes to the small extent.
    private static int Extra(ConvolutionSettings settings, Extent small, Extent large, int kernel)
    {
        int beyond = 2 * settings.Padding - settings.Dilation * (kernel - 1) - 1;
        return small.IsConstant ? large.Value - (small.Value - 1) * settings.Stride + beyond : settings.Stride + beyond;
    }

    private string Resample(ResampleKind kind, string input) => kind switch
    {
        ResampleKind.NearestHalf => Pixels(input, first: 0, step: 2),
        ResampleKind.BilinearHalf => Mean(input, stride: 2),
        ResampleKind.BilinearQuarter => Mean(Pixels(input, first: 1, step: 1), stride: 4),
        _ => _onnx.Add(
            "Resize", [input, "", _onnx.Floats([4], [1, 1, 2, 2])], ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel")),
    };

    private string Pixels(string input, int first, int step) => _onnx.Add(
        "Slice", [input, _onnx.Integers(first, first), _onnx.Integers(int.MaxValue, int.MaxValue), _onnx.Integers(2, 3), _onnx.Integers(step, step)]);

    private string Mean(string input, int stride) =>
        _onnx.Add("AveragePool", [input], ("kernel_shape", (int[])[2, 2]), ("strides", (int[])[stride, stride]));
}
