using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Reference;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>arithmetic.cu: what the templates' other tests do not see, for they allow what bf16 rounds.</summary>
public sealed class ArithmeticTests
{
    private const string Kernel = """
        extern "C" __global__ void erf_of(const float* x, float* y, int count)
        {
            const int i = blockIdx.x * 256 + threadIdx.x;
            if (i < count) y[i] = erf_for_bf16(x[i]);
        }
        extern "C" __global__ void gelu_of(const float* x, float* y, int count)
        {
            const int i = blockIdx.x * 256 + threadIdx.x;
            if (i < count) y[i] = x[i] * normal_for_bf16(x[i]);
        }
        """;

    private static readonly float[] Arguments =
        [.. Enumerable.Range(-20000, 40001).Select(i => i * 2.5e-4f), 0, -0.0f, 1e-30f, 3.32f, 100, -100, float.MaxValue, float.PositiveInfinity, float.NaN];

    [Fact]
    public void The_error_function_for_bf16_is_off_by_3e_6_at_most() =>
        Check("erf_of", [.. Arguments, float.NegativeInfinity], ErrorFunction.Erf, _ => 3e-6);

    [Fact]
    public void The_share_that_Gelu_multiplies_by_is_off_by_2e_6_at_most() =>
        Check("gelu_of", Arguments, x => x <= float.MaxValue ? x * (0.5 + (0.5 * ErrorFunction.Erf(x / Math.Sqrt(2)))) : x, x => 2e-6 * Math.Max(1, Math.Abs(x)));

    private static void Check(string kernel, float[] x, Func<double, double> function, Func<double, double> tolerance)
    {
        Requires.Emulator();
        using CudaModule module = CudaEmulator.Compile(TemplateText.Of(["arithmetic.cu"], [Kernel]), EmulatorBuild.Checked, 80);
        using var from = CudaBuffer.Of("x", x);
        using var to = CudaBuffer.Uninitialised<float>("y", x.Length);
        module.Launch(kernel, (x.Length + 255) / 256, 256, 0, 1, from, to, x.Length);
        float[] y = to.Read<float>();
        for (int i = 0; i < x.Length; i++)
        {
            double expected = function(x[i]);
            bool isRight = double.IsNaN(expected) ? float.IsNaN(y[i]) : (float)expected == y[i] || Math.Abs(y[i] - expected) <= tolerance(x[i]);
            Assert.True(isRight, $"{kernel}({x[i]}) is {expected}, not {y[i]}.");
        }
    }
}
