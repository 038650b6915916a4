using System.Collections.Concurrent;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Emitted kernels of every network, alone, on random operands against the float64 interpreter, every access checked. A run takes
/// a sample; <c>FOCALNET_ALL_KERNELS=1 dotnet run --project tests/Cuda.Tests -- --filter-class "*EmittedKernelTests"</c> takes all, <c>FOCALNET_ALL_KERNELS=Trig3x3</c> those whose names begin so.
/// </summary>
public sealed class EmittedKernelTests(ITestOutputHelper output)
{
    // The smallest that there is; odd numbers of the smallest; several tiles with something left over.
    private static readonly (int Images, int Height, int Width)[] _sizes = [(1, 1, 1), (3, 3, 5), (1, 9, 7)];

    // A block of a transform has 64 wave numbers, and their mirror images, of 128 lines: two blocks a line along either axis, with something left over.
    private static readonly (int Images, int Height, int Width)[] _transformSizes = [.. _sizes, (1, 18, 17), (1, 33, 2), (1, 2, 35)];

    [Theory]
    [InlineData("float32", true, 40)]
    [InlineData("float32", false, 40)]
    [InlineData("bf16", true, 40)]
    [InlineData("bf16", false, 40)]
    public void Agree_with_the_interpreter(string precision, bool fuse, int share)
    {
        Requires.Emulator();
        ElementType type = precision == "bf16" ? ElementType.BFloat16 : ElementType.Float32;
        IReadOnlyList<EmittedKernelCase> all = EmittedKernels.All(type, fuse), sample = EmittedKernels.Sample(type, fuse, share);
        Assert.True(sample.Count > 0, "No kernel has a name that begins with FOCALNET_ALL_KERNELS.");
        var modules = EmittedModules.Compile(sample.Select(k => k.Kernel), EmulatorBuild.Checked);
        var failures = new ConcurrentQueue<string>();
        long compared = 0, notANumber = 0;
        Parallel.ForEach(sample, new ParallelOptions { MaxDegreeOfParallelism = 2 }, kernel =>
        {
            (int Images, int Height, int Width)[] sizes = kernel.Kernel.Templates.Contains("trig.cu") ? _transformSizes : _sizes;
            for (int i = 0; i < sizes.Length; i++)
            {
                RunExtents size = kernel.Size(sizes[i].Images, sizes[i].Height, sizes[i].Width);
                try
                {
                    using var oracle = new KernelOracle(kernel, size, seed: i);
                    oracle.Check(modules[kernel.Kernel.Name], (ulong)i);
                    Interlocked.Add(ref compared, oracle.Counts.Compared);
                    Interlocked.Add(ref notANumber, oracle.Counts.NotANumber);
                }
                catch (Exception exception)
                {
                    failures.Enqueue($"{kernel} at {size}: {exception.Message}");
                    break;
                }
            }
        });
        output.WriteLine($"{precision}, {(fuse ? "fused" : "unfused")}: {sample.Count} of {all.Count} kernels at {_sizes.Length} sizes, transforms at {_transformSizes.Length}; {compared} values compared, {notANumber} of them not a number on both sides");
        Assert.True(failures.IsEmpty, $"{failures.Count} of {sample.Count} kernels fail. The shortest:\n{failures.MinBy(f => f.Length)}\nAll:\n{string.Join("\n", failures.Select(f => f.Split('\n')[0]))}");
        Assert.True(notANumber * 100 <= compared, $"{notANumber} of {compared} values are no numbers.");
    }

    /// <summary>Of many blocks some kernels have larger tiles than the sizes above fill: so many pictures of a pixel do.</summary>
    [Theory]
    [InlineData("Convolution64x64x3x3_", 1, 200, 0)]
    [InlineData("ResidualBlock16Gelux2_", 2, 200, 0)]
    [InlineData("ResidualBlockAdjoint16GeluAndFinishx2_", 1, 200, 2)]
    [InlineData("Convolution128x64x3x3Gelu_", 2, 200, 0)]
    [InlineData("SummedMap128_", 1, 128, 0)]
    public void Large_tiles_agree_with_the_interpreter(string kernel, int tasks, int pictures, int beside)
    {
        Requires.Emulator();
        EmittedKernelCase first = EmittedKernels.All(ElementType.BFloat16, fuse: true).First(k => k.Kernel.Name.StartsWith(kernel, StringComparison.Ordinal));
        RunExtents many = first.Size(pictures, 1, 1), few = first.Size(pictures - 1, 1, 1);
        // What finishes sums beside them has as many blocks either way.
        Assert.Equal((pictures * tasks) + beside, GridText.Blocks(first.Grid, many));
        Assert.Equal(((pictures - 1) * tasks) + beside, GridText.Blocks(first.Grid, few));
        var modules = EmittedModules.Compile([first.Kernel], EmulatorBuild.Checked);
        using var oracle = new KernelOracle(first, many, seed: 1);
        oracle.Check(modules[first.Kernel.Name], 2);
        Assert.True(oracle.Counts.Compared > 0);
    }
}
