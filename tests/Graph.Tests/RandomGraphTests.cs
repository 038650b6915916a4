using CsCheck;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Tests;

/// <summary>Properties of graphs, shapes and convolutions drawn at random.</summary>
public class RandomGraphTests
{
    /// <summary>One step of a random program: an op and which of the values so far it reads.</summary>
    private readonly record struct Step(int Kind, int A, int B);

    private static readonly Gen<Step> Steps = Gen.Select(Gen.Int[0, 15], Gen.Int[0, 100], Gen.Int[0, 100], (kind, a, b) => new Step(kind, a, b));

    [Fact]
    public void The_gradient_of_a_random_graph_is_the_derivative_along_a_random_direction() =>
        Gen.Select(Steps.Array[1, 14], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 1000]).Sample((steps, h, w, seed) =>
        {
            // Values stay of order 1, and a kink within the step is improbable but possible: then a shorter step decides.
            (double gradient, Func<double, double> f) = Program(steps, 2 * h, 2 * w, seed);
            double worst = ((double[])[1e-4, 3e-6, 1e-7]).Min(e => Math.Abs((f(e) - f(-e)) / (2 * e) - gradient) / (1 + Math.Abs(gradient)));
            return worst < 1e-6;
        }, iter: 300);

    private static (double Gradient, Func<double, double> F) Program(Step[] steps, int height, int width, int seed)
    {
        var net = new NetworkBuilder("Random", NetworkMode.Training);
        Tensor x = net.Input("x", 2, 4, height, width);
        Tensor weight = net.Parameter("weight", Initializer.Constant(0), 4, 4, 3, 3), filter = net.Parameter("filter", Initializer.Constant(0), 4, 1, 3, 3);
        Tensor vector = net.Parameter("vector", Initializer.Constant(0), 4);
        var values = new List<Tensor> { x, x * vector };
        foreach (Step step in steps)
            values.Add(Apply(step, values, weight, filter, vector));
        // Every value counts, so that none of the program is dead.
        Tensor loss = values.Select((v, i) => v * v * (1.0 / (i + 1))).Aggregate((a, b) => a + b).Mean();
        net.Output("loss", loss);
        net.Output("gradient", net.GradientOfParameters(loss));
        Tensor[] gradients = net.Gradients(loss, x);
        net.Output("gradient.x", gradients[0]);
        NetworkGraph graph = net.Build();

        var random = new Random(seed);
        double[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)];
        double[] pictures = Draw(8 * height * width), directionX = Draw(8 * height * width);
        double[] parameters = Draw(graph.ParameterElements), direction = Draw(graph.ParameterElements);
        IReadOnlyDictionary<string, ReferenceTensor> at = Run(0);
        return (Dot(at["gradient"].Data, direction) + Dot(at["gradient.x"].Data, directionX), e => Run(e)["loss"].Data[0]);

        IReadOnlyDictionary<string, ReferenceTensor> Run(double e)
        {
            var interpreter = new Interpreter(graph);
            interpreter.SetInput("x", new ReferenceTensor([2, 4, height, width], [.. pictures.Zip(directionX, (p, d) => p + e * d)]));
            parameters.Zip(direction, (p, d) => p + e * d).ToArray().CopyTo(interpreter.FlatParameters, 0);
            return interpreter.Run(default);
        }
    }

    // Each result has the shape of x and elements of order 1.
    private static Tensor Apply(Step step, List<Tensor> values, Tensor weight, Tensor filter, Tensor vector)
    {
        Tensor a = values[step.A % values.Count], b = values[step.B % values.Count];
        return step.Kind switch
        {
            0 => (a + b) * 0.7,
            1 => a - b * vector,
            2 => (a * b).Erf(),
            3 => a / (1.5 + b * b),
            4 => a.Abs(),
            5 => a.Max(b),
            6 => a.Min(b),
            7 => (-(a * a)).Exp(),
            8 => (1 + a * a).Sqrt() - 1,
            9 => (2 + b * b).Reciprocal() * a,
            10 => a.Convolution(weight, padding: 1) * 0.3,
            11 => a.Convolution(filter, padding: 2, dilation: 2, depthwise: true),
            12 => Tensor.Concat(a.Slice(2, 2), b.Slice(1, 2)),
            13 => a.Resample(ResampleKind.NearestHalf).Resample(ResampleKind.BilinearDouble) + a.Mean(Axes.Spatial),
            14 => a.InstanceNorm(vector, vector, epsilon: 0.3),
            _ => a.Max(Axes.C) * b.Mean(Axes.C) + a.CosineTransform(alongHeight: true) * 0.1,
        };
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    /// <summary>The row-wise loop nest against the definition, written out.</summary>
    [Fact]
    public void A_convolution_is_its_definition() => Gen.Select(
        Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[0, 4], Gen.Int[1, 3], Gen.Bool).Sample((h, w, kernel, stride, padding, dilation, depthwise) =>
    {
        var settings = new ConvolutionSettings(stride, padding, dilation, depthwise);
        if (settings.Output(h, kernel) is not { } height || settings.Output(w, kernel) is not { } width)
            return;
        ReferenceTensor x = Numbers([2, 3, h, w], 1), k = Numbers([3, depthwise ? 1 : 3, kernel, kernel], 2);
        var builder = new IrBuilder();
        Node node = builder.Emit(
            new ConvolutionOp(settings), builder.Emit(new InputOp("x", new Shape(2, 3, h, w))), builder.Emit(new InputOp("k", new Shape(3, depthwise ? 1 : 3, kernel, kernel))));
        ReferenceTensor y = node.Op.Evaluate(new EvaluationContext(node, [x, k], default, new Interpreter(new NetworkGraph("C", [], [], [], []))));

        Assert.Equal([2, 3, height.Value, width.Value], y.Extents);
        y.ForEach((index, n, o, oy, ox) =>
        {
            double sum = 0;
            k.ForEach((tap, filter, i, kh, kw) =>
            {
                int row = oy * stride - padding + kh * dilation, column = ox * stride - padding + kw * dilation;
                if (filter == o && row >= 0 && row < h && column >= 0 && column < w)
                    sum += x[n, depthwise ? o : i, row, column] * k.Data[tap];
            });
            Assert.Equal(sum, y.Data[index], 1e-12);
        });
    }, iter: 400);

    /// <summary>A symbolic shape at a run's extents is the shape computed from those extents.</summary>
    [Fact]
    public void Shape_rules_on_symbols_agree_with_those_on_numbers() => Gen.Select(
        Gen.Int[1, 7], Gen.Int[1, 4], Gen.Int[0, 9], Gen.Int[1, 3], Gen.Int[1, 6]).Sample((kernel, stride, padding, dilation, size) =>
    {
        var settings = new ConvolutionSettings(stride, padding, dilation, false);
        if (settings.Output(new Extent(Symbol.H, 1), kernel) is not { } symbolic)
            return;
        int pixels = size * symbolic.Value;
        Assert.Equal(settings.Output(pixels, kernel)!.Value.Value, symbolic.At(new RunExtents(1, pixels, 1)));
    });

    private static ReferenceTensor Numbers(int[] extents, int seed)
    {
        var tensor = new ReferenceTensor(extents);
        var random = new Random(seed);
        for (int i = 0; i < tensor.Data.Length; i++)
            tensor.Data[i] = random.NextDouble() - 0.5;
        return tensor;
    }
}
