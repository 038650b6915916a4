using FocalNet.Generators.Emission.Cuda;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Planning;
using FocalNet.Model;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>A kernel that the emitter makes, with the first launch that needs it.</summary>
internal sealed record EmittedKernelCase(CudaKernelText Kernel, string Grid, Launch Launch, string Plan, int Divisor)
{
    /// <summary>So many times the smallest picture that the network takes.</summary>
    public RunExtents Size(int images, int height, int width) => new(images, height * Divisor, width * Divisor);

    public override string ToString() => $"{Kernel.Name} of {Plan}";
}

/// <summary>All kernels of all networks, each once.</summary>
internal static class EmittedKernels
{
    private static readonly Dictionary<(ElementType, bool), Lazy<IReadOnlyList<EmittedKernelCase>>> _all = new()
    {
        [(ElementType.Float32, true)] = new(() => Collect(ElementType.Float32, fuse: true)),
        [(ElementType.Float32, false)] = new(() => Collect(ElementType.Float32, fuse: false)),
        [(ElementType.BFloat16, true)] = new(() => Collect(ElementType.BFloat16, fuse: true)),
        [(ElementType.BFloat16, false)] = new(() => Collect(ElementType.BFloat16, fuse: false)),
    };

    /// <summary>Every kernel of every network, for inference and training, in order of names.</summary>
    public static IReadOnlyList<EmittedKernelCase> All(ElementType precision, bool fuse) => _all[(precision, fuse)].Value;

    /// <summary>
    /// Those that a test run takes: one of <paramref name="share"/>, chosen by the hash in their names, without those of more than four
    /// million values; all of them where FOCALNET_ALL_KERNELS is 1, or those whose names begin with what it is.
    /// </summary>
    public static IReadOnlyList<EmittedKernelCase> Sample(ElementType precision, bool fuse, int share) => Environment.GetEnvironmentVariable("FOCALNET_ALL_KERNELS") switch
    {
        null or "" => [.. All(precision, fuse).Where(k => Convert.ToUInt32(k.Kernel.Name[^8..], 16) % share == 0 && !IsLarge(k))],
        "1" => All(precision, fuse),
        string name => [.. All(precision, fuse).Where(k => k.Kernel.Name.StartsWith(name, StringComparison.Ordinal))],
    };

    // Optimizers of large networks, whose parameters alone are millions: those of small ones have the same code.
    private static bool IsLarge(EmittedKernelCase kernel) =>
        kernel.Launch.Tasks.SelectMany(t => t.Operands).Sum(o => o.Shape.Elements(new RunExtents(1, 36, 28))) > 4_000_000;

    /// <summary>The kernels of one network, for inference and training, in order of names.</summary>
    public static IReadOnlyList<EmittedKernelCase> Of(NetworkEntry network, ElementType precision) => Of(Graphs(network), precision, fuse: true);

    private static IReadOnlyList<EmittedKernelCase> Collect(ElementType precision, bool fuse) => Of(NetworkCatalog.All.SelectMany(Graphs), precision, fuse);

    private static IEnumerable<NetworkGraph> Graphs(NetworkEntry network) => [network.Build(NetworkMode.Inference), network.Build(NetworkMode.Training)];

    /// <summary>Every kernel of some graphs, in order of names.</summary>
    public static IReadOnlyList<EmittedKernelCase> Of(IEnumerable<NetworkGraph> graphs, ElementType precision, bool fuse)
    {
        var cases = new SortedDictionary<string, EmittedKernelCase>(StringComparer.Ordinal);
        foreach (NetworkGraph graph in graphs)
        {
            LaunchPlan plan = LaunchCompiler.Compile(graph, precision, fuse);
            CudaPlanSource source = CudaBackend.EmitPlan(plan);
            Launch[] launches = [.. plan.Prepare, .. plan.Launches];
            CudaLaunchText[] texts = [.. source.Prepare, .. source.Launches];
            for (int i = 0; i < launches.Length; i++)
            {
                CudaLaunchText launch = texts[i];
                if (cases.TryGetValue(launch.Kernel.Name, out EmittedKernelCase? known))
                    Assert.Equal(known.Kernel.Code, launch.Kernel.Code);
                else
                    cases.Add(launch.Kernel.Name, new EmittedKernelCase(launch.Kernel, launch.Grid, launches[i], plan.Name, plan.Divisor));
            }
        }
        return [.. cases.Values];
    }
}
