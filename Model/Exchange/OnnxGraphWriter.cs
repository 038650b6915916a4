using System.Globalization;
using FocalNet.Graph.Ir;

namespace FocalNet.Model;

/// <summary>
/// Collects the nodes and constants of an ONNX graph and writes the model: field numbers are those of
/// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
/// </summary>
internal sealed class OnnxGraphWriter
{
    /// <summary>The first that has GELU.</summary>
    private const int OperatorSet = 20, FormatVersion = 9;
    private const int FloatType = 1, Int64Type = 7;
    private const int IntegerAttribute = 2, TextAttribute = 3, IntegersAttribute = 7;

    /// <summary>What the names of values begin with that have none in the network.</summary>
    public const char ValuePrefix = '%';

    private readonly List<ProtobufWriter> _nodes = [], _constants = [];
    private readonly Dictionary<string, string> _integers = [];
    private int _values;

    /// <summary>Adds a node and gives the name of its result.</summary>
    public string Add(string type, IReadOnlyList<string> inputs, params (string Name, object Value)[] attributes)
    {
        string result = NewName();
        AddNamed(type, inputs, result, attributes);
        return result;
    }

    /// <summary>Adds a node whose result has a name given.</summary>
    public void AddNamed(string type, IReadOnlyList<string> inputs, string result, params (string Name, object Value)[] attributes)
    {
        var node = new ProtobufWriter();
        foreach (string input in inputs)
            node.Text(1, input);
        node.Text(2, result);
        node.Text(3, string.Create(CultureInfo.InvariantCulture, $"{type}_{_nodes.Count}"));
        node.Text(4, type);
        foreach ((string name, object value) in attributes)
            node.Message(5, a => Attribute(a, name, value));
        _nodes.Add(node);
    }

    /// <summary>Adds a constant of floats.</summary>
    public string Floats(IReadOnlyList<int> shape, ReadOnlySpan<float> values, string? name = null)
    {
        ProtobufWriter tensor = Tensor(name ??= NewName(), FloatType, shape);
        tensor.Numbers(9, values);
        _constants.Add(tensor);
        return name;
    }

    /// <summary>A constant vector of integers; equal ones are one.</summary>
    public string Integers(params long[] values)
    {
        string key = string.Join(',', values.Select(v => v.ToString(CultureInfo.InvariantCulture)));
        if (_integers.TryGetValue(key, out string? name))
            return name;
        ProtobufWriter tensor = Tensor(name = NewName(), Int64Type, [values.Length]);
        tensor.Numbers<long>(9, values);
        _constants.Add(tensor);
        return _integers[key] = name;
    }

    /// <summary>The whole model.</summary>
    public ProtobufWriter Model(
        string name, string description, IEnumerable<(string Name, Shape Shape)> inputs, IEnumerable<(string Name, Shape Shape)> outputs,
        IEnumerable<(string Key, string Value)> metadata)
    {
        var graph = new ProtobufWriter();
        foreach (ProtobufWriter node in _nodes)
            graph.Message(1, node);
        graph.Text(2, name);
        foreach (ProtobufWriter constant in _constants)
            graph.Message(5, constant);
        foreach ((string input, Shape shape) in inputs)
            graph.Message(11, v => Value(v, input, shape));
        foreach ((string output, Shape shape) in outputs)
            graph.Message(12, v => Value(v, output, shape));

        var model = new ProtobufWriter();
        model.Integer(1, FormatVersion);
        model.Text(2, "FocalNet.Compiler");
        model.Text(6, description);
        model.Message(7, graph);
        model.Message(8, set => set.Integer(2, OperatorSet));
        foreach ((string key, string value) in metadata)
        {
            model.Message(14, entry =>
            {
                entry.Text(1, key);
                entry.Text(2, value);
            });
        }
        return model;
    }

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"{ValuePrefix}{_values++}");

    private static ProtobufWriter Tensor(string name, int type, IReadOnlyList<int> shape)
    {
        var tensor = new ProtobufWriter();
        foreach (int extent in shape)
            tensor.Integer(1, extent);
        tensor.Integer(2, type);
        tensor.Text(8, name);
        return tensor;
    }

    private static void Attribute(ProtobufWriter attribute, string name, object value)
    {
        attribute.Text(1, name);
        switch (value)
        {
            case int number:
                attribute.Integer(3, number);
                attribute.Integer(20, IntegerAttribute);
                break;
            case string text:
                attribute.Text(4, text);
                attribute.Integer(20, TextAttribute);
                break;
            case int[] numbers:
                foreach (int number in numbers)
                    attribute.Integer(8, number);
                attribute.Integer(20, IntegersAttribute);
                break;
            default:
                throw new ArgumentException($"The attribute '{name}' has a value of type {value.GetType().Name}, which is not written.", nameof(value));
        }
    }

    private static void Value(ProtobufWriter value, string name, Shape shape)
    {
        value.Text(1, name);
        value.Message(2, type => type.Message(1, tensor =>
        {
            tensor.Integer(1, FloatType);
            tensor.Message(2, extents =>
            {
                for (int axis = 0; axis < 4; axis++)
                {
                    Extent extent = shape[axis];
                    extents.Message(1, dimension =>
                    {
                        if (extent.IsConstant)
                            dimension.Integer(1, extent.Value);
                        else
                            dimension.Text(2, extent.ToString());
                    });
                }
            });
        }));
    }
}
