using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Runtime;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Cuda.Fake;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>From a kernel's text to a function on the device, and what is kept on disk.</summary>
public sealed class CompilationTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "focalnet-test-" + Guid.NewGuid().ToString("N"), "kernels");

    public CompilationTests() => DeviceUnderTest.Require();

    public void Dispose()
    {
        if (!DeviceUnderTest.IsReal)
        {
            FakeDriver.Reset();
            FakeDriver.Set("capability", 90);
            FakeDriver.Set("shared", 232448);
        }
        string parent = Path.GetDirectoryName(folder)!;
        if (Directory.Exists(parent))
            Directory.Delete(parent, recursive: true);
    }

    [Fact]
    public void An_error_has_the_log_and_the_line_of_the_kernel()
    {
        string broken = HandWrittenPlan.Count.Replace("*count += 1.0f", "*count += frequency");
        using CudaDevice device = Open();

        var error = Assert.Throws<KernelCompilationException>(() => device.CreateExecutor(HandWrittenPlan.Make(null, ("Count", broken))));

        Assert.Equal("Count", error.Kernel);
        Assert.Contains("compile kernel Count", error.Message);
        Assert.Matches(@"Count\.cu.3.*frequency.* \| if \(threadIdx\.x == 0\) \*count \+= frequency;", error.Message);
        Assert.Contains("frequency", error.Log);
    }

    [Fact]
    public void An_error_in_a_template_is_found_in_the_template()
    {
        var program = new KernelProgram("K", [("a.cu", "one\ntwo\nthree"), ("K.cu", "first\nsecond")]);
        Assert.Equal("a.cu(2): error: identifier \"two\" is undefined | two", program.FirstError("warning\na.cu(2): error: identifier \"two\" is undefined\n1 error detected"));
        Assert.Equal("K.cu:2:5: error: no | second", program.FirstError("K.cu:2:5: error: no"));
        Assert.Equal("error: no place", program.FirstError("error: no place"));
        Assert.Equal("K.cu(7): error: beyond", program.FirstError("K.cu(7): error: beyond"));
        Assert.Equal("The compiler said nothing.", program.FirstError(" \n"));
    }

    [Fact]
    public void Kernels_are_compiled_once_and_then_read()
    {
        var progress = new List<KernelProgress>();
        Make(new Recorder(progress), out IReadOnlyList<KernelReport> first);
        Assert.All(first, k => Assert.False(k.FromCache));
        Assert.Equal([(1, 4), (2, 4), (3, 4), (4, 4)], progress.Select(p => (p.Done, p.Total)).Order());
        Make(null, out IReadOnlyList<KernelReport> second);
        Assert.All(second, k => Assert.True(k.FromCache));
        Assert.Equal(4, Directory.GetFiles(folder).Length);
        // Another precision is another program.
        using CudaDevice strict = new(0, new CudaOptions { CacheFolder = folder, Precision = CudaPrecision.Strict });
        using CudaExecutor executor = strict.CreateExecutor(HandWrittenPlan.Make());
        Assert.All(strict.Kernels, k => Assert.False(k.FromCache));
    }

    [Fact]
    public void Damaged_files_are_compiled_again()
    {
        Make(null, out _);
        string[] files = Directory.GetFiles(folder);
        File.WriteAllBytes(files[0], []);
        File.WriteAllBytes(files[1], File.ReadAllBytes(files[1])[..^7]);
        byte[] flipped = File.ReadAllBytes(files[2]);
        flipped[flipped.Length / 2] ^= 1;
        File.WriteAllBytes(files[2], flipped);
        Make(null, out IReadOnlyList<KernelReport> reports);
        Assert.Equal(3, reports.Count(k => !k.FromCache));
        Make(null, out reports);
        Assert.All(reports, k => Assert.True(k.FromCache));
    }

    [Fact]
    public void A_whole_file_that_the_driver_does_not_take_is_compiled_again()
    {
        Make(null, out _);
        var cache = new KernelCache(folder);
        foreach (string file in Directory.GetFiles(folder))
            cache.Write(Path.GetFileNameWithoutExtension(file), new KernelImage("not for this device\0"u8.ToArray(), IsPtx: false));
        Make(null, out IReadOnlyList<KernelReport> reports);
        Assert.All(reports, k => Assert.False(k.FromCache));
    }

    [Fact]
    public void Without_a_folder_to_write_to_kernels_are_compiled_each_time()
    {
        // A file stands where the folder would be.
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        File.WriteAllText(folder, "");
        for (int i = 0; i < 2; i++)
        {
            Make(null, out IReadOnlyList<KernelReport> reports);
            Assert.All(reports, k => Assert.False(k.FromCache));
        }
    }

    [Fact]
    public void The_folder_stays_within_its_limit_and_keeps_what_was_used_last()
    {
        var cache = new KernelCache(folder, limitBytes: 5000);
        for (int i = 0; i < 5; i++)
        {
            cache.Write($"k{i}", new KernelImage(new byte[1200], IsPtx: false));
            File.SetLastWriteTimeUtc(Path.Combine(folder, $"k{i}.kernel"), DateTime.UtcNow.AddHours(i - 10));
        }
        Assert.NotNull(cache.TryRead("k0"));
        cache.Trim();
        Assert.Equal([true, false, false, true, true], Enumerable.Range(0, 5).Select(i => cache.TryRead($"k{i}") is not null));
        Assert.True(cache.Measure().Bytes <= 5000);
    }

    [Fact]
    public void A_device_newer_than_nvrtc_gets_ptx_and_one_of_its_generation_machine_code()
    {
        Assert.Equal((90, false), Target(9, 0, 75, 80, 86, 90));
        Assert.Equal((86, false), Target(8, 9, 75, 80, 86));
        Assert.Equal((90, true), Target(12, 0, 75, 80, 86, 90));
        Assert.Equal((75, true), Target(8, 0, 52, 75));
        Assert.Contains("capability 7.0", Assert.Throws<DeviceNotFoundException>(() => Target(7, 0, 52, 70, 75)).Message);
        Assert.Contains("Install a toolkit of another version", Assert.Throws<DeviceLibraryException>(() => Target(7, 5, 80, 90)).Message);

        static (int, bool) Target(int major, int minor, params int[] supported) =>
            KernelCompiler.Target("cuda:0", new CudaDeviceInfo(0, "A GPU", major, minor, 1, 1, 1), supported, new Version(12, 8));
    }

    [Fact]
    public void A_device_newer_than_nvrtc_runs_by_way_of_ptx()
    {
        DeviceUnderTest.RequireFake();
        FakeDriver.Set("capability", 120);
        using CudaDevice device = Open();
        Assert.Contains("compute_90", device.Description);
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = CudaExecutorTests.Load(executor, 1);
        var size = new RunSize(1, 4, 4);
        executor.Bind(size);
        CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(size, 1));
        using CudaDevice again = Open();
        using CudaExecutor other = again.CreateExecutor(HandWrittenPlan.Make());
        Assert.All(again.Kernels, k => Assert.True(k.FromCache));
    }

    [Fact]
    public void A_driver_older_than_nvrtc_is_said_to_be_so()
    {
        DeviceUnderTest.RequireFake();
        using CudaDevice device = Open();
        const int UnsupportedPtxVersion = 222;
        FakeDriver.Fail("cuModuleLoadData", 1, UnsupportedPtxVersion);
        var error = Assert.Throws<DeviceLibraryException>(() => device.CreateExecutor(HandWrittenPlan.Make()));
        Assert.Contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", error.Message);
        Assert.Contains("The driver is of CUDA 12.8, NVRTC of 12.8, the kernel for sm_90a: update the driver, or install NVRTC 12.", error.Message);
    }

    [Fact]
    public void Where_shared_memory_is_short_the_alternative_runs()
    {
        DeviceUnderTest.RequireFake();
        const int Little = 50_000;
        FakeDriver.Set("shared", Little);
        using CudaDevice device = Open();
        var error = Assert.Throws<DeviceException>(() => device.CreateExecutor(HandWrittenPlan.Make()));
        Assert.Contains("launch Narrow: It needs 65536 bytes of shared memory; the device has 50000.", error.Message);
        string small = HandWrittenPlan.Narrow.Replace("Narrow(", "Small(").Replace(" + 64 * 4 * 40", "");
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make(plan => plan.Replace("Narrow 64 65536", "Narrow 64 65536 or Small 64 1024"), ("Small", small)));
        Assert.Contains("Small", device.Kernels.Select(k => k.Name));
        float[] weights = CudaExecutorTests.Load(executor, 1);
        var size = new RunSize(1, 8, 24);
        executor.Bind(size);
        CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(size, 1));
    }

    [Fact]
    public void Compilation_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        using var device = new CudaDevice(0, new CudaOptions { CacheFolder = folder, Cancellation = cancelled.Token });
        Assert.ThrowsAny<OperationCanceledException>(() => device.CreateExecutor(HandWrittenPlan.Make()));
    }

    private CudaDevice Open() => DeviceUnderTest.Open(new CudaOptions { CacheFolder = folder });

    private void Make(IProgress<KernelProgress>? progress, out IReadOnlyList<KernelReport> reports)
    {
        using CudaDevice device = DeviceUnderTest.Open(new CudaOptions { CacheFolder = folder, Compilation = progress });
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        reports = device.Kernels;
        Assert.Equal(4, reports.Count);
    }

    private sealed class Recorder(List<KernelProgress> all) : IProgress<KernelProgress>
    {
        public void Report(KernelProgress value)
        {
            lock (all)
                all.Add(value);
        }
    }
}
