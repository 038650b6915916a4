using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>One bug at a time is planted into a correct kernel: the checked build must name it, in every order of threads.</summary>
public sealed class PlantedBugTests
{
    public static TheoryData<string, string, string, string, EmulatorErrorKind> Bugs() => new()
    {
        // file, name of the bug, correct text, wrong text, the rule it breaks
        { "matmul", "no barrier before the tile is read", "column] : 0.0f;\n        __syncthreads();", "column] : 0.0f;", EmulatorErrorKind.Race },
        { "matmul", "no barrier before the tile is overwritten", "sum);\n        __syncthreads();", "sum);", EmulatorErrorKind.Race },
        { "matmul", "one column of the tile too many", "i < 16; i++) sum", "i <= 16; i++) sum", EmulatorErrorKind.IndexOutOfRange },
        { "matmul", "the last column's bound is off by one", "kb < k && column < n ?", "kb < k && column <= n ?", EmulatorErrorKind.OutOfBounds },
        { "matmul", "a barrier that half of the threads reach", "sum);\n        __syncthreads();", "sum);\n        if (threadIdx.y < 8) __syncthreads();", EmulatorErrorKind.DivergentBarrier },
        { "matmul", "two threads write one element", "c[row * n + column] = sum", "c[row * n + (column & ~1)] = sum", EmulatorErrorKind.Race },
        { "matmul", "a shared element that nobody has written is read", "tile_a[threadIdx.y][threadIdx.x] = row", "if (threadIdx.x != 3) tile_a[threadIdx.y][threadIdx.x] = row", EmulatorErrorKind.UninitialisedRead },
        { "vector_add", "the bound is off by one", "if (i < n) c[i]", "if (i <= n) c[i]", EmulatorErrorKind.OutOfBounds },
        { "vector_add", "the index runs below zero", "b[i];", "b[i - 1];", EmulatorErrorKind.OutOfBounds },
        { "vector_add", "blocks overlap by one element", "c[i] = __ldg", "c[i == 256 ? 255 : i] = __ldg", EmulatorErrorKind.Race },
        { "vector_add", "the output is read before it is written", "+ b[i]", "+ c[i]", EmulatorErrorKind.UninitialisedRead },
        { "vector_add", "a vector load from an odd address", "c[i] = __ldg(&a[i])", "c[i] = reinterpret_cast<const float2*>(a + 1)->x", EmulatorErrorKind.Misaligned },
        { "reduce", "no barrier between the warps' sums", "partial[warp] = sum;\n    __syncthreads();", "partial[warp] = sum;", EmulatorErrorKind.Race },
        { "reduce", "no __syncwarp after the write", "values[warp][lane] += left;\n        __syncwarp();", "values[warp][lane] += left;", EmulatorErrorKind.Race },
        { "reduce", "a shuffle that only some lanes reach", "if (lane == 0) partial[warp] = sum;", "if (lane < 16) sum += __shfl_xor_sync(0xffffffffu, sum, 1); if (lane == 0) partial[warp] = sum;", EmulatorErrorKind.DivergentCollective },
        { "reduce", "a mask without the calling lane", "__shfl_xor_sync(0xffffffffu", "__shfl_xor_sync(0x0000ffffu", EmulatorErrorKind.BadCollective },
        { "atomics", "a plain add where it must be atomic", "atomicAdd(sum, (float)x[i]);", "*sum += (float)x[i];", EmulatorErrorKind.Race },
        { "atomics", "shared bins are not cleared", "local[i] = 0u;", "local[0] = 0u;", EmulatorErrorKind.Race },
        { "dynamic", "no barrier before other threads' values are read", "__syncthreads();", "", EmulatorErrorKind.Race },
        { "dynamic", "dynamic shared memory overlaps itself", "dynamic_shared + width * 4", "dynamic_shared + width * 4 - 4", EmulatorErrorKind.Race },
        { "dynamic", "more dynamic shared memory is used than was asked for", "dynamic_shared + width * 4", "dynamic_shared + width * 4 + 4", EmulatorErrorKind.OutOfBounds },
        { "mma_tile", "no wait for the first copy", "            cp_async_wait<0>();", "            ;", EmulatorErrorKind.PendingCopy },
        { "mma_tile", "one group too few is waited for", "cp_async_wait<1>();", "cp_async_wait<2>();", EmulatorErrorKind.PendingCopy },
        { "mma_tile", "no barrier after the wait", "cp_async_wait<0>();\n        }\n        __syncthreads();", "cp_async_wait<0>();\n        }", EmulatorErrorKind.Race },
        { "mma_tile", "no barrier before the stage is loaded again", "        __syncthreads();\n        stage ^= 1;", "        stage ^= 1;", EmulatorErrorKind.Race },
        { "mma_tile", "a copy of rows behind the last", "inside_b ? b + (k0 + kb) * n + column0 + column : b, inside_b ? 16u : 0u", "b + (k0 + kb) * n + column0 + column, 16u", EmulatorErrorKind.OutOfBounds },
        { "mma_tile", "a row of ldmatrix that is not aligned", "kk + (lane >> 4) * 8]);\n            #pragma", "kk + (lane >> 4) * 7]);\n            #pragma", EmulatorErrorKind.Misaligned },
    };

    [Theory]
    [MemberData(nameof(Bugs))]
    public void The_checker_names_the_bug(string file, string bug, string correct, string wrong, EmulatorErrorKind kind)
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(Plant(file, correct, wrong), EmulatorBuild.Checked);
        foreach (var seed in new ulong[] { 0, 1, 2, 3 })
        {
            var error = Assert.ThrowsAny<EmulatorException>(() => Exercises.ByFile[file](module, seed));
            // Where the reader comes first, the same missing barrier shows as a read of what is not there yet.
            var early = kind == EmulatorErrorKind.Race && error.Kind == EmulatorErrorKind.UninitialisedRead;
            Assert.True(error.Kind == kind || early, $"{bug}, seed {seed}: {error.Message}");
            Assert.True(error.Line > 0, $"{bug}: the message names no line: {error.Message}");
            TestContext.Current.TestOutputHelper?.WriteLine(error.Message);
        }
    }

    // What no checker of accesses can see, values must show.
    [Theory]
    [InlineData("the fragments of B are swapped", "fb[j][0], fb[j + 1][1]", "x")]
    [InlineData("A's registers 1 and 2 are swapped", "fa[i][0], fa[i][1], fa[i][2], fa[i][3], fb[j]", "fa[i][0], fa[i][2], fa[i][1], fa[i][3], fb[j]")]
    [InlineData("the wrong registers of B", "fb[j][0], fb[j][1]);", "fb[j][1], fb[j][0]);")]
    [InlineData("the row of the accumulator is wrong", "(r >> 1) * 8;", "(r & 1) * 8;")]
    [InlineData("B is not transposed", "ldmatrix_x4_trans", "ldmatrix_x4")]
    public void Values_show_a_wrong_fragment(string bug, string correct, string wrong)
    {
        Requires.Emulator();
        if (wrong == "x") (correct, wrong) = ("fb[j][0], fb[j][1], fb[j + 1][0], fb[j + 1][1]", "fb[j][0], fb[j + 1][0], fb[j][1], fb[j + 1][1]");
        using var module = CudaEmulator.Compile(Plant("mma_tile", correct, wrong), EmulatorBuild.Checked);
        var error = Record.Exception(() => Exercises.ByFile["mma_tile"](module, 2));
        Assert.True(error is not null, $"{bug} went unseen");
    }

    [Fact]
    public void A_message_names_kernel_thread_place_order_and_source_line()
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(Plant("vector_add", "if (i < n) c[i]", "if (i <= n) c[i]"), EmulatorBuild.Checked);
        var error = Assert.Throws<EmulatorException>(() => Exercises.VectorAdd(module, 255, 5));
        Assert.StartsWith("kernel 'vector_add', block (0, 0, 0), thread (255, 0, 0): OutOfBounds, reading 4 bytes at '", error.Message, StringComparison.Ordinal);
        Assert.Contains("' + 1020 (of 1020 bytes)", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("; seed 5\n    kernels.cu:4 | if (i <= n) c[i] = __ldg(&a[i]) + b[i];", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_fast_build_sees_a_write_beside_a_buffer_by_its_sentinel()
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(Plant("vector_add", "if (i < n) c[i]", "if (i <= n) c[i]"), EmulatorBuild.Fast);
        var error = Assert.Throws<EmulatorException>(() => Exercises.VectorAdd(module, 255, 0));
        Assert.Equal(EmulatorErrorKind.Sentinel, error.Kind);
        Assert.Contains(", behind its 1020 bytes, was overwritten", error.Message, StringComparison.Ordinal);
    }

    // Without the checker: what was there before a copy lands is poison or the stage before, and a late landing shows it.
    [Theory]
    [InlineData("            cp_async_wait<0>();", "            ;")]
    [InlineData("cp_async_wait<1>();", "cp_async_wait<2>();")]
    public void The_fast_build_sees_a_missing_wait_by_its_values(string correct, string wrong)
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(Plant("mma_tile", correct, wrong), EmulatorBuild.Fast);
        foreach (var seed in new ulong[] { 1, 2, 3 })
            Assert.NotNull(Record.Exception(() => Exercises.ByFile["mma_tile"](module, seed)));
    }

    [Theory]
    [InlineData("matmul", "if (threadIdx.y < 8) __syncthreads();", EmulatorErrorKind.DivergentBarrier)]
    public void The_fast_build_sees_a_divergent_barrier(string file, string wrong, EmulatorErrorKind kind)
    {
        Requires.Emulator();
        using var module = CudaEmulator.Compile(Plant(file, "sum);\n        __syncthreads();", "sum);\n        " + wrong), EmulatorBuild.Fast);
        Assert.Equal(kind, Assert.Throws<EmulatorException>(() => Exercises.ByFile[file](module, 2)).Kind);
    }

    private static string Plant(string file, string correct, string wrong)
    {
        var text = KernelFile.Text(file);
        Assert.True(text.Split(correct).Length == 2, $"'{correct}' is not exactly once in {file}.cu.");
        return text.Replace(correct, wrong, StringComparison.Ordinal);
    }
}
