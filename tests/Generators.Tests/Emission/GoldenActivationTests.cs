using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Model;
using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Shared;

namespace FocalNet.Generators.Tests.Emission;

/// <summary>Every layer of the network of one block, compiled, against the activations of the reference implementation.</summary>
public sealed class GoldenActivationTests(ITestOutputHelper report)
{
    [Fact]
    public void Activations_of_every_layer_fused_and_unfused()
    {
        GoldenFile data = GoldenData.Tensors("nr1/activations");
        (NetworkGraph graph, Dictionary<string, string> layers) = Declare(data);
        foreach (CompiledGraph compiled in CompiledGraph.CompileAll([(graph, true), (graph, false)]))
            RequireActivations(compiled.Plan, layers, data);
    }

    private void RequireActivations(ExecutionPlan plan, Dictionary<string, string> layers, GoldenFile data)
    {
        Dictionary<string, GoldenTensor> parameters = GoldenData.Tensors("nr1/model").Tensors.ToDictionary(t => t.Name);
        using var pool = new WorkerPool(2);
        using var executor = new CpuExecutor(plan, pool) { Poison = true };
        executor.LoadParameters([.. plan.Parameters.SelectMany(p => parameters[p.Name].Values)]);
        executor.Bind(new RunSize(1, data["in"].Shape[2], data["in"].Shape[3]));
        executor.SetInput("image", data["in"].Values);

        executor.Run();

        Comparison[] comparisons = [.. layers.Select(layer => CompareLayer(executor, layer.Key, data[layer.Value]))];
        Assert.Equal(49, comparisons.Length);
        foreach (Comparison comparison in comparisons.OrderByDescending(c => c.PercentOfTolerance).Take(5))
            report.WriteLine(comparison.ToString());
        Comparison.RequireAll(comparisons);
    }

    // The network with an output more for each layer; the second result is the golden tensor's name by output.
    private static (NetworkGraph Graph, Dictionary<string, string> Layers) Declare(GoldenFile data)
    {
        const string Suffix = ":out";
        var net = new NetworkBuilder("Tiny", NetworkMode.Inference);
        PicturePyramid restored = FocalNetwork.Forward(net, net.Image("image", 3), NetworkCatalog.Find("Tiny").Options);
        net.Output("full", restored.Full);
        net.Output("half", restored.Half);
        net.Output("quarter", restored.Quarter);
        NetworkGraph graph = net.Build();
        var layers = new Dictionary<string, string> { ["full"] = "output2", ["half"] = "output1", ["quarter"] = "output0" };
        List<GraphOutput> outputs = [.. graph.Outputs];
        foreach (string name in data.Names.Where(n => n.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            if (LayerResults.Find(graph, name[..^Suffix.Length]) is not { } node)
                continue;
            outputs.Add(new GraphOutput(name, node));
            layers.Add(name, name);
        }
        return (graph with { Outputs = outputs }, layers);
    }

    private static Comparison CompareLayer(CpuExecutor executor, string output, GoldenTensor expected)
    {
        var actual = new float[expected.Count];
        executor.GetOutput(output, actual);
        // Stored values are off by up to half a step.
        double largest = expected.Values.Max(Math.Abs);
        return Compare.MaxAbsolute(output, actual, expected.Values, 1e-5 * largest + 0.5 * expected.Step);
    }
}
