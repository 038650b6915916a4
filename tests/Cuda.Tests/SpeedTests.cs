using System.Diagnostics;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>Prints what the emulator manages, so that tests of networks can choose their sizes. Nothing is asserted of the time.</summary>
public sealed class SpeedTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(EmulatorBuild.Fast, 128)]
    [InlineData(EmulatorBuild.Checked, 64)]
    public void A_bf16_matrix_product(EmulatorBuild build, int size)
    {
        Requires.Emulator();
        var module = KernelFile.Module("mma_tile", build);
        using var a = CudaBuffer.Of("a", new ushort[size * size]);
        using var b = CudaBuffer.Of("b", new ushort[size * size]);
        using var c = CudaBuffer.Uninitialised<float>("c", size * size);
        module.Launch("mma_tile", new(size / 64, size / 64), 128, 0, 2, a, b, c, size, size, size);
        var watch = Stopwatch.StartNew();
        var report = module.Launch("mma_tile", new(size / 64, size / 64), 128, 0, 2, a, b, c, size, size, size);
        var seconds = watch.Elapsed.TotalSeconds;
        output.WriteLine($"{build}: {2.0 * size * size * size / seconds / 1e9:F3} GFLOP/s, {report.Collectives * 32 / seconds / 1e6:F1} M lanes of collectives/s, {report.Accesses / seconds / 1e6:F1} M checked accesses/s");
        Assert.True(report.Collectives > 0 && report.Barriers > 0);
        Assert.Equal(build == EmulatorBuild.Checked, report.Accesses > 0);
    }
}
