using System.Runtime.Intrinsics;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>
/// A hand-written plan through the executor: t = conv3x3(x, w) (weights packed by a Prepare step), y = 2·t into the upper channels of
/// a wider buffer, and sum and maximum of t over pixels for each image and channel, in fixed chunks.
/// </summary>
public sealed unsafe class CpuExecutorTests
{
    private const int Inputs = 3, Outputs = 10;
    private static readonly ConvolutionGeometry Geometry = new(Inputs, Outputs, 3, 3, 1, 1, 1);

    [Fact]
    public void Outputs_are_right_at_several_sizes_one_after_the_other()
    {
        using var device = new CpuDevice(2);
        using CpuExecutor executor = device.CreateExecutor(Plan());
        executor.Poison = true;
        float[] weights = Load(executor, 1);
        foreach (var size in new[] { new RunSize(1, 4, 8), new RunSize(3, 12, 4), new RunSize(1, 4, 4), new RunSize(2, 40, 36) })
        {
            executor.Bind(size);
            Assert.Equal(size, executor.Size);
            Check(executor, weights, Input(size, 5));
        }
    }

    [Fact]
    public void Results_are_equal_to_the_bit_for_any_number_of_threads()
    {
        var size = new RunSize(2, 40, 36);
        float[][] results = new[] { 1, 2, 3, 8 }.Select(threads =>
        {
            using var device = new CpuDevice(threads);
            using CpuExecutor executor = device.CreateExecutor(Plan());
            Load(executor, 2);
            executor.Bind(size);
            executor.SetInput("x", Input(size, 6));
            executor.Run();
            return (float[])[.. Output(executor, "y"), .. Output(executor, "sum"), .. Output(executor, "max")];
        }).ToArray();
        Assert.All(results, r => Assert.Equal(results[0], r));
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using var device = new CpuDevice(2);
        using CpuExecutor executor = device.CreateExecutor(Plan());
        var size = new RunSize(1, 16, 16);
        executor.Bind(size);
        float[] x = Input(size, 1), y = new float[Outputs * 256];
        for (int i = 0; i < 5; i++)
            Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            Round();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round()
        {
            executor.SetInput("x", x);
            executor.Invalidate();
            executor.Run();
            executor.GetOutput("y", y);
        }
    }

    [Fact]
    public void Parameters_come_back_as_they_were_loaded_and_survive_a_change_of_size()
    {
        using var device = new CpuDevice(1);
        using CpuExecutor executor = device.CreateExecutor(Plan());
        Assert.All(executor.State("parameters").ToArray(), v => Assert.Equal(0.25f, v));
        float[] loaded = Load(executor, 3);
        executor.Bind(new RunSize(1, 4, 4));
        executor.Bind(new RunSize(1, 64, 64));
        var read = new float[loaded.Length];
        executor.ReadParameters(read);
        Assert.Equal(loaded, read);
        // OIHW to OHWI: element (o, i, kh, kw) = (4, 1, 2, 0).
        Assert.Equal(loaded[(((4 * Inputs) + 1) * 9) + 6], executor.State("parameters")[(((4 * 9) + 6) * Inputs) + 1]);

        var raw = new float[executor.State("parameters").Length];
        executor.ReadState("parameters", raw);
        Array.Reverse(raw);
        executor.WriteState("parameters", raw);
        Assert.Equal(raw, executor.State("parameters").ToArray());
    }

    [Fact]
    public void Prepare_runs_after_invalidation_only()
    {
        using var device = new CpuDevice(1);
        using CpuExecutor executor = device.CreateExecutor(Plan());
        var size = new RunSize(1, 4, 4);
        float[] x = Input(size, 4), weights = Load(executor, 4);
        executor.Bind(size);
        Check(executor, weights, x);
        executor.State("parameters").Clear();
        Check(executor, weights, x);
        executor.Invalidate();
        Check(executor, new float[weights.Length], x);
    }

    [Fact]
    public void Zero_copy_spans_show_the_memory()
    {
        using var device = new CpuDevice(1);
        using CpuExecutor executor = device.CreateExecutor(Plan());
        var size = new RunSize(2, 4, 8);
        executor.Bind(size);
        Load(executor, 5);
        float[] x = Input(size, 9);
        executor.SetInput("x", x);
        PixelSpan input = executor.InputSpan("x");
        Assert.Equal((2, 4, 8, Inputs, Inputs), (input.Images, input.Height, input.Width, input.Channels, input.Pitch));
        Assert.Equal(x[(((1 * Inputs) + 2) * 32) + 11], input.Data[((32 + 11) * input.Pitch) + 2]);
        executor.Run();
        PixelSpan output = executor.OutputSpan("y");
        Assert.Equal((Outputs, Outputs + 6), (output.Channels, output.Pitch));
        Assert.Equal(Output(executor, "y")[(((1 * Outputs) + 7) * 32) + 30], output.Data[((32 + 30) * output.Pitch) + 7]);
        Assert.Equal((63 * output.Pitch) + Outputs, output.Data.Length);
    }

    [Fact]
    public void Poison_spoils_what_a_run_did_not_write_but_neither_inputs_nor_states()
    {
        using var device = new CpuDevice(1);
        using CpuExecutor executor = device.CreateExecutor(Plan(withConvolution: false));
        var size = new RunSize(1, 4, 4);
        executor.Bind(size);
        executor.SetInput("x", Input(size, 1));
        executor.OutputSpan("y").Data.Clear();
        executor.Run();
        Assert.DoesNotContain(float.NaN, Output(executor, "y"));
        executor.Poison = true;
        executor.Run();
        Assert.All(Output(executor, "y"), v => Assert.True(float.IsNaN(v)));
        Assert.DoesNotContain(float.NaN, executor.InputSpan("x").Data.ToArray());
        Assert.DoesNotContain(float.NaN, executor.State("parameters").ToArray());
    }

    [Fact]
    public void Errors_name_device_operation_shape_and_way_out()
    {
        using var device = new CpuDevice(1);
        CpuExecutor executor = device.CreateExecutor(Plan());
        Assert.Contains("Bind first", Assert.Throws<DeviceException>(() => executor.Run()).Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 4", Assert.Throws<DeviceException>(() => executor.Bind(new RunSize(1, 6, 4))).Message, StringComparison.Ordinal);
        executor.Bind(new RunSize(1, 4, 4));
        var wrong = Assert.Throws<DeviceException>(() => executor.SetInput("x", new float[5]));
        Assert.Equal("cpu", wrong.Device);
        Assert.Contains("Give 48", wrong.WayOut, StringComparison.Ordinal);
        Assert.Contains("Use one of: x", Assert.Throws<DeviceException>(() => executor.SetInput("z", [])).Message, StringComparison.Ordinal);

        var large = new RunSize(1024, 1 << 20, 1 << 20);
        var memory = Assert.Throws<DeviceMemoryException>(() => executor.Bind(large));
        Assert.Equal(executor.RequiredBytes(large), memory.NeededBytes);
        Assert.Contains("smaller tiles", memory.Message, StringComparison.Ordinal);
        int most = int.MaxValue / 4 * 4;
        Assert.Equal(long.MaxValue, Assert.Throws<DeviceMemoryException>(() => executor.Bind(new RunSize(most, most, most))).NeededBytes);

        executor.Bind(new RunSize(1, 4, 4));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => executor.Run(cancelled.Token));
        executor.Dispose();
        executor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => executor.Run());
        Assert.Throws<ObjectDisposedException>(() => executor.State("parameters").Length);
    }

    [Fact]
    public void An_exception_in_a_kernel_names_the_kernel()
    {
        using var device = new CpuDevice(2);
        ExecutionPlan plan = Plan();
        plan.Steps[1] = plan.Steps[1] with { Kernel = new CpuKernel("broken", &Broken, () => string.Empty), Name = "layer 7" };
        using CpuExecutor executor = device.CreateExecutor(plan);
        executor.Bind(new RunSize(1, 32, 32));
        var error = Assert.Throws<DeviceException>(() => executor.Run());
        Assert.Contains("broken (layer 7)", error.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidDataException>(error.InnerException);
    }

    [Fact]
    public void A_run_is_cancelled_between_kernels_and_dispose_waits_for_a_run()
    {
        using var device = new CpuDevice(2);
        ExecutionPlan plan = Plan();
        plan.Steps[1] = plan.Steps[1] with { Kernel = Kernel("wait", &Wait) };
        plan.Steps[0] = plan.Steps[0] with { Kernel = Kernel("cancel", &Cancel) };
        CpuExecutor executor = device.CreateExecutor(plan);
        using var cancellation = new CancellationTokenSource();
        running = cancellation;
        entered.Reset();
        left = 0;
        executor.Bind(new RunSize(1, 4, 4));
        Assert.Throws<OperationCanceledException>(() => executor.Run(cancellation.Token));
        Assert.False(entered.IsSet);

        var runner = new Thread(() => executor.Run());
        runner.Start();
        entered.Wait();
        executor.Dispose();
        Assert.Equal(1, Volatile.Read(ref left));
        runner.Join();
    }

    [Fact]
    public void Callers_of_one_executor_take_turns_and_executors_share_a_pool()
    {
        using var device = new CpuDevice(2);
        CpuExecutor[] executors = [device.CreateExecutor(Plan()), device.CreateExecutor(Plan())];
        var size = new RunSize(1, 24, 20);
        float[] x = Input(size, 3), weights = Load(executors[0], 8);
        Load(executors[1], 8);
        var threads = executors.SelectMany(e => Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 20; i++)
            {
                e.Bind(size);
                e.SetInput("x", x);
                e.Invalidate();
                e.Run();
            }
        }))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        foreach (CpuExecutor executor in executors)
        {
            Check(executor, weights, x);
            executor.Dispose();
        }
    }

    private static void Check(CpuExecutor executor, float[] weights, float[] x)
    {
        RunSize size = executor.Size;
        executor.SetInput("x", x);
        executor.Run();
        float[] y = Output(executor, "y"), sums = Output(executor, "sum"), maxima = Output(executor, "max");
        int pixels = size.Height * size.Width;
        for (int n = 0; n < size.Images; n++)
            for (int o = 0; o < Outputs; o++)
            {
                double sum = 0, max = double.NegativeInfinity;
                for (int p = 0; p < pixels; p++)
                {
                    double t = 0;
                    for (int i = 0; i < Inputs; i++)
                        for (int tap = 0; tap < 9; tap++)
                        {
                            int iy = (p / size.Width) - 1 + (tap / 3), ix = (p % size.Width) - 1 + (tap % 3);
                            if (iy >= 0 && iy < size.Height && ix >= 0 && ix < size.Width)
                                t += (double)x[(((n * Inputs) + i) * pixels) + (iy * size.Width) + ix] * weights[(((o * Inputs) + i) * 9) + tap];
                        }

                    sum += t;
                    max = Math.Max(max, t);
                    Assert.Equal(2 * t, y[(((n * Outputs) + o) * pixels) + p], 1e-5);
                }

                Assert.Equal(sum, sums[(n * Outputs) + o], 1e-6 * pixels + 1e-5);
                Assert.Equal(max, maxima[(n * Outputs) + o], 1e-5);
            }
    }

    private static float[] Load(CpuExecutor executor, int seed)
    {
        var random = new Random(seed);
        float[] values = Enumerable.Range(0, Outputs * Inputs * 9).Select(_ => (float)random.NextDouble() - 0.5f).ToArray();
        executor.LoadParameters(values);
        return values;
    }

    private static float[] Input(RunSize size, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, size.Images * Inputs * size.Height * size.Width).Select(_ => (float)random.NextDouble() - 0.5f).ToArray();
    }

    private static float[] Output(CpuExecutor executor, string name)
    {
        var values = new float[executor.Plan.Outputs.Single(o => o.Name == name).Shape.Elements(executor.Size)];
        executor.GetOutput(name, values);
        return values;
    }

    private static ExecutionPlan Plan(bool withConvolution = true)
    {
        ExtentSpec n = new(ExtentSymbol.Images, 1), h = new(ExtentSymbol.Height, 1), w = new(ExtentSymbol.Width, 1);
        ShapeSpec parameters = new(1, Outputs * Inputs * 9, 1, 1), packed = new(1, (int)WeightPacking.PackedFloats(Geometry, false), 1, 1);
        ShapeSpec x = new(n, Inputs, h, w), t = new(n, Outputs, h, w), wide = new(n, Outputs + 6, h, w), perImage = new(n, Outputs, 1, 1);
        const int Parameters = 0, Packed = 1, X = 2, T = 3, Wide = 4, Sum = 5, Max = 6;
        return new ExecutionPlan
        {
            Name = "Hand.Written",
            Divisor = 4,
            // Units are bottleneck pixels: a full-size channel is 16 of them.
            Arenas = [new(false, false, false, 270 + 512), new(true, true, true, 16 * (Inputs + Outputs + Outputs + 6)), new(true, false, false, 2 * Outputs)],
            PersistentArena = 0,
            Buffers =
            [
                new(0, 0, parameters), new(0, 272, packed), new(1, 16 * Outputs, x), new(1, 0, t), new(1, 16 * (Inputs + Outputs), wide),
                new(2, 0, perImage), new(2, Outputs, perImage),
            ],
            Inputs = [new("x", x, new(X, 0))],
            Outputs = [new("y", t, new(Wide, 5)), new("sum", perImage, new(Sum, 0)), new("max", perImage, new(Max, 0))],
            States = [new("parameters", new(Parameters, 0), parameters, 0.25f)],
            Parameters = [new("conv.weight", [Outputs, Inputs, 3, 3], [Outputs, Inputs, 3, 3], 0, default)],
            Prepare = [new(Kernel("pack", &PackWeights), [new(Parameters, 0), new(Packed, 0)], packed, packed, Chunking.PerThread, [], "pack")],
            Steps = withConvolution
                ?
                [
                    new(
                        Kernel("conv", &Convolve), [new(X, 0), new(Packed, 0), new(T, 0)], t, x, Chunking.Fixed,
                        [new(ReductionKind.Sum, perImage, new(Sum, 0)), new(ReductionKind.Max, perImage, new(Max, 0))], "conv"),
                    new(Kernel("double", &Double), [new(T, 0), new(Wide, 5)], t, t, Chunking.PerThread, [], "double"),
                ]
                : [],
        };
    }

    private static CpuKernel Kernel(string name, delegate*<in KernelArguments, in WorkSlice, void> entry) => new(name, entry, () => string.Empty);

    private static void Broken(in KernelArguments a, in WorkSlice s) => throw new InvalidDataException("broken");

    private static readonly ManualResetEventSlim entered = new();
    private static CancellationTokenSource? running;
    private static int left;

    private static void Cancel(in KernelArguments a, in WorkSlice s) => running!.Cancel();

    private static void Wait(in KernelArguments a, in WorkSlice s)
    {
        entered.Set();
        Thread.Sleep(100);
        Volatile.Write(ref left, 1);
    }

    private static void PackWeights(in KernelArguments a, in WorkSlice s) => WeightPacking.PackForward(in Geometry, a.Buffers[0], a.Buffers[1], in s);

    private static void Convolve(in KernelArguments a, in WorkSlice s)
    {
        var body = new StatisticsBody(in a, in s);
        DenseConvolution.Run(in Geometry, a.Buffers[0], a.Pitches[0], a.Buffers[1], ref body, in a, in s);
    }

    private static void Double(in KernelArguments a, in WorkSlice s)
    {
        var body = new DoubleBody(in a);
        var source = default(NoSource);
        PixelLoop.Run(ref source, ref body, in a, in s);
    }

    /// <summary>Stores t; sum and maximum into this chunk's partial results.</summary>
    private readonly struct StatisticsBody(in KernelArguments a, in WorkSlice s) : IKernelBody
    {
        private readonly float* t = a.Buffers[2], sum = a.Partials[0] + ((nint)s.Chunk * a.PartialStrides[0]), max = a.Partials[1] + ((nint)s.Chunk * a.PartialStrides[1]);
        private readonly nint pitch = a.Pitches[2];
        private readonly int channels = a.Channels;

        public void Apply(Vector256<float> value, nint pixel, int image, int y, int x, int channel)
        {
            value.Store(t + (pixel * pitch) + channel);
            int i = (image * channels) + channel;
            (Vector256.Load(sum + i) + value).Store(sum + i);
            Vector256.Max(Vector256.Load(max + i), value).Store(max + i);
        }

        public void Apply(float value, nint pixel, int image, int y, int x, int channel)
        {
            t[(pixel * pitch) + channel] = value;
            int i = (image * channels) + channel;
            sum[i] += value;
            max[i] = Math.Max(max[i], value);
        }

        public void Prefetch(nint pixel, int channel)
        {
        }

        public void EndPixel(nint pixel, int image, int y, int x)
        {
        }

        public void EndChunk()
        {
        }
    }

    private readonly struct DoubleBody(in KernelArguments a) : IKernelBody
    {
        private readonly float* from = a.Buffers[0], to = a.Buffers[1];
        private readonly nint fromPitch = a.Pitches[0], toPitch = a.Pitches[1];

        public void Apply(Vector256<float> value, nint pixel, int image, int y, int x, int channel) =>
            (Vector256.Load(from + (pixel * fromPitch) + channel) * 2f).Store(to + (pixel * toPitch) + channel);

        public void Apply(float value, nint pixel, int image, int y, int x, int channel) =>
            to[(pixel * toPitch) + channel] = 2f * from[(pixel * fromPitch) + channel];

        public void Prefetch(nint pixel, int channel)
        {
        }

        public void EndPixel(nint pixel, int image, int y, int x)
        {
        }

        public void EndChunk()
        {
        }
    }
}
