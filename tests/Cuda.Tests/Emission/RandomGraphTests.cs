using System.Globalization;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Generators.Emission.Cuda;
using FocalNet.Generators.Tests.Emission.Random;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Random graphs, fused and unfused, under the emulator with every access checked: the same as the float64 interpreter.
/// FOCALNET_FUZZ is the number of graphs, FOCALNET_FUZZ_SEED the first seed, as for the C# emitter.
/// </summary>
public sealed class RandomGraphTests(ITestOutputHelper output)
{
    private const int DefaultCount = 6;

    [Fact]
    public void Agree_with_the_interpreter()
    {
        Requires.Emulator();
        int count = Variable("FOCALNET_FUZZ", DefaultCount), first = Variable("FOCALNET_FUZZ_SEED", 0);
        var failures = new List<string>();
        for (int start = 0; start < count; start += DefaultCount)
        {
            int[] seeds = [.. Enumerable.Range(first + start, Math.Min(DefaultCount, count - start))];
            NetworkGraph[] graphs = [.. seeds.Select(RandomGraph.Make)];
            LaunchPlan[] plans = [.. graphs.SelectMany(g => new[] { LaunchCompiler.Compile(g), LaunchCompiler.Compile(g, fuse: false) })];
            CudaPlanSource[] sources = [.. plans.Select(CudaBackend.EmitPlan)];
            var modules = EmittedModules.Compile(sources.SelectMany(s => s.Kernels), EmulatorBuild.Checked);
            for (int i = 0; i < plans.Length; i++)
            {
                try
                {
                    Check(graphs[i / 2], plans[i], sources[i], modules, seeds[i / 2]);
                }
                catch (Exception exception)
                {
                    failures.Add($"{graphs[i / 2].Name} {(i % 2 == 0 ? "fused" : "unfused")}: {exception.Message}");
                }
            }
        }
        output.WriteLine($"{count} random graphs from seed {first}, fused and unfused");
        Assert.True(failures.Count == 0, $"{failures.Count} fail. The shortest:\n{failures.MinBy(f => f.Length)}\nAll: {string.Join(" ", failures.Select(f => f[..f.IndexOf(':')]))}");
    }

    private static void Check(NetworkGraph graph, LaunchPlan plan, CudaPlanSource source, Dictionary<string, CudaModule> modules, int seed)
    {
        var random = new Random(seed);
        int divisor = graph.Divisor, largest = Math.Max(1, 12 / divisor);
        for (int size = 0; size < 2; size++)
        {
            // The second is the smallest that there is.
            RunSize run = size == 0
                ? new RunSize(1 + random.Next(3), divisor * (1 + random.Next(largest)), divisor * (1 + random.Next(largest)))
                : new RunSize(1, divisor, divisor);
            var oracle = new Oracle(graph, run, seed + size, runs: 2);
            using var emulated = new EmulatedPlan(plan, source, modules) { Seed = (ulong)size + 1 };
            emulated.LoadParameters(p => oracle.Parameter(p.ParameterName));
            for (int i = 0; i < oracle.Runs; i++)
            {
                emulated.Bind(new RunExtents(run.Images, run.Height, run.Width));
                foreach ((string name, float[] values) in oracle.Inputs(i).Where(p => plan.Inputs.Any(b => b.Name == p.Key)))
                    emulated.SetInput(name, values);
                emulated.Run();
                foreach (FocalNet.Graph.Planning.Binding binding in plan.Outputs)
                    oracle.Check("cuda", i, "output " + binding.Name, emulated.ReadOutput(binding.Name));
                foreach (FocalNet.Graph.Planning.StateBinding state in plan.States)
                    oracle.Check("cuda", i, "state " + state.Op.StateName, emulated.ReadState(state.Op.StateName)[..state.Op.Shape.ConstantElements]);
            }
        }
    }

    private static int Variable(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
