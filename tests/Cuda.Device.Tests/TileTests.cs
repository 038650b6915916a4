using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Model;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Cuda.Fake;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>A picture in tiles on the device, as a memory budget asks for, against the same picture whole.</summary>
public sealed class TileTests(ITestOutputHelper output)
{
    // Long and flat: so much lies between its ends that a tile with the default overlap does not see all of it.
    private const int Height = 4, Width = 344;

    private static readonly NetworkEntry Tiny = NetworkCatalog.Find("Tiny");

    /// <summary>
    /// In the emulator by 1e-7 in float32 and by 9e-4 in bfloat16, which rounds. Tiles without an overlap differ by 6e-6 in float32; where the last tile's
    /// statistics are taken for the picture's, or surroundings count twice, it is 4e-3 to 5e-3 in both.
    /// </summary>
    [Theory]
    [InlineData(CudaPrecision.Fast, 2e-6)]
    [InlineData(CudaPrecision.BFloat16, 2.5e-3)]
    public void Tiles_differ_from_the_whole_by_less_than_a_step_of_8_bits(CudaPrecision precision, double tolerance)
    {
        using CudaDevice device = DeviceUnderTest.Open(new CudaOptions { Precision = precision });
        using Restorer restorer = Restorer.Create(Tiny, NetworkWeights.Initial(Tiny, 3), device);
        var layout = new PixelLayout(Width, Height, Order: PixelOrder.Planar);
        var random = new Random(4);
        float[] picture = [.. Enumerable.Range(0, (int)layout.Length).Select(_ => random.NextSingle())];
        float[] whole = new float[picture.Length], tiled = new float[picture.Length];
        restorer.Restore(picture, whole, layout);
        long wholeBytes = restorer.Plan(layout, sizeof(float)).Bytes;

        // A single tile of all passes takes less than the whole: each pass has less to keep.
        RestorationPlan plan = restorer.Plan(layout, sizeof(float));
        while (plan.Tiles == 1)
        {
            restorer.MemoryBudget = plan.Bytes - 1;
            plan = restorer.Plan(layout, sizeof(float));
        }
        restorer.Restore(picture, tiled, layout);

        double largest = tiled.Zip(whole, (a, b) => (double)Math.Abs(a - b)).Max();
        output.WriteLine($"{plan.Tiles} tiles differ from the whole by {largest:E2}");
        Assert.InRange(plan.Tiles, 2, 10);
        Assert.Equal(4, plan.Passes);
        Assert.InRange(plan.Bytes, 1, wholeBytes - 1);
        Assert.InRange(largest, 1e-9, tolerance);
    }

    [Fact]
    public void Bytes_of_a_pass_are_those_that_its_executor_takes()
    {
        DeviceUnderTest.RequireFake();
        using CudaDevice device = DeviceUnderTest.Open();
        TilePassSpec pass = NetworkPlans.Tiles(Tiny)!.Passes[^1];
        var size = new RunSize(1, Height, 64);
        long before = FakeDriver.Get("memory");
        using CudaExecutor executor = device.CreateExecutor(pass.Plan);
        executor.Bind(size);

        Assert.Equal(device.RequiredBytes(pass.Plan, size), FakeDriver.Get("memory") - before);
    }

    /// <summary>Every pass of every network has plans of both precisions, with the inputs, outputs and parameters of the processor's.</summary>
    [Fact]
    public void Every_pass_of_every_network_has_plans_for_the_device()
    {
        foreach (TilePassSpec pass in NetworkCatalog.All.SelectMany(network => NetworkPlans.Tiles(network)!.Passes))
        {
            foreach (PlanLayout plan in new PlanLayout[] { pass.Plan.Cuda!.Float32, pass.Plan.Cuda.BFloat16! })
            {
                Assert.Equal(pass.Plan.Inputs.Select(i => (i.Name, i.Shape)).Order(), plan.Inputs.Select(i => (i.Name, i.Shape)).Order());
                Assert.Equal(pass.Plan.Outputs.Select(o => (o.Name, o.Shape)).Order(), plan.Outputs.Select(o => (o.Name, o.Shape)).Order());
                Assert.Equal(pass.Plan.Parameters.Select(p => (p.Name, p.Offset)), plan.Parameters.Select(p => (p.Name, p.Offset)));
            }
        }
    }
}
