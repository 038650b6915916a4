using FocalNet.Graph.Dsl;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;
using FocalNet.Model;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>How many kernels a run starts on a device of launches: a fusion that is lost fails a test.</summary>
public sealed class LaunchCountTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(NetworkMode.Inference, 60)]
    [InlineData(NetworkMode.Training, 240)]
    public void Dehaze_starts_few_kernels(NetworkMode mode, int most)
    {
        foreach (ElementType precision in new[] { ElementType.Float32, ElementType.BFloat16 })
        {
            LaunchPlan plan = LaunchCompiler.Compile(NetworkCatalog.Find("Dehaze").Build(mode), precision);
            output.WriteLine($"{plan.Name} in {precision}: {Count(plan)}\n" + string.Join("\n", plan.Launches.Select((l, i) => $"  {i} {l.Description}")));
            Assert.InRange(plan.Launches.Count, 1, most);
        }
    }

    [Fact]
    public void Every_network_is_counted_and_every_decision_has_a_reason()
    {
        foreach (NetworkEntry network in NetworkCatalog.All)
        {
            foreach (NetworkMode mode in new[] { NetworkMode.Inference, NetworkMode.Training })
            {
                LaunchPlan plan = LaunchCompiler.Compile(network.Build(mode));
                output.WriteLine($"{plan.Name}: {Count(plan)}");
                Assert.All(plan.Decisions, d => Assert.NotEmpty(d.Reason));
                // Each training step can be cut at its gradient.
                Assert.Equal(mode == NetworkMode.Training, plan.Gradient is not null);
                Assert.InRange(plan.Gradient?.Step ?? 1, 1, plan.Launches.Count - 1);
            }
        }
    }

    /// <summary>
    /// A launch begins while the one before it ends, and waits in its first instruction; but what it reads through a pointer that promises nobody writes
    /// there may be read before that.
    /// </summary>
    [Fact]
    public void No_launch_reads_as_constant_what_the_one_before_it_writes()
    {
        int states = 0;
        foreach (NetworkEntry network in NetworkCatalog.All)
        {
            foreach (NetworkMode mode in new[] { NetworkMode.Inference, NetworkMode.Training })
            {
                LaunchPlan plan = LaunchCompiler.Compile(network.Build(mode));
                for (int i = 1; i < plan.Launches.Count; i++)
                {
                    var before = plan.Launches[i - 1].Tasks.SelectMany(t => t.Operands).Where(o => o.IsWritten).Select(o => o.Place.Buffer.Root).ToHashSet();
                    var own = plan.Launches[i].Tasks.SelectMany(t => t.Operands).Where(o => o.IsWritten).Select(o => o.Place.Buffer.Root).ToHashSet();
                    var read = plan.Launches[i].Tasks.SelectMany(t => t.Operands).Where(o => !o.IsWritten).Select(o => o.Place.Buffer.Root)
                        .Where(root => root.Arena.Persistent && !own.Contains(root)).ToHashSet();
                    states += read.Count;
                    Assert.False(read.Overlaps(before), $"{plan.Name}: launch {i} ({plan.Launches[i].Description}) may read too early what launch {i - 1} writes.");
                }
            }
        }
        Assert.True(states > 0, "No state was looked at.");
    }

    [Theory]
    [InlineData(11, true)]
    [InlineData(13, false)]
    public void Tensor_cores_take_no_kernel_of_more_taps_than_its_loader_has_bits_for(int size, bool taken)
    {
        var net = new NetworkBuilder("Large", NetworkMode.Inference);
        Tensor x = net.Image("image", 3).Convolution(net.Parameter("few", Initializer.FanIn(3), 8, 3, 1, 1));
        net.Output("y", x.Convolution(net.Parameter("many", Initializer.FanIn(size * size), 8, 8, size, size), padding: size / 2));
        KernelTask task = Assert.Single(LaunchCompiler.Compile(net.Build()).Launches.SelectMany(l => l.Tasks).OfType<KernelTask>(), t => t.Group.Anchor?.Inputs[1].Shape.C == 8);
        Assert.Equal(taken, task.OnTensorCores);
    }

    private static string Count(LaunchPlan plan) => $"{plan.Launches.Count} launches of {plan.Launches.Sum(l => l.Tasks.Count)} tasks";
}
