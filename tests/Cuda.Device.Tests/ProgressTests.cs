using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Model;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Cuda.Fake;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>A run in parts, for progress and cancellation: launched, captured, and replayed.</summary>
public sealed class ProgressTests : IDisposable
{
    private static readonly RunSize Size = new(1, 8, 12);

    private readonly CudaDevice device = DeviceUnderTest.Open();
    private readonly CudaExecutor executor;
    private readonly float[] picture = [.. Enumerable.Range(0, 3 * Size.Height * Size.Width).Select(i => i % 7 / 7f)];

    public ProgressTests()
    {
        NetworkEntry tiny = NetworkCatalog.Find("Tiny");
        executor = device.CreateExecutor(NetworkPlans.Inference(tiny));
        executor.LoadParameters(NetworkWeights.Initial(tiny, 1));
        executor.Bind(Size);
    }

    public void Dispose()
    {
        executor.Dispose();
        device.Dispose();
    }

    [Fact]
    public void Progress_rises_in_steps_and_the_result_is_that_of_a_run_in_one_part()
    {
        float[] expected = Run(null);
        for (int run = 0; run < 3; run++)
        {
            var shares = new List<double>();
            Assert.Equal(expected, Run(new Callback(shares.Add)));
            Assert.InRange(shares.Count, 5, 16);
            Assert.Equal(shares.Order().Distinct(), shares);
            Assert.Equal(1, shares[^1]);
        }
    }

    [Fact]
    public void A_captured_run_is_cancelled_between_its_parts()
    {
        DeviceUnderTest.RequireFake();
        float[] expected = Run(null);
        using var never = new CancellationTokenSource();
        Run(null, never.Token);
        Run(null, never.Token);
        FakeDriver.Reset();
        Assert.Equal(expected, Run(null, never.Token));
        long parts = FakeDriver.Get("cuGraphLaunch");
        Assert.InRange(parts, 5, 16);
        Assert.Equal(0, FakeDriver.Get("cuLaunchKernel"));

        using var soon = new CancellationTokenSource();
        FakeDriver.Reset();
        Assert.ThrowsAny<OperationCanceledException>(() => Run(new Callback(share => { if (share > 0.4) soon.Cancel(); }), soon.Token));
        Assert.InRange(FakeDriver.Get("cuGraphLaunch"), 2, parts - 1);
        Assert.Equal(expected, Run(null));
    }

    private float[] Run(IProgress<double>? progress, CancellationToken cancellation = default)
    {
        executor.SetInput("image", picture);
        executor.Run(cancellation, progress);
        var restored = new float[picture.Length];
        executor.GetOutput("restored", restored);
        return restored;
    }

    private sealed class Callback(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
