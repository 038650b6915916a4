using FocalNet.Model.Tests.Support;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests.Restoring;

/// <summary>A picture in tiles, as a memory budget asks for, against the same picture whole.</summary>
public sealed class TiledRestorerTests : IDisposable
{
    private readonly CpuDevice _device = new(2);

    public void Dispose() => _device.Dispose();

    /// <summary>With the random weights of the reference values, to which a tile's border matters more than to trained ones.</summary>
    [Theory]
    [InlineData(340, 60)]
    [InlineData(345, 45)]
    [InlineData(350, 40)]
    [InlineData(40, 341)]
    [InlineData(64, 352)]
    [InlineData(361, 33)]
    [InlineData(20, 420)]
    [InlineData(1, 600)]
    [InlineData(340, 97)]
    [InlineData(307, 310)]
    public void Tiles_differ_from_the_whole_by_less_than_a_step_of_8_bits(int width, int height)
    {
        using Restorer restorer = Restorer.Create(CpuNetwork.Find("Tiny"), CpuNetwork.Flatten("Tiny", GoldenData.Tensors("nr1/model").Tensors), _device);

        IReadOnlyList<RestorationPlan> plans = CompareWithWhole(restorer, width, height, 3, 1.0 / 255);

        Assert.Equal(3, plans.Distinct().Count());
    }

    /// <summary>Four and sixteen blocks, MResBlocks everywhere, and a network without whole-picture statistics but the norms'.</summary>
    [Theory]
    [InlineData("Dehaze", "focalnet_n4")]
    [InlineData("FocalNetS", null)]
    [InlineData("Table5a", "t5a")]
    public void So_do_those_of_other_networks(string network, string? golden)
    {
        float[] parameters = golden is null ? NetworkWeights.Initial(CpuNetwork.Find(network), 3) : CpuNetwork.Flatten(network, GoldenParameters.OfVariant(golden));
        using Restorer restorer = Restorer.Create(CpuNetwork.Find(network), parameters, _device);

        CompareWithWhole(restorer, 303, 150, 1, 1.0 / 255);
    }

    /// <summary>Nothing but rounding is left if tiles see all that the network can.</summary>
    [Fact]
    public void With_the_whole_reach_tiles_are_exact()
    {
        using Restorer restorer = Restorer.Create(CpuNetwork.Find("Tiny"), CpuNetwork.Flatten("Tiny", GoldenData.Tensors("nr1/model").Tensors), _device);
        restorer.TileOverlap = int.MaxValue;

        CompareWithWhole(restorer, 350, 60, 1, 2e-5);
    }

    /// <summary>Breaks the overlap, so that the comparison is known to see it.</summary>
    [Fact]
    public void With_too_little_overlap_they_would_not()
    {
        using Restorer restorer = Restorer.Create(CpuNetwork.Find("Tiny"), CpuNetwork.Flatten("Tiny", GoldenData.Tensors("nr1/model").Tensors), _device);
        restorer.TileOverlap = 24;

        Assert.InRange(Differences(restorer, 350, 60, 1).Single().Difference, 1.0 / 255, 1);
    }

    [Fact]
    public void Every_network_of_the_catalog_can_restore_in_tiles()
    {
        foreach (NetworkEntry network in NetworkCatalog.All)
        {
            TiledPlan tiled = NetworkPlans.Tiles(network)!;
            // Means of the two SCMs; their variances; the mean of the FSM where there is one; the picture.
            bool hasFrequencySelection = tiled.Passes[^1].Plan.Inputs.Length == 1 + 4 + 1 + 2;
            Assert.Equal(hasFrequencySelection ? [2, 2, 1, 0] : [2, 2, 0], tiled.Passes.Select(p => p.Statistics.Length));
            Assert.Equal(NetworkPlans.Inference(network).Divisor, tiled.Divisor);
            Assert.Equal(NetworkPlans.Inference(network).Parameters, tiled.Passes[^1].Plan.Parameters, (a, b) => a.Name == b.Name && a.Offset == b.Offset);
        }
        Assert.Equal([8, 8, 129, 201], NetworkPlans.Tiles(CpuNetwork.Find("Dehaze"))!.Passes.Select(p => p.Reach));
    }

    [Fact]
    public void Progress_rises_to_1_over_passes_and_tiles_and_all_sample_types_work()
    {
        using Restorer restorer = Small(out PixelLayout layout);
        var bytes = new byte[layout.Length];
        new Random(1).NextBytes(bytes);
        ushort[] words = Array.ConvertAll(bytes, b => (ushort)(b * 257));
        float[] floats = Array.ConvertAll(bytes, b => b / 255f);
        var progress = new List<double>();

        restorer.Restore(bytes, bytes, layout, new Reporter(progress.Add));
        restorer.Restore(words, words, layout);
        restorer.Restore(floats, floats, layout);

        Assert.Equal(progress.Order(), progress);
        Assert.InRange(progress[0], 0, 0.05);
        Assert.Equal(1, progress[^1], 1e-9);
        Assert.InRange(progress.Count, 100, int.MaxValue);
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.InRange(words[i] / 65535f - floats[i], -1e-5f, 1e-5f);
            Assert.InRange(bytes[i] / 255f - floats[i], -0.51f / 255, 0.51f / 255);
        }
    }

    [Fact]
    public void A_cancelled_call_leaves_the_target_unchanged_and_the_restorer_usable()
    {
        using Restorer restorer = Small(out PixelLayout layout);
        byte[] picture = new byte[layout.Length], target = new byte[layout.Length];
        new Random(1).NextBytes(picture);
        foreach (double when in (double[])[0.01, 0.5, 0.99])
        {
            using var cancellation = new CancellationTokenSource();
            var progress = new Reporter(share =>
            {
                if (share > when)
                    cancellation.Cancel();
            });
            Assert.ThrowsAny<OperationCanceledException>(() => restorer.Restore(picture, target, layout, progress, cancellation.Token));
            Assert.All(target, b => Assert.Equal(0, b));
        }

        restorer.Restore(picture, target, layout);
        Assert.Contains(target, b => b != 0);
    }

    [Fact]
    public void What_does_not_fit_in_tiles_either_is_refused_with_needed_and_free_bytes()
    {
        using Restorer restorer = Small(out PixelLayout layout);
        long smallest = restorer.Plan(layout, 1).Bytes;
        restorer.MemoryBudget = 20_000_000;

        DeviceMemoryException error = Assert.Throws<DeviceMemoryException>(() => restorer.Restore(new byte[layout.Length], new byte[layout.Length], layout));

        Assert.Equal(20_000_000, error.AvailableBytes);
        Assert.InRange(error.NeededBytes, 20_000_001, smallest);
        Assert.Contains($"allow at least {error.NeededBytes} bytes", error.Message);
        restorer.MemoryBudget = error.NeededBytes;
        restorer.Restore(new byte[layout.Length], new byte[layout.Length], layout);
    }

    [Fact]
    public void A_grey_picture_with_gaps_and_one_with_alpha()
    {
        using Restorer restorer = Small(out PixelLayout layout);
        var grey = layout with { Channels = 1, Stride = layout.Width + 5 };
        byte[] picture = new byte[grey.Length], target = [.. Enumerable.Repeat((byte)7, (int)grey.Length)];
        new Random(1).NextBytes(picture);
        restorer.Restore(picture, target, grey);
        Assert.Equal([7, 7, 7, 7, 7], target.AsSpan(layout.Width, 5).ToArray());

        var withAlpha = layout with { Channels = 4 };
        picture = new byte[withAlpha.Length];
        new Random(1).NextBytes(picture);
        target = new byte[picture.Length];
        restorer.Restore(picture, target, withAlpha);
        Assert.All(Enumerable.Range(0, layout.Width * layout.Height), i => Assert.Equal(picture[4 * i + 3], target[4 * i + 3]));
    }

    [Fact]
    public void Broken_weights_are_an_error()
    {
        using Restorer restorer = Small(out PixelLayout layout);
        float[] parameters = NetworkWeights.Initial(restorer.Network, 1);
        parameters[^1] = float.NaN;
        restorer.SetParameters(parameters);

        Assert.Throws<RestorationException>(() => restorer.Restore(new byte[layout.Length], new byte[layout.Length], layout));
    }

    // A small picture whose tiles are as small as can be.
    private Restorer Small(out PixelLayout layout)
    {
        layout = new PixelLayout(170, 52);
        NetworkEntry network = CpuNetwork.Find("Tiny");
        Restorer restorer = Restorer.Create(network, NetworkWeights.Initial(network, 1), _device);
        restorer.TileOverlap = 16;
        restorer.MemoryBudget = restorer.Plan(layout, 1).Bytes - 1_000_000;
        Assert.False(restorer.Plan(layout, 1).IsWhole);
        return restorer;
    }

    private static IReadOnlyList<RestorationPlan> CompareWithWhole(Restorer restorer, int width, int height, int plans, double tolerance)
    {
        var differences = Differences(restorer, width, height, plans);
        Assert.All(differences, d => Assert.InRange(d.Difference, 0, tolerance));
        return [.. differences.Select(d => d.Plan)];
    }

    private static List<(RestorationPlan Plan, double Difference)> Differences(Restorer restorer, int width, int height, int plans)
    {
        var layout = new PixelLayout(width, height, Order: PixelOrder.Planar);
        float[] picture = CpuNetwork.Noise(checked((int)layout.Length), width), whole = new float[picture.Length];
        restorer.Restore(picture, whole, layout);
        long budget = restorer.Plan(layout, sizeof(float)).Bytes;
        var differences = new List<(RestorationPlan, double)>();
        for (int i = 0; i < plans; i++)
        {
            // Each time a little less than the last plan took.
            restorer.MemoryBudget = budget - 1;
            RestorationPlan plan = restorer.Plan(layout, sizeof(float));
            Assert.InRange(plan.Tiles, 2, 1000);
            Assert.InRange(plan.Bytes, 1, budget - 1);
            budget = plan.Bytes;
            var restored = new float[picture.Length];
            restorer.Restore(picture, restored, layout);
            differences.Add((plan, restored.Zip(whole, (a, b) => (double)Math.Abs(a - b)).Max()));
        }
        restorer.MemoryBudget = null;
        return differences;
    }

    private sealed class Reporter(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
