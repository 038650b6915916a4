using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Ir;
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
        ("direct_convolution.cu", ["Convolution3x", "Convolution16x3", "TransposedConvolution", "WeightGradient16x16"]),
        ("direct_convolution_pair.cu", ["ConvolutionPair"]),
        ("depthwise.cu", ["DepthwiseConvolution", "DepthwiseTransposed", "DepthwiseWeightGradient"]),
        ("resample.cu", ["Resample"]),
        ("trig.cu", ["Trig"]),
        ("reduction.cu", ["Reduce", "MapReduce"]),
        ("finish.cu", ["Finish", "FinishMap"]),
    ];

    // What computes the same at every size that a network accepts.
    private static readonly Dictionary<string, string> _harmless = new()
    {
        ["bound of 'half > 0' + 1"] = "the last step adds the second half of two, which the first then has without it",
    };

    // The same mutations on every machine.
    private static uint Hash(string text) => text.Aggregate(2166136261u, (hash, c) => unchecked((hash ^ c) * 16777619));

    private static readonly RunExtents[] _sizes = [new(1, 4, 4), new(2, 12, 20)];

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
                .OrderBy(k => k.Launch.Tasks[0].Operands.Sum(o => o.Shape.Elements(_sizes[1]))).Take(1))];
            Assert.NotEmpty(cases);
            MutationReport report = MutationTester.Run(file, EmittedText.Of(cases.Select(c => c.Kernel)), (module, seed) =>
            {
                foreach (EmittedKernelCase kernel in cases)
                {
                    foreach (RunExtents size in _sizes)
                    {
                        using var oracle = new KernelOracle(kernel, size, seed: 1);
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
