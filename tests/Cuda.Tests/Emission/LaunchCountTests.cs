using FocalNet.Graph.Dsl;
using FocalNet.Graph.Launches;
using FocalNet.Model;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>How many kernels a run starts.</summary>
public sealed class LaunchCountTests(ITestOutputHelper output)
{
    [Fact]
    public void Counts()
    {
        foreach (NetworkEntry network in NetworkCatalog.All)
        {
            foreach (NetworkMode mode in new[] { NetworkMode.Inference, NetworkMode.Training })
            {
                LaunchPlan plan = LaunchCompiler.Compile(network.Build(mode));
                output.WriteLine($"{plan.Name}: {plan.Launches.Count} launches of {plan.Launches.Sum(l => l.Tasks.Count)} tasks; " +
                    string.Join(", ", plan.Launches.GroupBy(l => l.Tasks[0].Family).Select(g => $"{g.Key} {g.Count()}")));
                if (network.Name == "Dehaze")
                    output.WriteLine(string.Join("\n", plan.Launches.Select((l, i) => $"  {i} {l.Description}")));
            }
        }
    }
}
