using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Reference;

/// <summary>
/// Runs a graph in float64, node by node: the living definition of what a graph means, and the oracle of all tests.
/// </summary>
public sealed class Interpreter : IReferenceValues
{
    private readonly NetworkGraph _graph;
    private readonly Dictionary<string, ReferenceTensor> _inputs = [];
    private readonly Dictionary<string, ReferenceTensor> _states = [];
    private readonly double[] _parameters;

    /// <summary>Creates an interpreter whose parameters are zero and whose states have their initial values.</summary>
    public Interpreter(NetworkGraph graph)
    {
        _graph = graph;
        _parameters = new double[graph.ParameterElements];
    }

    /// <summary>All parameters in one vector, each in the order of memory (NHWC) at its offset.</summary>
    public double[] FlatParameters => _parameters;

    /// <summary>Sets an input.</summary>
    public void SetInput(string name, ReferenceTensor value) => _inputs[name] = value;

    /// <summary>Sets a parameter from values in checkpoint order (OIHW).</summary>
    public void SetParameter(string name, IReadOnlyList<double> values)
    {
        ParameterOp parameter = _graph.Parameters.FirstOrDefault(p => p.ParameterName == name)
            ?? throw new GraphException($"The graph {_graph.Name} has no parameter '{name}'.");
        var tensor = new ReferenceTensor(parameter.Shape.At(default), [.. values]);
        tensor.ForEach((i, n, c, h, w) => _parameters[parameter.Offset + tensor.MemoryIndex(n, c, h, w)] = tensor.Data[i]);
    }

    /// <summary>The present value of a state.</summary>
    public ReferenceTensor State(string name) => State(_graph.Nodes.Select(n => n.Op).OfType<StateOp>().First(s => s.StateName == name));

    /// <summary>Runs once: evaluates every node, then carries out the assignments. Returns the outputs by name.</summary>
    public IReadOnlyDictionary<string, ReferenceTensor> Run(RunExtents run)
    {
        IReadOnlyDictionary<Node, ReferenceTensor> values = Evaluate(run);
        var outputs = _graph.Outputs.ToDictionary(o => o.Name, o => values[o.Value]);
        foreach (Assignment assignment in _graph.Assignments)
        {
            var state = (StateOp)assignment.State.Op;
            if (state.StateName == StateOp.Parameters)
                values[assignment.Value].Data.CopyTo(_parameters, 0);
            else
                _states[state.StateName] = values[assignment.Value];
        }
        return outputs;
    }

    /// <summary>Evaluates every node without carrying out assignments.</summary>
    public IReadOnlyDictionary<Node, ReferenceTensor> Evaluate(RunExtents run)
    {
        var values = new Dictionary<Node, ReferenceTensor>();
        foreach (Node node in _graph.Nodes)
        {
            ReferenceTensor value = node.Op.Evaluate(new EvaluationContext(node, [.. node.Inputs.Select(i => values[i])], run, this));
            if (!value.Extents.SequenceEqual(node.Shape.At(run)))
                throw new GraphException($"{node}: the value has the extents [{string.Join(",", value.Extents.Select(e => Text.Of(e)))}].");
            values.Add(node, value);
        }
        return values;
    }

    ReferenceTensor IReferenceValues.Input(string name) => _inputs.TryGetValue(name, out ReferenceTensor? value)
        ? value
        : throw new GraphException($"The input '{name}' of {_graph.Name} was not set.");

    ReferenceTensor IReferenceValues.Parameter(ParameterOp parameter)
    {
        var tensor = new ReferenceTensor(parameter.Shape.At(default));
        tensor.ForEach((i, n, c, h, w) => tensor.Data[i] = _parameters[parameter.Offset + tensor.MemoryIndex(n, c, h, w)]);
        return tensor;
    }

    ReferenceTensor IReferenceValues.State(StateOp state) => State(state);

    private ReferenceTensor State(StateOp state)
    {
        if (state.StateName == StateOp.Parameters)
            return new ReferenceTensor([1, _parameters.Length, 1, 1], (double[])_parameters.Clone());
        if (!_states.TryGetValue(state.StateName, out ReferenceTensor? value))
        {
            value = new ReferenceTensor(state.Shape.At(default));
            value.Fill(state.Initial);
            _states.Add(state.StateName, value);
        }
        return value;
    }
}
