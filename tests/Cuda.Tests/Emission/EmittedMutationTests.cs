using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Planning;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Emitted kernels with their templates, one barrier, wait or bound changed at a time: the comparison with the interpreter notices.
/// A run takes a sample of the mutations; FOCALNET_ALL_MUTATIONS=1 takes all.
/// </summary>
public sealed class EmittedMutationTests(ITestOutputHelper output)
{
    // Beginnings of kernel names: together they call every function of the template files below.
    private static readonly (string File, string[] Kernels)[] _texts =
    [
        ("direct_convolution.cu", ["Convolution3x", "Convolution16x3", "TransposedConvolution3x", "WeightGradient16x3", "WeightGradient3x"]),
        ("direct_convolution_pair.cu", ["ConvolutionPair"]),
        ("depthwise.cu", ["DepthwiseConvolution", "DepthwiseTransposed", "DepthwiseWeightGradient"]),
        ("resample.cu", ["Resample"]),
        ("trig.cu", ["Trig"]),
        ("reduction.cu", ["Reduce", "MapReduce"]),
        ("finish.cu", ["Finish", "FinishMap"]),
    ];

    // What computes the same at every size that a network accepts.
    private static readonly Dictionary<string, string> _harmless = [];

    // The same mutations on every machine.
    private static uint Hash(string text) => text.Aggregate(2166136261u, (hash, c) => unchecked((hash ^ c) * 16777619));

    private static readonly (int Images, int Height, int Width)[] _sizes = [(1, 1, 1), (2, 3, 5)];

    [Fact]
    public void At_least_95_of_100_mutations_are_caught()
    {
        Requires.Emulator();
        bool all = Environment.GetEnvironmentVariable("FOCALNET_ALL_MUTATIONS") is { Length: > 0 };
        int caught = 0, total = 0;
        foreach ((string file, string[] kernels) in _texts)
        {
            // The least of each kind, so that the interpreter is quick.
            EmittedKernelCase[] cases = [.. kernels.SelectMany(prefix => EmittedKernels.All(ElementType.Float32, fuse: false).Concat(EmittedKernels.All(ElementType.Float32, fuse: true))
                .Where(k => k.Kernel.Name.StartsWith(prefix, StringComparison.Ordinal) && k.Launch.Tasks.Count == 1 && k.Kernel.Templates.Contains(file))
                .OrderBy(k => k.Launch.Tasks[0].Operands.Sum(o => o.Shape.Elements(k.Size(2, 3, 5)))).Take(1))];
            Assert.NotEmpty(cases);
            MutationReport report = MutationTester.Run(file, EmittedText.Of(cases.Select(c => c.Kernel)), (module, seed) =>
            {
                foreach (EmittedKernelCase kernel in cases)
                {
                    foreach ((int images, int height, int width) in _sizes)
                    {
                        using var oracle = new KernelOracle(kernel, kernel.Size(images, height, width), seed: 1);
                        oracle.Check(module, seed);
                    }
                }
            }, _harmless, choose: mutation => all || Hash(file + mutation.Line + mutation.What) % 8 == 0);
            output.WriteLine(report.ToString());
            caught += report.Caught;
            total += report.Total;
        }
        output.WriteLine($"{caught} of {total} mutations caught");
        Assert.True(caught >= 0.95 * total, $"Only {caught} of {total} mutations are caught.");
    }
}
