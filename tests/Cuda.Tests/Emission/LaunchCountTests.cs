using FocalNet.Graph.Dsl;
using FocalNet.Graph.Launches;
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

    private static string Count(LaunchPlan plan) => $"{plan.Launches.Count} launches of {plan.Launches.Sum(l => l.Tasks.Count)} tasks";
}
