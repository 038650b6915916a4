using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Tests.Cuda;

[assembly: AssemblyFixture(typeof(FocalNet.Cuda.Tests.Support.SkipPrinter))]

namespace FocalNet.Cuda.Tests.Support;

/// <summary>Skips, with a reason that is counted and printed, where a native tool is missing.</summary>
internal static class Requires
{
    internal static void Emulator() => SkipFor(CudaTools.EmulatorSkipReason);

    internal static void Clang() => SkipFor(CudaTools.ClangSkipReason);

    /// <summary>Skips without NVRTC; FOCALNET_REQUIRE_NVRTC=1 makes that an error.</summary>
    internal static void Nvrtc()
    {
        if (CudaLibraries.Load(CudaLibrary.Nvrtc).Path is not null) return;
        const string Reason = "NVRTC was not found: kernels are not compiled to machine code. On Debian, with its non-free packages: apt-get install libnvrtc11.2";
        Assert.False(Environment.GetEnvironmentVariable("FOCALNET_REQUIRE_NVRTC") == "1", Reason);
        SkipFor(Reason);
    }

    /// <summary>Skips where FOCALNET_MUTATIONS names a file of which a test has nothing; without a name there must be something.</summary>
    internal static void SomethingNamed(string? file, int mutations)
    {
        if (file is null or "" or "all") Assert.NotEqual(0, mutations);
        else if (mutations == 0) SkipFor($"mutations: nothing here is named {file}, as FOCALNET_MUTATIONS asks");
    }

    private static void SkipFor(string? reason)
    {
        if (reason is not null) Assert.Skip(CudaTools.CountSkip(reason));
    }
}

/// <summary>Says at the end of the run what was skipped and how often.</summary>
public sealed class SkipPrinter : IDisposable
{
    public void Dispose()
    {
        foreach (var line in CudaTools.SkipSummary()) Console.WriteLine("CUDA without a GPU: " + line);
    }
}
