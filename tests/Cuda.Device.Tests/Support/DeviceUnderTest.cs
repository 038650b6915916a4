using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using FocalNet.Runtime.Cuda;
using FocalNet.Tests.Cuda;
using FocalNet.Tests.Cuda.Fake;

[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(FocalNet.Cuda.Device.Tests.Support.SkipPrinter))]

namespace FocalNet.Cuda.Device.Tests.Support;

/// <summary>
/// The device that the suite runs on: the false driver over the emulator, or a real GPU if FOCALNET_TEST_DEVICE is cuda. A process loads
/// CUDA once, so that all tests of a run share the choice.
/// </summary>
internal static class DeviceUnderTest
{
    /// <summary>Names the device: fake (if not set) or cuda.</summary>
    public const string Variable = "FOCALNET_TEST_DEVICE";

    public static bool IsReal { get; } = Environment.GetEnvironmentVariable(Variable) == "cuda";

    /// <summary>Compiled kernels of this run and of those before; tests of the cache have folders of their own.</summary>
    public static string CacheFolder => Path.Combine(Path.GetTempPath(), "focalnet-cuda-tests-" + Environment.UserName);

    [ModuleInitializer]
    internal static void ChooseLibraries()
    {
        if (!IsReal && CudaTools.EmulatorSkipReason is null)
            Environment.SetEnvironmentVariable("FOCALNET_CUDA_PATH", FakeLibraries.Folder);
    }

    /// <summary>Skips where there is nothing to run on.</summary>
    public static void Require()
    {
        if (!IsReal && CudaTools.EmulatorSkipReason is { } reason)
            Assert.Skip(CudaTools.CountSkip(reason));
    }

    /// <summary>Skips, by name, a row of the matrix that does not apply to this run.</summary>
    /// <param name="device">cpu, emulated or cuda.</param>
    /// <param name="precision">fp32 or bf16.</param>
    public static void RequireRow(string device, string precision)
    {
        string? reason = (device, precision) switch
        {
            ("cpu", "bf16") => "the processor computes in float32, bf16 does not apply",
            ("cuda", _) when !IsReal => $"no CUDA device is asked for; {Variable}=cuda takes one",
            ("emulated", _) when IsReal => "the run is on a CUDA device, not on the emulator",
            _ => null,
        };
        if (reason is not null)
            Assert.Skip(CudaTools.CountSkip("matrix: " + reason));
        if (device != "cpu")
            Require();
    }

    /// <summary>For tests that set up what a real device can't be made to do.</summary>
    public static void RequireFake()
    {
        if (IsReal)
            Assert.Skip(CudaTools.CountSkip("the fault can be made with the false driver only"));
        Require();
        FakeDriver.Reset();
    }

    /// <summary>A Python that has PyTorch, which is the peer of the benchmarks; skips where there is none.</summary>
    public static string RequireTorch()
    {
        foreach (string python in (string[])["python3", "/usr/bin/python3"])
        {
            try
            {
                using Process process = Process.Start(new ProcessStartInfo(python, ["-c", "import torch"]) { RedirectStandardError = true })!;
                process.StandardError.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode == 0)
                    return python;
            }
            catch (Win32Exception)
            {
                // No such program.
            }
        }
        Assert.Skip(CudaTools.CountSkip("no python3 with torch: the peer is not run. On Debian: apt-get install python3-torch"));
        return "";
    }

    public static CudaDevice Open(CudaOptions? options = null)
    {
        Require();
        options ??= new CudaOptions();
        return new CudaDevice(0, options with { CacheFolder = options.CacheFolder ?? CacheFolder });
    }
}

/// <summary>Says at the end of the run what it ran on, and what was skipped and how often.</summary>
public sealed class SkipPrinter : IDisposable
{
    public void Dispose()
    {
        Console.WriteLine("CUDA device under test: " + (DeviceUnderTest.IsReal ? "cuda" : "the false driver over the emulator"));
        foreach (string line in CudaTools.SkipSummary())
            Console.WriteLine("CUDA device: " + line);
    }
}
