using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;

namespace FocalNet.Generators.Tests.Emission.Random;

/// <summary>
/// What a declared graph gives for random values, run by run, by the float64 interpreter; and how far float32 may be from
/// it: twenty times as far as the same interpreter with rounding to float32, the worst of four draws.
/// </summary>
internal sealed class Oracle
{
    private readonly NetworkGraph _graph;
    private readonly RunExtents _extents;
    private readonly Dictionary<string, float[]> _parameters = [];
    private readonly List<Dictionary<string, float[]>> _inputs = [];
    private readonly List<Dictionary<string, Expectation>> _expected = [];

    public Oracle(NetworkGraph graph, RunSize size, int seed, int runs)
    {
        _graph = graph;
        Size = size;
        _extents = new RunExtents(size.Images, size.Height, size.Width);
        var random = new System.Random(seed);
        foreach (ParameterOp parameter in graph.Parameters)
            _parameters.Add(parameter.ParameterName, Values(random, parameter.Shape.ConstantElements));
        Interpreter exact = NewInterpreter(graph);
        RoundingInterpreter[] rounded = [.. Enumerable.Range(0, 4).Select(i => new RoundingInterpreter(graph, exact.FlatParameters, i))];
        for (int run = 0; run < runs; run++)
        {
            _inputs.Add(graph.Nodes.Select(n => n.Op).OfType<InputOp>().ToDictionary(i => i.InputName, i => Values(random, checked((int)i.Shape.Elements(_extents)))));
            SetInputs(exact, graph, run);
            foreach (Node node in graph.Nodes.Where(n => n.Op is InputOp))
                Array.ForEach(rounded, r => r.Inputs[((InputOp)node.Op).InputName] = Tensor(node.Shape, _inputs[run][((InputOp)node.Op).InputName]));
            Dictionary<string, double[]> values = Results(exact, graph);
            Dictionary<string, double[]>[] noisy = [.. rounded.Select(r => r.Run(_extents))];
            _expected.Add(values.ToDictionary(v => v.Key, v => new Expectation(v.Value, noisy.Max(n => Tolerance(v.Value, n[v.Key])))));
        }
    }

    public RunSize Size { get; }

    /// <summary>Runs that there are values for.</summary>
    public int Runs => _expected.Count;

    /// <summary>Values of a parameter, in the order of its shape.</summary>
    public float[] Parameter(string name) => _parameters[name];

    /// <summary>Inputs of a run by name.</summary>
    public IReadOnlyDictionary<string, float[]> Inputs(int run) => _inputs[run];

    /// <summary>Holds a result of a run, <c>output name</c> or <c>state name</c>, to what it is to be.</summary>
    public void Check(string what, int run, string name, float[] actual) => Compare(what, name, run, i => actual[i], _expected[run][name], 1);

    /// <summary>The simplified graph means the same, but for the order of additions.</summary>
    public void CheckSimplified(NetworkGraph simplified)
    {
        Interpreter interpreter = NewInterpreter(simplified);
        for (int run = 0; run < _expected.Count; run++)
        {
            SetInputs(interpreter, simplified, run);
            foreach (KeyValuePair<string, double[]> result in Results(interpreter, simplified))
                Compare("passes", result.Key, run, i => result.Value[i], _expected[run][result.Key], 1e-4);
        }
    }

    /// <summary>The plan gives the same on the CPU, its memory poisoned.</summary>
    public void CheckPlan(string what, ExecutionPlan plan, int threads)
    {
        using var pool = new WorkerPool(threads);
        using var executor = new CpuExecutor(plan, pool) { Poison = true };
        executor.Bind(Size);
        if (plan.Parameters.Length > 0)
            executor.LoadParameters([.. plan.Parameters.SelectMany(p => _parameters[p.Name])]);
        for (int run = 0; run < _expected.Count; run++)
        {
            foreach (BindingSpec input in plan.Inputs)
                executor.SetInput(input.Name, _inputs[run][input.Name]);
            executor.Run();
            foreach (BindingSpec output in plan.Outputs)
            {
                var actual = new float[output.Shape.Elements(Size)];
                executor.GetOutput(output.Name, actual);
                Compare(what, "output " + output.Name, run, i => actual[i], _expected[run]["output " + output.Name], 1);
            }
            foreach (StateSpec state in plan.States)
            {
                var actual = new float[state.Shape.Elements(Size)];
                executor.ReadState(state.Name, actual);
                Compare(what, "state " + state.Name, run, i => actual[i], _expected[run]["state " + state.Name], 1);
            }
        }
    }

    private Interpreter NewInterpreter(NetworkGraph graph)
    {
        var interpreter = new Interpreter(graph);
        foreach (KeyValuePair<string, float[]> parameter in _parameters)
            interpreter.SetParameter(parameter.Key, [.. parameter.Value.Select(v => (double)v)]);
        return interpreter;
    }

    private void SetInputs(Interpreter interpreter, NetworkGraph graph, int run)
    {
        foreach (Node node in graph.Nodes.Where(n => n.Op is InputOp))
            interpreter.SetInput(((InputOp)node.Op).InputName, Tensor(node.Shape, _inputs[run][((InputOp)node.Op).InputName]));
    }

    // Outputs in the order N, C, H, W; states in that of memory, as the executor gives them.
    private Dictionary<string, double[]> Results(Interpreter interpreter, NetworkGraph graph)
    {
        var results = interpreter.Run(_extents).ToDictionary(o => "output " + o.Key, o => o.Value.Data);
        foreach (string state in RoundingInterpreter.States(graph))
            results.Add("state " + state, RoundingInterpreter.InMemoryOrder(interpreter.State(state)));
        if (graph.ParameterElements > 0)
            results["state " + StateOp.Parameters] = [.. interpreter.FlatParameters];
        return results;
    }

    private ReferenceTensor Tensor(Shape shape, float[] values) => new(shape.At(_extents), [.. values.Select(v => (double)v)]);

    // Quarters half of the time, so that there are ties.
    private static float[] Values(System.Random random, int count)
    {
        bool quarters = random.Next(2) == 0;
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = quarters ? (random.Next(9) - 4) / 4f : random.NextSingle() * 2 - 1;
        return values;
    }

    private static double Tolerance(double[] exact, double[] rounded) =>
        (1e-5 * exact.Max(Math.Abs)) + (20 * exact.Zip(rounded, (a, b) => Math.Abs(a - b)).Max()) + 1e-7;

    private void Compare(string what, string name, int run, Func<int, double> actual, Expectation expected, double share)
    {
        for (int i = 0; i < expected.Values.Length; i++)
        {
            double error = Math.Abs(actual(i) - expected.Values[i]), tolerance = share * expected.Tolerance;
            if (!(error <= tolerance))
            {
                Assert.Fail(
                    $"{_graph.Name}, {what}, {Size}, run {run}, {name}, element {i} of {expected.Values.Length}: " +
                    $"{actual(i)} instead of {expected.Values[i]}, {error / tolerance:P0} of tolerance.\n{IrPrinter.Print(_graph)}");
            }
        }
    }

    private sealed record Expectation(double[] Values, double Tolerance);
}
