using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Tests;

/// <summary>Composite layers: values by their definitions, gradients by finite differences.</summary>
public class LayerTests
{
    private static readonly int[] Extents = [2, 3, 4, 6];

    [Fact]
    public void Mean_is_the_sum_over_the_count()
    {
        ReferenceTensor x = Sample();
        ReferenceTensor mean = Evaluate(x, t => t.Mean(Axes.Spatial));

        Assert.Equal([2, 3, 1, 1], mean.Extents);
        mean.ForEach((i, n, c, _, _) =>
        {
            double sum = 0;
            for (int h = 0; h < 4; h++)
            {
                for (int w = 0; w < 6; w++)
                    sum += x[n, c, h, w];
            }
            Assert.Equal(sum / 24, mean.Data[i], 1e-14);
        });
        Assert.Equal(x.Data.Average(), Evaluate(x, t => t.Mean()).Data[0], 1e-14);
    }

    [Fact]
    public void Gelu_is_x_times_the_normal_distribution()
    {
        ReferenceTensor y = Evaluate(new ReferenceTensor([1, 4, 1, 1], [0, 1, -1, 2]), t => t.Gelu());

        // Φ(1) and Φ(2) from tables of the normal distribution.
        Assert.Equal([0, 0.841344746068543, -0.158655253931457, 2 * 0.977249868051821], y.Data.Select(v => Math.Round(v, 14)), Near);
    }

    [Fact]
    public void Instance_norm_gives_every_channel_of_every_picture_mean_0_and_variance_1()
    {
        ReferenceTensor y = Evaluate(Sample(), t => t.InstanceNorm(t.Owner.Constant(1), t.Owner.Constant(0), 0));

        foreach (double[] plane in y.Data.Chunk(24))
        {
            Assert.Equal(0, plane.Average(), 1e-13);
            Assert.Equal(1, plane.Average(v => v * v), 1e-13);
        }
    }

    [Fact]
    public void The_Fourier_transform_is_its_definition()
    {
        ReferenceTensor x = Sample();
        ReferenceTensor real = Evaluate(x, t => t.FourierTransform().Real), imaginary = Evaluate(x, t => t.FourierTransform().Imaginary);

        real.ForEach((i, n, c, k, l) =>
        {
            var sum = System.Numerics.Complex.Zero;
            for (int h = 0; h < 4; h++)
            {
                for (int w = 0; w < 6; w++)
                    sum += x[n, c, h, w] * System.Numerics.Complex.FromPolarCoordinates(1, -2 * Math.PI * (k * h / 4.0 + l * w / 6.0));
            }
            Assert.Equal(sum.Real, real.Data[i], 1e-12);
            Assert.Equal(sum.Imaginary, imaginary.Data[i], 1e-12);
        });
    }

    [Theory]
    [InlineData("gelu")]
    [InlineData("mean")]
    [InlineData("instance norm")]
    [InlineData("fourier")]
    [InlineData("pool")]
    [InlineData("pointwise")]
    public void Gradients_are_those_of_finite_differences(string layer)
    {
        ReferenceTensor x = Sample();
        var net = new NetworkBuilder("Layer", NetworkMode.Training);
        Tensor input = net.Input("x", 2, 3, 4, 6), weights = net.Input("weights", 2, 3, 4, 6);
        Tensor scalar = (Declare(layer, input) * weights).Sum(Axes.All);
        net.Output("f", scalar);
        net.Output("gradient", net.Gradients(scalar, input)[0]);
        var interpreter = new Interpreter(net.Build());
        interpreter.SetInput("weights", Sample(2));
        interpreter.SetInput("x", x);
        double[] gradient = interpreter.Run(default)["gradient"].Data;

        for (int k = 0; k < gradient.Length; k++)
            Assert.Equal((At(k, 1e-5) - At(k, -1e-5)) / 2e-5, gradient[k], 1e-7);

        double At(int k, double step)
        {
            var moved = new ReferenceTensor(Extents, (double[])x.Data.Clone());
            moved.Data[k] += step;
            interpreter.SetInput("x", moved);
            return interpreter.Run(default)["f"].Data[0];
        }
    }

    private static Tensor Declare(string layer, Tensor x) => layer switch
    {
        "gelu" => x.Gelu(),
        "mean" => x * x.Mean(Axes.C) - x.Mean() * x,
        "instance norm" => x.InstanceNorm(x.Owner.Constant(1.5), x.Mean(Axes.Spatial)),
        "fourier" => x.FourierTransform().Real * x + x.FourierTransform().Imaginary,
        "pool" => Tensor.Concat(x.Max(Axes.C), x.Mean(Axes.C), x.Slice(1, 1)),
        "pointwise" => (1 / (1 + (-x).Exp())).Sqrt() - (x / 3).Abs().Max(0.2 - x),
        _ => throw new ArgumentOutOfRangeException(nameof(layer), layer, null),
    };

    private static ReferenceTensor Evaluate(ReferenceTensor x, Func<Tensor, Tensor> layer)
    {
        var net = new NetworkBuilder("Layer", NetworkMode.Inference);
        net.Output("y", layer(net.Input("x", x.Extents[0], x.Extents[1], x.Extents[2], x.Extents[3])));
        var interpreter = new Interpreter(net.Build());
        interpreter.SetInput("x", x);
        return interpreter.Run(default)["y"];
    }

    private static ReferenceTensor Sample(int seed = 1)
    {
        var random = new Random(seed);
        return new ReferenceTensor(Extents, [.. Enumerable.Range(0, 144).Select(_ => 2 * random.NextDouble() - 1)]);
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-13;
}
