using System.Diagnostics;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;

namespace FocalNet.Model.Tests;

/// <summary>What fuses in FocalNet: a lost fusion fails a test.</summary>
public sealed class FusionTests
{
    private static readonly RunExtents _picture = new(1, 256, 256);

    [Theory]
    [InlineData("Tiny", NetworkMode.Inference, "", 0, 0, 0)]
    [InlineData("Tiny", NetworkMode.Training, "", 0, 0, 0)]
    [InlineData("Dehaze", NetworkMode.Inference, "", 0, 0, 0)]
    [InlineData("Dehaze", NetworkMode.Training, "", 0, 0, 0)]
    public void Kernels_and_bytes(string network, NetworkMode mode, string kernels, int unfusedKernels, long bytes, long unfusedBytes)
    {
        NetworkGraph graph = NetworkCatalog.Find(network).Build(mode);
        CompiledPlan plan = NetworkCompiler.Compile(graph), unfused = NetworkCompiler.Compile(graph, fuse: false);
        string actual = string.Join(", ", plan.Steps.GroupBy(s => s.Work is KernelWork k ? k.Group.Kind.ToString() : "Pack")
            .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()}"));
        Assert.Equal((kernels, unfusedKernels, bytes, unfusedBytes), (actual, unfused.Steps.Count, Bytes(plan), Bytes(unfused)));
    }

    private static long Bytes(CompiledPlan plan) => plan.Steps.Sum(s => StepCost.Of(s, _picture).Bytes);

    [Fact]
    public void Compiles_in_time()
    {
        NetworkGraph graph = NetworkCatalog.Find("Deblur").Build(NetworkMode.Training);
        var watch = Stopwatch.StartNew();
        NetworkCompiler.Compile(graph);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), $"{watch.Elapsed}");
    }
}
