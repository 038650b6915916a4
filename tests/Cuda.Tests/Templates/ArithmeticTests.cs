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
        """;

    [Fact]
    public void The_error_function_for_bf16_is_off_by_3e_6_at_most()
    {
        Requires.Emulator();
        float[] x = [.. Enumerable.Range(-20000, 40001).Select(i => i * 2.5e-4f), 0, -0.0f, 1e-30f, 3.32f, 100, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        using CudaModule module = CudaEmulator.Compile(TemplateText.Of(["arithmetic.cu"], [Kernel]), EmulatorBuild.Checked, 80);
        using var from = CudaBuffer.Of("x", x);
        using var to = CudaBuffer.Uninitialised<float>("y", x.Length);
        module.Launch("erf_of", (x.Length + 255) / 256, 256, 0, 1, from, to, x.Length);
        float[] y = to.Read<float>();
        for (int i = 0; i < x.Length; i++)
        {
            if (float.IsNaN(x[i])) Assert.True(float.IsNaN(y[i]));
            else Assert.True(Math.Abs(y[i]) <= 1 && Math.Abs(y[i] - ErrorFunction.Erf(x[i])) <= 3e-6, $"erf({x[i]}) is {ErrorFunction.Erf(x[i])}, not {y[i]}.");
        }
    }
}
