using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Tests.Shared;

namespace FocalNet.Graph.Tests.Support;

/// <summary>Compares gradients made by <see cref="Differentiation"/> with central finite differences, in float64.</summary>
internal static class GradientCheck
{
    private const double Step = 1e-5;

    /// <summary>
    /// Requires that the gradient of Σ weight · f(inputs) with respect to every element of every input is right.
    /// </summary>
    /// <param name="name">For messages.</param>
    /// <param name="shapes">Shapes of the inputs.</param>
    /// <param name="declare">Declares f.</param>
    /// <param name="seed">Of inputs and weights.</param>
    /// <param name="order">1 for the gradient, 2 for the gradient of a weighted sum of the gradient.</param>
    public static void Require(string name, IReadOnlyList<Shape> shapes, Func<IrBuilder, Node[], Node> declare, int seed = 1, int order = 1)
    {
        var builder = new IrBuilder();
        Node[] inputs = [.. shapes.Select((s, i) => builder.Emit(new InputOp($"x{i}", s)))];
        Node scalar = WeightedSum(builder, [declare(builder, inputs)], seed);
        for (int i = 1; i < order; i++)
            scalar = WeightedSum(builder, [.. Differentiation.Gradients(builder, scalar, inputs).OfType<Node>()], seed + i);
        IReadOnlyList<Node?> gradients = Differentiation.Gradients(builder, scalar, inputs);
        var graph = new NetworkGraph(name, builder.Nodes, [new GraphOutput("f", scalar)], [], []);

        var random = new Random(seed);
        double[][] values = [.. shapes.Select(s => Enumerable.Range(0, s.ConstantElements).Select(_ => 0.3 + 1.4 * random.NextDouble()).ToArray())];
        Interpreter interpreter = Load(graph, shapes, values);
        IReadOnlyDictionary<Node, ReferenceTensor> at = interpreter.Evaluate(default);
        var forward = new NetworkGraph(name, [.. builder.Nodes.TakeWhile(n => n.Id <= scalar.Id)], [new GraphOutput("f", scalar)], [], []);
        for (int i = 0; i < shapes.Count; i++)
        {
            double[] actual = gradients[i] is { } node ? at[node].Data : new double[values[i].Length];
            for (int k = 0; k < actual.Length; k++)
            {
                double expected = (At(+Step) - At(-Step)) / (2 * Step);
                Compare.Scalar($"{name}: d/dx{i}[{k}]", actual[k], expected, 1e-7 * (10 + Math.Abs(expected) + Math.Abs(at[scalar].Data[0]))).Require();

                double At(double step)
                {
                    double[][] moved = [.. values.Select(v => (double[])v.Clone())];
                    moved[i][k] += step;
                    return Load(forward, shapes, moved).Evaluate(default)[scalar].Data[0];
                }
            }
        }
    }

    // Weights that differ from element to element, or an error that moves elements about would not be seen.
    private static Node WeightedSum(IrBuilder builder, IReadOnlyList<Node> terms, int seed)
    {
        Node sum = builder.Fill(0);
        foreach (Node term in terms)
        {
            Node weight = builder.Emit(new InputOp($"weight{Text.Of(builder.Nodes.Count)}.{Text.Of(seed)}", term.Shape));
            sum = builder.Add(sum, builder.SumTo(builder.Multiply(term, weight), Shape.Scalar));
        }
        return sum;
    }

    private static Interpreter Load(NetworkGraph graph, IReadOnlyList<Shape> shapes, double[][] values)
    {
        var interpreter = new Interpreter(graph);
        foreach (InputOp input in graph.Nodes.Select(n => n.Op).OfType<InputOp>())
        {
            if (input.InputName[0] == 'x')
                continue;
            var random = new Random(input.InputName.Sum(c => c));
            interpreter.SetInput(input.InputName, new ReferenceTensor(input.Shape.At(default), [.. Enumerable.Range(0, input.Shape.ConstantElements).Select(_ => random.NextDouble() - 0.4)]));
        }
        for (int i = 0; i < shapes.Count; i++)
            interpreter.SetInput($"x{i}", new ReferenceTensor(shapes[i].At(default), values[i]));
        return interpreter;
    }
}
