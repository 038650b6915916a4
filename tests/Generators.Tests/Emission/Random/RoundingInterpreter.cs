using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;

namespace FocalNet.Generators.Tests.Emission.Random;

/// <summary>The interpreter, with the value of every node, and the terms of sums, off by rounding to float32: shows how a graph magnifies rounding.</summary>
internal sealed class RoundingInterpreter : IReferenceValues
{
    private readonly NetworkGraph _graph;
    private readonly Dictionary<string, ReferenceTensor> _states = [];
    private readonly System.Random _random;
    private double[] _parameters;

    public RoundingInterpreter(NetworkGraph graph, double[] parameters, int seed)
    {
        _graph = graph;
        _random = new System.Random(seed);
        _parameters = [.. parameters];
    }

    public Dictionary<string, ReferenceTensor> Inputs { get; } = [];

    /// <summary>Names of a graph's states but the parameters.</summary>
    public static IEnumerable<string> States(NetworkGraph graph) =>
        graph.Nodes.Select(n => n.Op).OfType<StateOp>().Select(s => s.StateName).Where(s => s != StateOp.Parameters).Distinct();

    public static double[] InMemoryOrder(ReferenceTensor tensor)
    {
        var result = new double[tensor.Data.Length];
        tensor.ForEach((i, n, c, h, w) => result[tensor.MemoryIndex(n, c, h, w)] = tensor.Data[i]);
        return result;
    }

    public Dictionary<string, double[]> Run(RunExtents run)
    {
        var values = new Dictionary<Node, ReferenceTensor>();
        foreach (Node node in _graph.Nodes)
        {
            bool sums = node.Op is ReduceOp { Kind: ReduceKind.Sum } or ConvolutionOp or TransposedConvolutionOp or ConvolutionWeightGradientOp or ResampleOp or TrigTransformOp;
            ReferenceTensor value = node.Op.Evaluate(new EvaluationContext(node, [.. node.Inputs.Select(i => sums ? Disturbed(values[i]) : values[i])], run, this));
            values.Add(node, new ReferenceTensor(value.Extents, [.. value.Data.Select(v => (double)(float)v)]));
        }
        var results = _graph.Outputs.ToDictionary(o => "output " + o.Name, o => values[o.Value].Data);
        foreach (Assignment assignment in _graph.Assignments)
        {
            if (assignment.State.Op is StateOp { StateName: StateOp.Parameters })
                _parameters = values[assignment.Value].Data;
            else
                _states[((StateOp)assignment.State.Op).StateName] = values[assignment.Value];
        }
        foreach (StateOp state in _graph.Nodes.Select(n => n.Op).OfType<StateOp>().Where(s => s.StateName != StateOp.Parameters))
            results["state " + state.StateName] = InMemoryOrder(State(state));
        results["state " + StateOp.Parameters] = [.. _parameters];
        return results;
    }

    // Sums lose digits of their terms, which rounding the result alone would not show.
    private ReferenceTensor Disturbed(ReferenceTensor x) =>
        new(x.Extents, [.. x.Data.Select(v => v * (1 + ((_random.Next(3) - 1) / (double)(1 << 24))))]);

    ReferenceTensor IReferenceValues.Input(string name) => Inputs[name];

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
            return new ReferenceTensor([1, _parameters.Length, 1, 1], [.. _parameters]);
        if (_states.TryGetValue(state.StateName, out ReferenceTensor? value))
            return value;
        value = new ReferenceTensor(state.Shape.At(default));
        value.Fill(state.Initial);
        return value;
    }
}
