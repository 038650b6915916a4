using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>What the emulator refuses, and how it says so.</summary>
public sealed class ContractTests
{
    private const string Head = "extern \"C\" __global__ void __launch_bounds__(64) k";

    [Theory]
    [InlineData("#include <cuda_fp16.h>", "kernels.cu:2: CUDA texts include nothing")]
    [InlineData("extern __shared__ float tile[];", "kernels.cu:2: dynamic shared memory is declared as")]
    [InlineData("float f() { return y_missing; }", "kernels.cu:2:20: error: 'y_missing' was not declared in this scope\n    | float f() { return y_missing; }")]
    public void A_bad_text_is_refused_with_its_line(string line, string message)
    {
        Requires.Emulator();
        var error = Assert.Throws<CudaCompileException>(() => CudaEmulator.Compile("// first line\n" + line + "\n", EmulatorBuild.Fast));
        Assert.Contains(message, error.Message.Replace('‘', '\'').Replace('’', '\''), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_launch_is_refused()
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(Head + "(int n, float* y) { extern __shared__ __align__(16) unsigned char dynamic_shared[]; y[0] = n; }", EmulatorBuild.Fast);
        using var y = CudaBuffer.Uninitialised<float>("y", 1);
        Refused("takes 2 arguments, not 1", () => module.Launch("k", 1, 1, 0, 0, 1));
        Refused("argument 0 is an int, not a Single", () => module.Launch("k", 1, 1, 0, 0, 1f, y));
        Refused("argument 1 is a pointer (CudaBuffer or CudaPointer), not a Int64", () => module.Launch("k", 1, 1, 0, 0, 1, 1L));
        Refused("a block of 65 threads exceeds 64", () => module.Launch("k", 1, 65, 0, 0, 1, y));
        Refused("of dynamic shared memory exceed 232448", () => module.Launch("k", 1, 1, 232449, 0, 1, y));
        Refused("is empty or too large", () => module.Launch("k", 0, 1, 0, 0, 1, y));
        Assert.Contains("has no 'other'; its kernels: k", Assert.Throws<ArgumentException>(() => module.Launch("other", 1, 1, 0, 0)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y[0] = n / (n - 1);", EmulatorErrorKind.DivisionByZero)]
    [InlineData("if (threadIdx.x == 3) __trap();", EmulatorErrorKind.Trap)]
    [InlineData("while (y[0] == 0) y[0] = 0;", EmulatorErrorKind.Runaway)]
    [InlineData("for (;;) __syncthreads();", EmulatorErrorKind.Runaway)]
    [InlineData("if (threadIdx.x < 32) __syncthreads(); else __syncthreads();", EmulatorErrorKind.None)]
    [InlineData("if (threadIdx.x < 32) __syncthreads();\nelse __syncthreads();", EmulatorErrorKind.DivergentBarrier)]
    [InlineData("if (threadIdx.x < 5) return; __syncthreads();", EmulatorErrorKind.DivergentBarrier)]
    [InlineData("__shared__ int* p; int mine = 1; if (threadIdx.x == 0) p = &mine; __syncthreads(); y[threadIdx.x] = *p;", EmulatorErrorKind.ForeignStack)]
    [InlineData("table[0] = 1;", EmulatorErrorKind.WriteToConstant)]
    [InlineData("if (blockIdx.x == 0) y[threadIdx.x] = 1; else y[64] = __ldg(&y[threadIdx.x]);", EmulatorErrorKind.ReadOnlyViolation)]
    [InlineData("y[0] = __shfl_sync(0xffffffffu, n, 3, 5);", EmulatorErrorKind.BadCollective)]
    [InlineData("if ((threadIdx.x & 31) < 16) y[threadIdx.x] = __shfl_sync(0x0000ffffu, n, 20);", EmulatorErrorKind.BadCollective)]
    [InlineData("unsigned r; __shared__ __align__(16) float s[256]; ldmatrix_x1(r, y + (int)(s - s)); y[threadIdx.x] = r;", EmulatorErrorKind.OutOfBounds)]
    public void A_checked_launch_names_the_rule(string body, EmulatorErrorKind kind)
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile("__constant__ int table[2];\n" + Head + "(int n, int* y) {\n" + body + "\n}", EmulatorBuild.Checked);
        using var y = CudaBuffer.Of("y", new int[128]);
        var error = Record.Exception(() => module.Launch("k", 2, 64, 0, 0, 1, y));
        Assert.Equal(kind, (error as EmulatorException)?.Kind ?? EmulatorErrorKind.None);
    }

    [Fact]
    public void Constants_structs_and_math_reach_the_kernel()
    {
        Requires.Emulator();
        foreach (var build in new[] { EmulatorBuild.Fast, EmulatorBuild.Checked })
        {
            using var module = CudaEmulator.Compile(KernelFile.Text("vector_add"), build);
            module.SetConstant<float>("scale", [1, 2, 3, 4]);
            using var x = CudaBuffer.Of("x", new float[] { 1, 1, 1, 1, -2, -2, -2, -2 });
            using var y = CudaBuffer.Uninitialised<float>("y", 8);
            module.Launch("scale_by_constant", 1, 128, 0, 2, x, y, 2);
            Assert.Equal([1, 2, 3, 4, -2, -4, -6, -8], y.Read<float>());
            byte[] leaky = [.. BitConverter.GetBytes(0.5f), .. BitConverter.GetBytes(1)];
            y.Poison();
            module.Launch("activate", 1, 256, 0, 2, x, y, 8, leaky);
            Assert.Equal([1, 1, 1, 1, -1, -1, -1, -1], y.Read<float>());
        }
    }

    [Fact]
    public void The_text_with_the_table_in_it_is_the_same_for_the_device_and_the_emulator()
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(DeviceFunctions.Text + KernelFile.Text("mma_tile"), EmulatorBuild.Checked);
        Exercises.ByFile["mma_tile"](module, 2);
    }

    // A sum over blocks in two launches, of two modules: the second reads what the first has written.
    [Fact]
    public void Launches_are_ordered()
    {
        Requires.Emulator();
        using var x = CudaBuffer.Of("x", Enumerable.Repeat(1f, 1024).ToArray());
        using var sums = CudaBuffer.Uninitialised<float>("sums", 4);
        using var total = CudaBuffer.Uninitialised<float>("total", 4);
        KernelFile.Module("reduce", EmulatorBuild.Checked).Launch("block_sum", 4, 256, 0, 2, x, sums, 1024);
        KernelFile.Module("vector_add", EmulatorBuild.Checked).Launch("vector_add", 1, 256, 0, 2, sums, sums, total, 4);
        Assert.Equal([512, 512, 512, 512], total.Read<float>());
    }

    // A launch that breaks off leaves copies under way behind; they are not the next launch's.
    [Fact]
    public void A_broken_launch_leaves_no_traces()
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(
            "extern \"C\" __global__ void __launch_bounds__(64) k(const float4* x, float4* y, int bad) { __shared__ float4 s[64];" +
            " if (bad) { cp_async_16(&s[threadIdx.x], &x[threadIdx.x]); if (threadIdx.x == 63) return; }" +
            " else s[threadIdx.x] = x[threadIdx.x]; __syncthreads(); y[threadIdx.x] = s[63 - threadIdx.x]; }", EmulatorBuild.Checked);
        using var x = CudaBuffer.Of("x", new float[256]);
        using var y = CudaBuffer.Uninitialised<float>("y", 256);
        var error = Assert.Throws<EmulatorException>(() => module.Launch("k", 1, 64, 0, 1, x, y, 1));
        Assert.Equal(EmulatorErrorKind.DivergentBarrier, error.Kind);
        module.Launch("k", 1, 64, 0, 1, x, y, 0);
        Assert.Equal(new float[256], y.Read<float>());
    }

    // Of an array, and of what fits into a register: where two branches meet, g++ would take the written value for both.
    [Theory]
    [InlineData("float v;", "v")]
    [InlineData("float v[1];", "v[0]")]
    [InlineData("float v[64];", "v[n]")]
    public void A_local_that_nobody_has_written_is_no_zero(string declaration, string place)
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(
            Head + $"(const float* x, float* y, int n, int start) {{ {declaration} if (start) {place} = 0.0f; for (int i = 0; i < n; i++) {place} += x[i]; y[threadIdx.x] = {place}; }}", EmulatorBuild.Checked);
        using var x = CudaBuffer.Of("x", new float[] { 1, 2, 3 });
        using var y = CudaBuffer.Uninitialised<float>("y", 64);
        module.Launch("k", 1, 64, 0, 1, x, y, 3, 1);
        Assert.All(y.Read<float>(), v => Assert.Equal(6, v));
        module.Launch("k", 1, 64, 0, 1, x, y, 3, 0);
        Assert.All(y.Read<float>(), v => Assert.True(v < -1e38f, $"{v}"));
    }

    [Fact]
    public void One_seed_gives_one_order()
    {
        Requires.Emulator();
        const string text = Head + "(int* next, int* order) { order[atomicAdd(next, 1)] = blockIdx.x * 64 + threadIdx.x; }";
        using var module = CudaEmulator.Compile(text, EmulatorBuild.Checked);
        int[] Order(ulong seed)
        {
            using var next = CudaBuffer.Of("next", new int[1]);
            using var order = CudaBuffer.Uninitialised<int>("order", 128);
            module.Launch("k", 2, 64, 0, seed, next, order);
            return order.Read<int>();
        }
        var forward = Enumerable.Range(0, 128).ToArray();
        Assert.Equal(forward, Order(0));
        Assert.Equal(forward.Reverse(), Order(1));
        Assert.Equal(Order(7), Order(7));
        Assert.NotEqual(Order(7), Order(8));
        Assert.Equal(forward, Order(7).Order());
    }

    private static void Refused(string message, Action launch)
    {
        var error = Assert.Throws<EmulatorException>(launch);
        Assert.Equal(EmulatorErrorKind.BadArguments, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
