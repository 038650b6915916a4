using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Runtime;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Cuda.Fake;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>What goes wrong on real machines, made to happen by the false driver.</summary>
public sealed class FaultTests : IDisposable
{
    private const int IllegalAddress = 700, LaunchOutOfResources = 701, LaunchFailed = 719, CaptureUnsupported = 900;
    private const long UsualMemory = 4L << 30;
    private static readonly RunSize Small = new(1, 4, 8), Large = new(2, 256, 256);

    public FaultTests() => DeviceUnderTest.RequireFake();

    public void Dispose()
    {
        FakeDriver.Reset();
        FakeDriver.Set("memory", UsualMemory);
        FakeDriver.Set("devices", 1);
        FakeDriver.Set("capability", 90);
        FakeDriver.Set("shared", 232448);
    }

    [Fact]
    public void Out_of_memory_names_needed_and_free_bytes_and_leaves_a_usable_executor()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = CudaExecutorTests.Load(executor, 1);
        executor.Bind(Small);
        CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, 1));
        FakeDriver.Set("memory", FakeDriver.Get("memory") + 1_000_000);

        var error = Assert.Throws<DeviceMemoryException>(() => executor.Bind(Large));

        Assert.Equal(executor.RequiredBytes(Large), error.NeededBytes);
        Assert.InRange(error.AvailableBytes, 1_000_000, 1_100_000);
        Assert.Contains($"cuda:0: memory of Hand.Written at N = 2, H = 256, W = 256: {error.NeededBytes} bytes are needed and {error.AvailableBytes} are available. Use fewer images", error.Message);
        Assert.Equal(default, executor.Size);
        executor.Bind(Small);
        for (int i = 0; i < 3; i++)
            CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, i));
    }

    [Fact]
    public void Out_of_memory_while_an_executor_is_made_frees_what_it_has()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        for (int allocation = 1; allocation <= 2; allocation++)
        {
            (long memory, long streams) = (FakeDriver.Get("memory"), FakeDriver.Get("streams"));
            FakeDriver.Fail("cuMemAlloc_v2", allocation, 2);
            Assert.Throws<DeviceMemoryException>(() => device.CreateExecutor(HandWrittenPlan.Make()));
            Assert.Equal((memory, streams), (FakeDriver.Get("memory"), FakeDriver.Get("streams")));
        }
    }

    [Fact]
    public void A_launch_that_fails_names_kernel_step_size_and_grid()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = CudaExecutorTests.Load(executor, 1);
        executor.Bind(Small);
        executor.Prepare();
        FakeDriver.Fail("cuLaunchKernel", 2, LaunchOutOfResources);

        var error = Assert.Throws<DeviceException>(() => CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, 1)));

        Assert.Contains("cuda:0: kernel Narrow (narrowing) of Hand.Written at N = 1, H = 4, W = 8, 1×1×1 blocks of 64 threads with 65536 bytes of shared memory: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", error.Message);
        CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_device_that_is_lost_in_mid_run_stays_lost_and_can_be_disposed(int run)
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = CudaExecutorTests.Load(executor, 1);
        executor.Bind(Small);
        for (int i = 1; i < run; i++)
            CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, 1));
        executor.SetInput("x", CudaExecutorTests.Input(Small, 1));
        FakeDriver.Fail("cuStreamSynchronize", 1, LaunchFailed);

        var error = Assert.Throws<DeviceLostException>(() => executor.Run());

        Assert.Contains("run Hand.Written at N = 1, H = 4, W = 8: CUDA_ERROR_LAUNCH_FAILED: unspecified launch failure", error.Message);
        Assert.Contains("FOCALNET_CUDA_SYNC=1", error.Message);
        FakeDriver.Set("lost", LaunchFailed);
        Assert.Contains("failed before", Assert.Throws<DeviceLostException>(() => executor.GetOutput("y", new float[128])).Message);
        Assert.Throws<DeviceLostException>(() => device.CreateExecutor(HandWrittenPlan.Make()));
    }

    [Fact]
    public void Waiting_for_each_kernel_names_the_one_that_fails()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = CudaExecutorTests.Load(executor, 1);
        executor.Synchronous = true;
        executor.Bind(Small);
        for (int i = 0; i < 3; i++)
            CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, 1));
        executor.SetInput("x", CudaExecutorTests.Input(Small, 1));
        FakeDriver.Fail("cuStreamSynchronize", 2, IllegalAddress);

        var error = Assert.Throws<DeviceLostException>(() => executor.Run());

        Assert.Contains("kernel Narrow (narrowing) of Hand.Written", error.Message);
    }

    /// <summary>The emulator finds the fault, as a device would; the sentinels of the false driver find what lies outside of an allocation.</summary>
    [Theory]
    [InlineData("if (threadIdx.x == 3) __syncthreads(); *count += 1.0f;")]
    [InlineData("if (threadIdx.x == 0) count[1 + 60] = 1.0f;")]
    public void A_kernel_that_breaks_the_rules_loses_the_device(string body)
    {
        using CudaDevice device = DeviceUnderTest.Open();
        string text = $"extern \"C\" __global__ void __launch_bounds__(32) Count(float* count, int images, int height, int width) {{ {body} }}";
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make(plan => plan.Replace("arena --- 192", "arena --- 129"), ("Count", text)));
        executor.Bind(Small);
        executor.SetInput("x", CudaExecutorTests.Input(Small, 1));
        Assert.Throws<DeviceLostException>(() => executor.Run());
    }

    [Theory]
    [InlineData("cuStreamBeginCapture_v2")]
    [InlineData("cuStreamEndCapture")]
    [InlineData("cuGraphInstantiateWithFlags")]
    [InlineData("cublasSgemmStridedBatched")]
    public void What_can_t_be_captured_is_launched(string function)
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = CudaExecutorTests.Load(executor, 1);
        executor.Bind(Small);
        CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, 1));
        FakeDriver.Fail(function, 1, CaptureUnsupported);
        for (int i = 0; i < 3; i++)
            CudaExecutorTests.Check(executor, weights, CudaExecutorTests.Input(Small, i));
        Assert.Equal(0, executor.CapturedSizes);
        Assert.Equal(0, FakeDriver.Get("cuGraphLaunch"));
    }

    [Fact]
    public void A_cublas_that_fails_is_named()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        FakeDriver.Fail("cublasCreate_v2", 1, 1);
        Assert.Contains("start cuBLAS: CUBLAS_STATUS_NOT_INITIALIZED", Assert.Throws<DeviceLibraryException>(() => device.CreateExecutor(HandWrittenPlan.Make())).Message);
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        executor.Bind(Small);
        FakeDriver.Fail("cublasSgemmStridedBatched", 1, 1);
        var error = Assert.Throws<DeviceException>(() => executor.Run());
        Assert.Contains("cuBLAS (the same by cuBLAS) of Hand.Written at N = 1, H = 4, W = 8: CUBLAS_STATUS_EXECUTION_FAILED", error.Message);
    }

    [Theory]
    [InlineData(0, 0, "finds no CUDA device")]
    [InlineData(1, 1, "There is 1 device. Use --device cuda:0.")]
    [InlineData(3, 7, "There are 3 devices. Use --device cuda:0 to cuda:2.")]
    public void A_device_that_is_not_there_is_said_so(int devices, int ordinal, string part)
    {
        FakeDriver.Set("devices", devices);
        Assert.Contains(part, Assert.Throws<DeviceNotFoundException>(() => new CudaDevice(ordinal)).Message);
    }

    [Fact]
    public void An_old_device_is_refused_and_an_old_one_asked_for_bfloat16()
    {
        FakeDriver.Set("capability", 70);
        Assert.Contains("compute capability 7.0; kernels need 7.5", Assert.Throws<DeviceNotFoundException>(() => new CudaDevice()).Message);
        FakeDriver.Set("capability", 75);
        Assert.Contains("bfloat16", Assert.Throws<DeviceNotFoundException>(() => new CudaDevice(0, new CudaOptions { Precision = CudaPrecision.BFloat16 })).Message);
        using CudaDevice device = DeviceUnderTest.Open();
        Assert.Contains("sm_75", device.Description);
        Assert.Equal(0, FakeDriver.Get("contexts") - 1);
    }
}
