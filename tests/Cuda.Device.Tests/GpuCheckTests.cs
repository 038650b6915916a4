using System.Diagnostics;
using FocalNet.Cuda.Device.Tests.Support;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>tools/gpu-check/run.sh where there is nothing to measure: it says so and leaves with an exit code of its own.</summary>
public sealed class GpuCheckTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("focalnet-gpu-check-").FullName;

    public GpuCheckTests() => DeviceUnderTest.RequireFake();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Without_a_device_nothing_is_measured_and_the_way_out_is_named()
    {
        (int code, string output, string error) = Run("--out", folder);
        Assert.Equal(3, code);
        Assert.Contains("Install NVIDIA's driver", output);
        Assert.Contains("There is no CUDA device that can be used", error);
        Assert.Equal(["doctor.json", "doctor.txt"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("--limit", "soon")]
    [InlineData("--limit", "0")]
    [InlineData("--fast", "1")]
    public void Wrong_options_are_refused(string name, string value)
    {
        (int code, _, string error) = Run(name, value);
        Assert.Equal(2, code);
        Assert.Contains(name, error);
    }

    private (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [GpuCheckProgram.Tool("run.sh"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GPU_CHECK_BIN"] = AppContext.BaseDirectory;
        start.Environment["FOCALNET_CUDA_PATH"] = folder;
        return GpuCheckProgram.ToEnd(Process.Start(start)!);
    }
}
