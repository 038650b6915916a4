using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Model;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>Tiny against the interpreter.</summary>
public sealed class EmittedGraphTests(ITestOutputHelper output)
{
    [Fact]
    public void Tiny_forward()
    {
        Requires.Emulator();
        NetworkGraph graph = NetworkCatalog.Find("Tiny").Build(NetworkMode.Inference);
        foreach (bool fuse in new[] { true, false })
        {
            LaunchPlan plan = LaunchCompiler.Compile(graph, fuse: fuse);
            output.WriteLine($"{plan.Launches.Count} launches");
            var watch = System.Diagnostics.Stopwatch.StartNew();
            using EmulatedPlan emulated = EmulatedPlan.Of(plan, EmulatorBuild.Checked);
            output.WriteLine($"compiled in {watch.Elapsed}");
            Compare(graph, emulated, new RunExtents(1, 8, 12), 1e-5);
            output.WriteLine($"ran in {watch.Elapsed}");
        }
    }

    private static void Compare(NetworkGraph graph, EmulatedPlan plan, RunExtents size, double tolerance)
    {
        var random = new Random(1);
        var interpreter = new Interpreter(graph);
        plan.Bind(size);
        plan.LoadParameters(p =>
        {
            float[] values = Values(random, p.Shape.ConstantElements, 0.3f);
            interpreter.SetParameter(p.ParameterName, [.. values.Select(v => (double)v)]);
            return values;
        });
        foreach (Node node in graph.Nodes.Where(n => n.Op is InputOp))
        {
            float[] values = Values(random, (int)node.Shape.Elements(size), 1);
            plan.SetInput(((InputOp)node.Op).InputName, values);
            interpreter.SetInput(((InputOp)node.Op).InputName, new ReferenceTensor(node.Shape.At(size), [.. values.Select(v => (double)v)]));
        }
        plan.Run();
        foreach ((string name, ReferenceTensor expected) in interpreter.Run(size))
        {
            float[] actual = plan.ReadOutput(name);
            double largest = expected.Data.Max(Math.Abs);
            for (int i = 0; i < actual.Length; i++)
                Assert.True(Math.Abs(actual[i] - expected.Data[i]) <= tolerance * largest, $"{name} {i}: {actual[i]} instead of {expected.Data[i]}");
        }
    }

    private static float[] Values(Random random, int count, float scale) => [.. Enumerable.Range(0, count).Select(_ => scale * (random.NextSingle() * 2 - 1))];
}
