using System.Diagnostics;
using System.Text.Json;
using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Tests.Cuda.Fake;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>
/// Machines on which something is missing or old, each in a process of its own: what doctor says, with which exit code, and what
/// --device cuda and --device auto do there.
/// </summary>
public sealed class HalfInstalledTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("focalnet-doctor-").FullName;

    public HalfInstalledTests() => DeviceUnderTest.RequireFake();

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Everything_there()
    {
        Report report = Doctor([FakeLibraries.Driver, FakeLibraries.Nvrtc, FakeLibraries.Cublas]);
        Assert.Equal((0, true, 0), (report.ExitCode, report.HasCuda, report.Advice.Length));
        Assert.Contains("--device auto takes cuda:0, Emulated GPU", report.Conclusion);
        Assert.Contains("cuda:0    Emulated GPU, compute capability 9.0, 4 GiB", report.Text);
        Assert.Contains("NVRTC     12.8  ", report.Text);
    }

    [Fact]
    public void No_driver()
    {
        Report report = Doctor([]);
        // Nothing is wrong with a machine that has no GPU.
        Assert.Equal((0, false), (report.ExitCode, report.HasCuda));
        Assert.Contains("The processor will be used.", report.Conclusion);
        Assert.Contains($"tried {Path.Combine(root, "cuda-", "libcuda.so.1")}: not there", report.Text);
        Assert.Contains("Install NVIDIA's driver", Restore([], "cuda").Error);
    }

    [Fact]
    public void A_driver_without_NVRTC()
    {
        Report report = Doctor([FakeLibraries.Driver]);
        Assert.Equal((1, false), (report.ExitCode, report.HasCuda));
        Assert.Contains("NVRTC is missing, so that no kernel can be compiled.", report.Conclusion);
        Assert.Contains(report.Advice, a => a.Contains("pip install nvidia-cuda-nvrtc-cu12"));
        (int code, _, string error) = Restore([FakeLibraries.Driver], "cuda");
        Assert.Equal(1, code);
        Assert.Contains("error: cuda:0: load NVRTC: It was not found in any of", error);
        Assert.Contains("Install the CUDA toolkit", error);
    }

    [Fact]
    public void NVRTC_without_cuBLAS()
    {
        Report report = Doctor([FakeLibraries.Driver, FakeLibraries.Nvrtc]);
        Assert.Equal((1, true), (report.ExitCode, report.HasCuda));
        Assert.Contains(report.Advice, a => a.StartsWith("cuBLAS: It was not found") && a.Contains("pip install nvidia-cublas-cu12"));
    }

    [Fact]
    public void A_library_that_can_t_be_loaded()
    {
        string folder = FakeLibraries.FolderWith(root, FakeLibraries.Driver, FakeLibraries.Nvrtc);
        File.WriteAllText(Path.Combine(folder, FakeLibraries.Nvrtc), "no library at all");
        Report report = Doctor(folder);
        Assert.Equal(1, report.ExitCode);
        Assert.Contains(report.Advice, a => a.Contains("libnvrtc.so.12 was found, but it can't be loaded"));
    }

    [Fact]
    public void A_driver_without_a_device()
    {
        Report report = Doctor([FakeLibraries.Driver, FakeLibraries.Nvrtc], ("FAKE_CUDA_DEVICES", "0"), ("CUDA_VISIBLE_DEVICES", "-1"));
        Assert.Equal((0, false), (report.ExitCode, report.HasCuda));
        Assert.Contains("The driver finds no CUDA device. CUDA_VISIBLE_DEVICES is '-1', which may hide it.", report.Conclusion);
    }

    [Fact]
    public void A_device_that_is_too_old_and_one_that_NVRTC_does_not_know()
    {
        Report old = Doctor([FakeLibraries.Driver, FakeLibraries.Nvrtc], ("FAKE_CUDA_CAPABILITY", "61"));
        Assert.Equal((1, false), (old.ExitCode, old.HasCuda));
        Assert.Contains("compute capability 6.1; kernels need 7.5", old.Conclusion);
        Report later = Doctor([FakeLibraries.Driver, FakeLibraries.Nvrtc, FakeLibraries.Cublas], ("FAKE_CUDA_CAPABILITY", "130"));
        Assert.Equal((0, true), (later.ExitCode, later.HasCuda));
    }

    [Fact]
    public void The_version_of_an_old_driver_is_shown()
    {
        Report report = Doctor([FakeLibraries.Driver, FakeLibraries.Nvrtc, FakeLibraries.Cublas], ("FAKE_CUDA_DRIVER_VERSION", "11040"));
        Assert.Contains("driver    11.4  ", report.Text);
        // Its own generation is looked for first.
        Assert.EndsWith("libnvrtc.so.11.2", report.FirstNvrtc);
    }

    private Report Doctor(string[] libraries, params (string Name, string Value)[] variables) => Doctor(FakeLibraries.FolderWith(root, libraries), variables);

    private static Report Doctor(string folder, params (string Name, string Value)[] variables)
    {
        (int code, string json, string error) = Run(folder, ["doctor", "--json"], variables);
        Assert.Equal("", error);
        (int sameCode, string text, _) = Run(folder, ["doctor"], variables);
        Assert.Equal(code, sameCode);
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        return new Report(
            code, root.GetProperty("cuda").GetBoolean(), root.GetProperty("conclusion").GetString()!, [.. root.GetProperty("advice").EnumerateArray().Select(a => a.GetString()!)], text,
            root.GetProperty("libraries")[1].GetProperty("tried")[0].GetProperty("path").GetString()!);
    }

    private (int ExitCode, string Output, string Error) Restore(string[] libraries, string device) =>
        Run(FakeLibraries.FolderWith(root, libraries), ["dehaze", "--device", device, "--steps", "1", "--out", Path.Combine(root, "run")]);

    private static (int ExitCode, string Output, string Error) Run(string folder, string[] arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "focalnet.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FOCALNET_CUDA_PATH"] = folder;
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    private sealed record Report(int ExitCode, bool HasCuda, string Conclusion, string[] Advice, string Text, string FirstNvrtc);
}
