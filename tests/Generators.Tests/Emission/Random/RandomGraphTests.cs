using System.Globalization;
using FocalNet.Graph.Ir;
using FocalNet.Runtime.Plans;

namespace FocalNet.Generators.Tests.Emission.Random;

/// <summary>
/// Random graphs: the declared graph in the interpreter, the graph after all passes in the interpreter, and the emitted C#
/// on the CPU, fused and unfused, give the same.
/// </summary>
/// <remarks>
/// For a long run set the environment variable FOCALNET_FUZZ to a number of graphs, and FOCALNET_FUZZ_SEED to the first
/// seed (0 otherwise). A failure names its graph by its seed: <c>Random17</c> is FOCALNET_FUZZ=1 FOCALNET_FUZZ_SEED=17.
/// </remarks>
public sealed class RandomGraphTests
{
    // The C# compiler takes half a second to warm up: many graphs go into one assembly.
    private const int Batch = 30;

    /// <summary>Graphs of a run without FOCALNET_FUZZ.</summary>
    internal const int DefaultCount = 60;

    public static TheoryData<int, int> Batches()
    {
        int count = Variable("FOCALNET_FUZZ", DefaultCount), first = Variable("FOCALNET_FUZZ_SEED", 0);
        var data = new TheoryData<int, int>();
        for (int start = 0; start < count; start += Batch)
            data.Add(first + start, Math.Min(Batch, count - start));
        return data;
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void Agree_with_the_interpreter(int first, int count)
    {
        NetworkGraph[] graphs = [.. Enumerable.Range(first, count).Select(RandomGraph.Make)];
        IReadOnlyList<CompiledGraph> compiled = CompiledGraph.CompileAll([.. graphs.SelectMany(g => ((NetworkGraph, bool)[])[(g, true), (g, false)])]);
        var failures = new List<string>();
        for (int i = 0; i < count; i++)
        {
            try
            {
                Check(graphs[i], compiled[2 * i], compiled[2 * i + 1], first + i);
            }
            catch (Exception exception)
            {
                failures.Add($"{graphs[i].Name}: {exception.Message}");
            }
        }
        Assert.True(failures.Count == 0, $"{failures.Count} of {count} graphs fail. The shortest:\n{failures.MinBy(f => f.Length)}\nAll: {string.Join(" ", failures.Select(f => f[..f.IndexOf(':')]))}");
    }

    private static void Check(NetworkGraph graph, CompiledGraph fused, CompiledGraph unfused, int seed)
    {
        var random = new System.Random(seed);
        int divisor = graph.Divisor, largest = Math.Max(1, 12 / divisor);
        for (int size = 0; size < 2; size++)
        {
            // The second is the smallest that there is.
            RunSize run = size == 0
                ? new RunSize(1 + random.Next(3), divisor * (1 + random.Next(largest)), divisor * (1 + random.Next(largest)))
                : new RunSize(1, divisor, divisor);
            var oracle = new Oracle(graph, run, seed + size, runs: 2);
            oracle.CheckSimplified(fused.Compiled.Graph);
            oracle.CheckPlan("fused", fused.Plan, threads: 1 + random.Next(3));
            oracle.CheckPlan("unfused", unfused.Plan, threads: 1 + random.Next(3));
        }
    }

    private static int Variable(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
