using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;

namespace FocalNet.Model.Tests.Restoring;

/// <summary>A device that was asked for less than float32 and gives no numbers: the picture is restored again, and the caller hears of it.</summary>
public sealed class PrecisionFallbackTests
{
    private static readonly NetworkEntry Tiny = NetworkCatalog.Find("Tiny");
    private static readonly PixelLayout Layout = new(12, 8);

    [Fact]
    public void What_overflows_is_restored_in_float32_with_a_warning()
    {
        float[] parameters = NetworkWeights.Initial(Tiny, 1), expected = Picture();
        using (Restorer exact = Restorer.Create(Tiny, parameters))
            exact.Restore(expected, expected, Layout);
        using var device = new OverflowingDevice(hasExact: true);
        using Restorer restorer = Restorer.Create(Tiny, parameters, device);
        var warnings = new List<string>();
        restorer.Warning += warnings.Add;
        for (int i = 1; i <= 2; i++)
        {
            float[] picture = Picture();
            restorer.Restore(picture, picture, Layout);
            Assert.Equal(expected, picture);
            // The next picture gets its chance.
            Assert.Equal(i, warnings.Count);
            Assert.Equal(i, device.ExactExecutors);
        }
        Assert.Contains("no number on narrow; it is restored again in float32", warnings[0]);
    }

    [Fact]
    public void A_device_that_computes_in_float32_already_fails_and_leaves_the_picture()
    {
        using var device = new OverflowingDevice(hasExact: false);
        using Restorer restorer = Restorer.Create(Tiny, NetworkWeights.Initial(Tiny, 1), device);
        float[] picture = Picture();
        Assert.Throws<RestorationException>(() => restorer.Restore(picture, picture, Layout));
        Assert.Equal(Picture(), picture);
    }

    private static float[] Picture() => [.. Enumerable.Range(0, 3 * 12 * 8).Select(i => i % 29 / 29f)];

    private sealed class OverflowingDevice(bool hasExact) : IDevice
    {
        private readonly CpuDevice cpu = new(1);

        public int ExactExecutors { get; private set; }

        public string Name => "narrow";

        public string Description => Name;

        public long AvailableBytes => cpu.AvailableBytes;

        public IExecutor CreateExecutor(ExecutionPlan plan) => new OverflowingExecutor(cpu.CreateExecutor(plan));

        public IExecutor? CreateExactExecutor(ExecutionPlan plan)
        {
            if (!hasExact)
                return null;
            ExactExecutors++;
            return cpu.CreateExecutor(plan);
        }

        public void Dispose() => cpu.Dispose();
    }

    private sealed class OverflowingExecutor(IExecutor inner) : IExecutor
    {
        public PlanLayout Plan => inner.Plan;

        public RunSize Size => inner.Size;

        public void Bind(RunSize size) => inner.Bind(size);

        public long RequiredBytes(RunSize size) => inner.RequiredBytes(size);

        public void SetInput(string name, ReadOnlySpan<float> nchw) => inner.SetInput(name, nchw);

        public void GetOutput(string name, Span<float> nchw)
        {
            inner.GetOutput(name, nchw);
            nchw[nchw.Length / 2] = float.PositiveInfinity;
        }

        public void ReadState(string name, Span<float> values) => inner.ReadState(name, values);

        public void WriteState(string name, ReadOnlySpan<float> values) => inner.WriteState(name, values);

        public void LoadParameters(ReadOnlySpan<float> checkpoint) => inner.LoadParameters(checkpoint);

        public void ReadParameters(Span<float> checkpoint) => inner.ReadParameters(checkpoint);

        public void Invalidate() => inner.Invalidate();

        public void Prepare() => inner.Prepare();

        public void Run(CancellationToken cancellation = default, IProgress<double>? progress = null) => inner.Run(cancellation, progress);

        public void Dispose() => inner.Dispose();
    }
}
