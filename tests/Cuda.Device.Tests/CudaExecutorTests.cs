using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Runtime;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Cuda.Fake;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>The executor's contract, on a plan that is small enough to be checked by hand.</summary>
public sealed class CudaExecutorTests
{
    private static readonly RunSize Small = new(1, 4, 8), Large = new(2, 40, 36);

    [Fact]
    public void Outputs_are_right_launched_captured_and_replayed_at_several_sizes()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        executor.Poison = true;
        float[] weights = Load(executor, 1);
        int runs = 0;
        foreach (RunSize size in new[] { Small, new RunSize(3, 12, 4), Large, Small, new RunSize(1, 4, 4), Large })
        {
            executor.Bind(size);
            Assert.Equal(size, executor.Size);
            for (int i = 0; i < 4; i++)
                Check(executor, weights, Input(size, ++runs));
        }
        Assert.Equal(runs, State(executor, "count")[0]);
        // Those since memory grew for the last time.
        Assert.Equal(3, executor.CapturedSizes);
    }

    [Fact]
    public void A_size_is_launched_then_captured_then_only_replayed()
    {
        DeviceUnderTest.RequireFake();
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = Load(executor, 1);
        executor.Bind(Small);
        Assert.Equal((4, 0), Calls());
        Assert.Equal((3, 1), Calls());
        Assert.Equal((0, 1), Calls());
        // Loaded weights are packed, outside of the captured run.
        weights = Load(executor, 2);
        Assert.Equal((1, 1), Calls());
        // Memory grows, so that what was captured is of no use.
        executor.Bind(Large);
        executor.Bind(Small);
        Assert.Equal((3, 0), Calls());

        (long Launches, long Replays) Calls()
        {
            FakeDriver.Reset();
            Check(executor, weights, Input(Small, 5));
            return (FakeDriver.Get("cuLaunchKernel"), FakeDriver.Get("cuGraphLaunch"));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void No_more_captured_runs_are_kept_than_asked_for(int limit)
    {
        using CudaDevice device = DeviceUnderTest.Open(new CudaOptions { CapturedSizes = limit });
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = Load(executor, 1);
        executor.Bind(new RunSize(1, 64, 64));
        for (int i = 1; i < 5; i++)
        {
            var size = new RunSize(1, 4 * i, 4);
            executor.Bind(size);
            for (int run = 0; run < 3; run++)
                Check(executor, weights, Input(size, run));
            Assert.Equal(Math.Min(i, limit), executor.CapturedSizes);
        }
    }

    [Fact]
    public void States_and_parameters_come_back_and_survive_a_change_of_size()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        Assert.All(State(executor, "parameters"), v => Assert.Equal(0.25f, v));
        float[] weights = Load(executor, 3);
        executor.Bind(Small);
        executor.Bind(Large);
        var read = new float[weights.Length];
        executor.ReadParameters(read);
        Assert.Equal(weights, read);
        executor.WriteState("count", [7]);
        Check(executor, weights, Input(Large, 3));
        Assert.Equal(8, State(executor, "count")[0]);
    }

    [Fact]
    public void Weights_are_packed_after_a_change_only()
    {
        DeviceUnderTest.RequireFake();
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        Load(executor, 1);
        executor.Bind(Small);
        executor.Prepare();
        FakeDriver.Reset();
        executor.Prepare();
        Assert.Equal(0, FakeDriver.Get("cuLaunchKernel"));
        executor.Invalidate();
        executor.Prepare();
        Assert.Equal(1, FakeDriver.Get("cuLaunchKernel"));
    }

    [Fact]
    public void Executors_of_a_device_share_kernels_and_nothing_else()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        ExecutionPlan plan = HandWrittenPlan.Make();
        using CudaExecutor one = device.CreateExecutor(plan), other = device.CreateExecutor(plan);
        float[] first = Load(one, 1), second = Load(other, 2);
        one.Bind(Small);
        other.Bind(Large);
        Check(one, first, Input(Small, 1));
        Check(other, second, Input(Large, 2));
        Check(one, first, Input(Small, 3));
        Assert.Equal(4, device.Kernels.Count);
    }

    [Fact]
    public void Runs_from_several_threads_take_turns()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = Load(executor, 1), x = Input(Small, 1);
        executor.Bind(Small);
        Parallel.For(0, 16, _ =>
        {
            lock (weights)
                Check(executor, weights, x);
        });
        Assert.Equal(16, State(executor, "count")[0]);
    }

    [Fact]
    public void A_run_that_is_cancelled_leaves_a_usable_executor()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = Load(executor, 1);
        executor.Bind(Small);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => executor.Run(cancelled.Token));
        Check(executor, weights, Input(Small, 1));
        Assert.Equal(1, State(executor, "count")[0]);
    }

    [Fact]
    public void Steps_and_runs_are_timed()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        float[] weights = Load(executor, 1);
        executor.Bind(Large);
        executor.Profile = true;
        Check(executor, weights, Input(Large, 1));
        Assert.Equal(4, executor.StepMilliseconds.Length);
        Assert.All(executor.StepMilliseconds, t => Assert.True(t > 0));
        executor.Profile = false;
        float[] times = executor.Time(5);
        Assert.Equal(5, times.Length);
        Assert.All(times, t => Assert.True(t > 0));
        Assert.Equal(1 + 2 + 5, State(executor, "count")[0]);
    }

    [Fact]
    public void Errors_name_device_operation_and_the_way_out()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        AssertError(() => executor.Run(), "cuda:0", "No run size is bound. Call Bind first.");
        AssertError(() => executor.Bind(new RunSize(1, 6, 8)), "N = 1, H = 6, W = 8", "multiples of 4");
        executor.Bind(Small);
        AssertError(() => executor.SetInput("z", []), "There is no such input. Use one of: x.");
        AssertError(() => executor.GetOutput("x", []), "Use one of: y, half, product.");
        AssertError(() => executor.SetInput("x", new float[7]), "'x' of Hand.Written", "7 floats were given. Give 96.");
        AssertError(() => executor.ReadState("count", new float[2]), "2 floats were given. Give 1.");
        AssertError(() => executor.LoadParameters(new float[2]), "Give 12.");
        // 2³¹ numbers and more: kernels count with int.
        AssertError(() => executor.Bind(new RunSize(1, 65536, 8192)), "is the most", "smaller tiles");
        AssertError(() => executor.Run(), "No run size is bound");
        ExecutionPlan without = new()
        {
            Name = "Cpu.Only", Divisor = 1, Arenas = [], PersistentArena = 0, Buffers = [], Inputs = [], Outputs = [], States = [], Parameters = [], Prepare = [], Steps = [],
        };
        AssertError(() => device.CreateExecutor(without), "FocalNetCuda=false");

        static void AssertError(Action action, params string[] parts)
        {
            var error = Assert.ThrowsAny<DeviceException>(action);
            Assert.All(parts, part => Assert.Contains(part, error.Message));
        }
    }

    [Fact]
    public void A_progress_callback_must_not_dispose_what_it_reports_on()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
        Load(executor, 1);
        executor.Bind(Small);
        executor.SetInput("x", Input(Small, 1));
        Assert.Throws<InvalidOperationException>(() => executor.Run(progress: new Callback(_ => executor.Dispose())));
        double last = 0;
        executor.Run(progress: new Callback(value => last = value));
        Assert.Equal(1, last);
    }

    [Fact]
    public void Nothing_is_left_after_dispose()
    {
        DeviceUnderTest.RequireFake();
        using (CudaDevice device = DeviceUnderTest.Open())
        {
            using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make());
            float[] weights = Load(executor, 1);
            foreach (RunSize size in new[] { Small, Large, Small })
            {
                executor.Bind(size);
                for (int i = 0; i < 3; i++)
                    Check(executor, weights, Input(size, i));
            }
            executor.Time(2);
            Assert.True(FakeDriver.Get("memory") > 0);
        }
        Assert.All(["memory", "allocations", "streams", "graphs", "modules", "events", "contexts"], name => Assert.Equal(0, FakeDriver.Get(name)));
    }

    [Fact]
    public void Required_bytes_are_what_is_allocated()
    {
        DeviceUnderTest.RequireFake();
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor executor = device.CreateExecutor(HandWrittenPlan.Make(text => string.Join('\n', text.Split('\n').Where(l => !l.StartsWith("gemm")))));
        executor.Bind(Large);
        Assert.Equal(FakeDriver.Get("memory"), executor.RequiredBytes(Large));
        Assert.Equal(FakeDriver.Get("memory"), device.RequiredBytes(HandWrittenPlan.Make(), Large));
        Assert.Equal(long.MaxValue, executor.RequiredBytes(new RunSize(int.MaxValue, int.MaxValue - 3, int.MaxValue - 3)));
    }

    internal static float[] Load(CudaExecutor executor, int seed)
    {
        float[] weights = Values(HandWrittenPlan.Inputs * HandWrittenPlan.Outputs, seed);
        executor.LoadParameters(weights);
        return weights;
    }

    internal static float[] Input(RunSize size, int seed) => Values(size.Images * HandWrittenPlan.Inputs * size.Height * size.Width, seed);

    internal static void Check(CudaExecutor executor, float[] weights, float[] x)
    {
        executor.SetInput("x", x);
        executor.Run();
        float[] expected = HandWrittenPlan.Expected(weights, x, executor.Size);
        var (y, product, half) = (new float[expected.Length], new float[expected.Length], new float[2 * expected.Length]);
        executor.GetOutput("y", y);
        executor.GetOutput("product", product);
        executor.GetOutput("half", half);
        int pixels = executor.Size.Height * executor.Size.Width;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], y[i], 1e-5f);
            Assert.Equal(expected[i], product[i], 1e-5f);
            int image = i / (4 * pixels), rest = i % (4 * pixels);
            float narrow = half[(image * 8 * pixels) + rest];
            Assert.Equal(y[i], narrow, Math.Abs(y[i]) / 256);
            Assert.Equal(0u, BitConverter.SingleToUInt32Bits(narrow) & 0xffff);
            Assert.Equal(-narrow, half[(image * 8 * pixels) + (4 * pixels) + rest]);
        }
    }

    private static float[] State(CudaExecutor executor, string name)
    {
        var values = new float[executor.Plan.States.Single(s => s.Name == name).Shape.Elements(default)];
        executor.ReadState(name, values);
        return values;
    }

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private sealed class Callback(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
