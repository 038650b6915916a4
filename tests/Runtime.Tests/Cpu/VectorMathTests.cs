using System.Runtime.Intrinsics;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Accuracy of functions, and agreement of their vector and scalar forms.</summary>
public sealed class VectorMathTests
{
    [Fact]
    public void Erf_is_exact_to_1_3e_7_and_the_same_for_vector_and_scalar()
    {
        double worst = 0;
        for (int i = -60000; i <= 60000; i++)
        {
            float x = i * 1e-4f;
            worst = Math.Max(worst, Math.Abs(VectorMath.Erf(x) - ExactErf(x)));
            Assert.Equal(VectorMath.Erf(x), VectorMath.Erf(Vector256.Create(x))[i & 7]);
        }

        Assert.True(worst < 1.3e-7, $"worst absolute error {worst}");
    }

    [Fact]
    public void Gelu_is_exact_to_its_last_bits_and_the_same_for_vector_and_scalar()
    {
        double worstNegative = 0, worstPositive = 0;
        for (int i = -80000; i <= 80000; i++)
        {
            float x = i * 1e-4f, y = VectorMath.Gelu(x);
            double error = Math.Abs(y - (x * 0.5 * (1 + ExactErf(x / Math.Sqrt(2)))));
            if (x < 0)
                worstNegative = Math.Max(worstNegative, error);
            else
                worstPositive = Math.Max(worstPositive, error - (MathF.BitIncrement(y) - y) / 2);
            Assert.Equal(y, VectorMath.Gelu(Vector256.Create(x))[i & 7]);
        }

        Assert.True(worstNegative < 5e-8, $"worst absolute error {worstNegative}");
        Assert.True(worstPositive < 7e-8, $"worst absolute error beyond half of the last bit {worstPositive}");
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-30f, 5e-31f)]
    [InlineData(-6f, 0f)]
    [InlineData(-1e30f, 0f)]
    [InlineData(1e30f, 1e30f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void Gelu_at_the_extremes(float x, float expected)
    {
        Assert.Equal(expected, VectorMath.Gelu(x), 5e-8f);
        Assert.Equal(expected, VectorMath.Gelu(Vector256.Create(x))[3], 5e-8f);
    }

    [Fact]
    public void Exp_is_exact_to_2e_7_and_the_same_for_vector_and_scalar()
    {
        double worst = 0;
        for (int i = -87000; i <= 88000; i++)
        {
            float x = i * 1e-3f;
            worst = Math.Max(worst, Math.Abs((VectorMath.Exp(x) / Math.Exp(x)) - 1));
            Assert.Equal(VectorMath.Exp(x), VectorMath.Exp(Vector256.Create(x))[i & 7]);
        }

        Assert.True(worst < 2e-7, $"worst relative error {worst}");
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(88.5f, 2.7230877e38f)]
    [InlineData(88.73f, float.PositiveInfinity)]
    [InlineData(1e30f, float.PositiveInfinity)]
    [InlineData(-100f, 3.783506e-44f)]
    [InlineData(-104f, 0f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void Exp_at_the_extremes(float x, float expected)
    {
        Assert.Equal(expected, VectorMath.Exp(x), float.IsFinite(expected) ? expected * 1e-6f : 0f);
        Assert.Equal(VectorMath.Exp(x), VectorMath.Exp(Vector256.Create(x))[3]);
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-30f, 0f)]
    [InlineData(4f, 1f)]
    [InlineData(-5f, -1f)]
    [InlineData(100f, 1f)]
    [InlineData(-1e30f, -1f)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, -1f)]
    [InlineData(float.NaN, float.NaN)]
    public void Erf_at_the_extremes(float x, float expected)
    {
        Assert.Equal(expected, VectorMath.Erf(x), 1e-37f);
        Assert.Equal(expected, VectorMath.Erf(Vector256.Create(x))[3], 1e-37f);
    }

    [Fact]
    public void Vector_and_scalar_functions_agree_to_a_few_units_in_the_last_place()
    {
        (string Name, Func<Vector256<float>, Vector256<float>> Vector, Func<float, float> Scalar, float From, float To)[] functions =
        [
            ("exp", VectorMath.Exp, VectorMath.Exp, -80, 80),
            ("log", VectorMath.Log, VectorMath.Log, 1e-6f, 1e6f),
            ("sin", VectorMath.Sin, VectorMath.Sin, -10, 10),
            ("cos", VectorMath.Cos, VectorMath.Cos, -10, 10),
            ("sqrt", VectorMath.Sqrt, VectorMath.Sqrt, 0, 1e6f),
            ("reciprocal", VectorMath.Reciprocal, VectorMath.Reciprocal, 1e-3f, 1e3f),
            ("abs", VectorMath.Abs, VectorMath.Abs, -5, 5),
            ("sign", VectorMath.Sign, VectorMath.Sign, -5, 5),
            ("erf", VectorMath.Erf, VectorMath.Erf, -5, 5),
        ];
        var random = new Random(3);
        foreach (var f in functions)
        {
            for (int i = 0; i < 2000; i++)
            {
                float x = f.From + (float)(random.NextDouble() * (f.To - f.From));
                float vector = f.Vector(Vector256.Create(x))[0], scalar = f.Scalar(x);
                Assert.True(Math.Abs(vector - scalar) <= 4 * Math.Max(MathF.BitIncrement(Math.Abs(scalar)) - Math.Abs(scalar), 1e-9f), $"{f.Name}({x}): vector {vector}, scalar {scalar}");
            }
        }
    }

    [Fact]
    public void Comparisons_are_one_or_zero()
    {
        float[] values = [-2f, -0f, 0f, 1f, 1f, float.NaN, float.PositiveInfinity];
        foreach (float x in values)
            foreach (float y in values)
            {
                var (vx, vy) = (Vector256.Create(x), Vector256.Create(y));
                Assert.Equal(x == y ? 1f : 0f, VectorMath.CompareEqual(x, y));
                Assert.Equal(VectorMath.CompareEqual(x, y), VectorMath.CompareEqual(vx, vy)[1]);
                Assert.Equal(x > y ? 1f : 0f, VectorMath.CompareGreater(x, y));
                Assert.Equal(VectorMath.CompareGreater(x, y), VectorMath.CompareGreater(vx, vy)[1]);
                Assert.Equal(VectorMath.CompareGreaterOrEqual(x, y), VectorMath.CompareGreaterOrEqual(vx, vy)[1]);
                Assert.Equal(VectorMath.Select(x, y, 5f), VectorMath.Select(vx, vy, Vector256.Create(5f))[1]);
                Assert.Equal(VectorMath.Sign(x), VectorMath.Sign(vx)[1]);
                Assert.Equal(VectorMath.Max(x, y), VectorMath.Max(vx, vy)[1]);
                Assert.Equal(VectorMath.Min(x, y), VectorMath.Min(vx, vy)[1]);
            }
    }

    /// <summary>Maclaurin series below 3, continued fraction of erfc above: both to double precision.</summary>
    private static double ExactErf(double x)
    {
        double t = Math.Abs(x);
        if (t < 3)
        {
            double sum = 0, term = t;
            for (int n = 0; n < 100; n++)
            {
                sum += term / ((2 * n) + 1);
                term *= -t * t / (n + 1);
            }

            return Math.Sign(x) * 2 / Math.Sqrt(Math.PI) * sum;
        }

        double fraction = 0;
        for (int k = 100; k >= 1; k--)
            fraction = k / 2.0 / (t + fraction);
        return Math.Sign(x) * (1 - (Math.Exp(-t * t) / Math.Sqrt(Math.PI) / (t + fraction)));
    }
}
