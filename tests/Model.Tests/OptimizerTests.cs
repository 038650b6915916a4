using System.Text.Json;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Graph.Tests.Support;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>Clipping and Adam on two parameters whose gradient is given.</summary>
public class OptimizerTests
{
    [Fact]
    public void Gradients_are_clipped_as_in_the_reference_table()
    {
        var comparisons = new List<Comparison>();
        foreach (JsonElement row in GoldenData.Json("loss/loss").GetProperty("clip_table_max_norm_0.001").EnumerateArray())
        {
            double norm = row.GetProperty("total_norm").GetDouble();
            Interpreter interpreter = TwoParameters();
            IReadOnlyDictionary<string, ReferenceTensor> outputs = Step(interpreter, [0.6 * norm, -0.8 * norm], 0.001, 1e-3);
            comparisons.Add(Compare.RelativeScalar($"norm of {norm}", outputs["gradient_norm"].Data[0], norm, 1e-12));
            for (int i = 0; i < 2; i++)
            {
                // The first moment after one step is a tenth of the clipped gradient.
                double clipped = 10 * interpreter.State("adam.m").Data[i];
                comparisons.Add(Compare.RelativeScalar($"clipped[{i}] of {norm}", clipped, row.GetProperty("clipped")[i].GetDouble(), 1e-12));
            }
        }
        Assert.Equal(30, comparisons.Count);
        Comparison.RequireAll(comparisons);
    }

    [Fact]
    public void Adam_is_the_published_algorithm()
    {
        Interpreter interpreter = TwoParameters();
        double[] m = [0, 0], v = [0, 0], parameters = [0.5, -2];
        parameters.CopyTo(interpreter.FlatParameters, 0);
        var random = new Random(7);
        for (int t = 1; t <= 20; t++)
        {
            double[] gradient = [random.NextDouble() - 0.5, 1e-9 * random.NextDouble()];
            double rate = 0.01 / t;
            Step(interpreter, gradient, 1e9, rate);
            for (int i = 0; i < 2; i++)
            {
                m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
                parameters[i] -= rate * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, t))) + 1e-8);
                Assert.Equal(parameters[i], interpreter.FlatParameters[i], 1e-12);
            }
        }
    }

    /// <summary>In float32 a power of 0.999 loses the digits of its difference to 1; the moving average does not.</summary>
    [Fact]
    public void Bias_corrections_stay_accurate_in_float32()
    {
        float correction = 0;
        for (int t = 1; t <= 1000; t++)
            correction = 0.999f * correction + (float)(1 - 0.999) * 1f;

        Assert.Equal(1 - Math.Pow(0.999, 1000), correction, 2e-5);
    }

    private static Interpreter TwoParameters()
    {
        var net = new NetworkBuilder("Two", NetworkMode.Training);
        Tensor parameter = net.Parameter("p", Initializer.Constant(0), 2);
        Optimizers.ClippedAdam(net, (parameter * net.Input("gradient", 1, 2, 1, 1)).Sum(Axes.All));
        return new Interpreter(net.Build());
    }

    private static IReadOnlyDictionary<string, ReferenceTensor> Step(Interpreter interpreter, double[] gradient, double clip, double rate)
    {
        interpreter.SetInput("gradient", new ReferenceTensor([1, 2, 1, 1], gradient));
        interpreter.SetInput("clip", ReferenceData.Number(clip));
        interpreter.SetInput("learning_rate", ReferenceData.Number(rate));
        return interpreter.Run(default);
    }
}
