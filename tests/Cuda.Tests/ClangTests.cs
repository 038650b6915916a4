using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>Every kernel text of this project becomes PTX for every architecture, and the PTX is looked at.</summary>
public sealed class ClangTests
{
    public static TheoryData<string, int> Cases()
    {
        var data = new TheoryData<string, int>();
        foreach (var file in KernelFile.Names)
            foreach (var architecture in ClangPtx.Architectures)
                // There are no bf16 tensor cores on sm_75.
                if (file != "mma_tile" || architecture >= 80) data.Add(file, architecture);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_text_compiles_to_PTX_without_faults(string file, int architecture)
    {
        Requires.Clang();
        var text = DeviceFunctions.Text + KernelFile.Text(file);
        var report = ClangPtx.Compile(text, architecture);
        Assert.Empty(report.Faults());
        Assert.Equal(KernelText.Kernels(text).Select(kernel => (kernel.Name, kernel.LaunchBound)), report.Kernels.Select(kernel => (kernel.Name, kernel.MaxThreads)));
    }

    [Fact]
    public void Shared_memory_is_counted_alike_by_clang_and_by_the_emulator()
    {
        Requires.Clang();
        Requires.Emulator();
        foreach (var file in KernelFile.Names)
            foreach (var kernel in ClangPtx.Compile(DeviceFunctions.Text + KernelFile.Text(file), 90).Kernels)
                Assert.Equal(KernelFile.Module(file, EmulatorBuild.Fast).StaticSharedBytes(kernel.Name), kernel.SharedBytes);
    }

    [Theory]
    [InlineData("y[threadIdx.x] = x[threadIdx.x] * 0.1;", "(.f64)")]
    [InlineData("float a[8]; for (int i = 0; i < 8; i++) a[i] = x[i]; y[threadIdx.x] = a[(int)x[9]];", "(__local_depot)")]
    [InlineData("__shared__ float s[13000]; s[threadIdx.x] = x[0]; __syncthreads(); y[0] = s[(int)x[1]];", "52000 bytes")]
    public void Faults_are_found(string body, string fault)
    {
        Requires.Clang();
        var text = "extern \"C\" __global__ void __launch_bounds__(32) bad(const float* x, float* y) { " + body + " }";
        Assert.Contains(fault, Assert.Single(ClangPtx.Compile(text, 80).Faults()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_without_a_launch_bound_is_a_fault()
    {
        Requires.Clang();
        const string text = "extern \"C\" __global__ void free_size(float* y) { y[threadIdx.x] = 1.0f; }";
        Assert.Contains(".maxntid", Assert.Single(ClangPtx.Compile(text, 75).Faults()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_card_lacks_does_not_compile_for_it()
    {
        Requires.Clang();
        var error = Assert.Throws<CudaCompileException>(() => ClangPtx.Compile(DeviceFunctions.Text + KernelFile.Text("mma_tile"), 75));
        Assert.Contains("mma_m16n8k16_bf16", error.Message, StringComparison.Ordinal);
    }
}
