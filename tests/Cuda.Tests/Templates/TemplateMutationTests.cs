using FocalNet.Cuda.Tests.Support;
using FocalNet.Runtime.Cuda.Templates;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>
/// What the templates' tests notice. Every barrier and wait is tried each time, of the bounds a sample; FOCALNET_MUTATIONS=all tries all of
/// them, which takes some minutes.
/// </summary>
public sealed class TemplateMutationTests(ITestOutputHelper output)
{
    /// <summary>Of the bounds every so manieth is tried, another one in each file.</summary>
    private const int Sample = 12;

    // What computes the same at every size that a template accepts.
    private static readonly Dictionary<string, string> Harmless = new();

    // A file, and a text with the fewest kernels that show what is in it.
    private static readonly (string File, string Text, Action<CudaModule, ulong> Exercise)[] Cases =
    [
        .. new[] { "gemm_tile.cu", "sources.cu", "convolution_taps.cu", "dense_convolution.cu", "pack_convolution.cu" }.Select(file => Convolution(file)),
        .. new[] { "weight_gradient.cu", "finish_partials.cu" }.Select(file => Gradient(file)),
        .. new[] { "halo_tile.cu", "fused_residual_block.cu" }.Select(file => Chained(file, "residual bf16")),
        Chained("halo_convolution.cu", "halo bf16"), Chained("up_convolution.cu", "up bf16"), Chained("scm.cu", "scm bf16"),
    ];

    [Fact]
    public void At_least_95_of_100_mutations_are_caught()
    {
        Requires.Emulator();
        bool all = Environment.GetEnvironmentVariable("FOCALNET_MUTATIONS") == "all";
        int caught = 0, total = 0;
        foreach ((string file, string text, Action<CudaModule, ulong> exercise) in Cases)
        {
            (int first, int last) = LinesOf(file, text);
            int bounds = file.Length;
            MutationReport report = MutationTester.Run(file, text, exercise, Harmless, choose: mutation =>
                mutation.Line >= first && mutation.Line <= last && (all || !mutation.What.StartsWith("bound", StringComparison.Ordinal) || bounds++ % Sample == 0));
            output.WriteLine(report.ToString());
            caught += report.Caught;
            total += report.Total;
        }
        output.WriteLine($"{caught} of {total} mutations caught");
        Assert.True(caught >= 0.95 * total, $"Only {caught} of {total} mutations are caught.");
    }

    private static (string, string, Action<CudaModule, ulong>) Convolution(string file)
    {
        DenseConvolutionCase[] cases =
        [
            new("forward", true, new Filter(8, 24, 3, 2), false, [32, 16, 4, 3, 2, 1]),
            new("adjoint", false, new Filter(8, 12, 3, 2), true, [32, 16, 4, 3, 2, 1]),
            new("concat", true, new Filter(24, 3, 1), false, [16, 32, 8, 2, 1, 1], "two"),
            new("pictures", true, new Filter(3, 16, 3), false, [32, 16, 4, 3, 2, 1], "loaded"),
        ];
        string text = TemplateText.Of(["dense_convolution.cu", "pack_convolution.cu"], cases.Select(c => c.Text));
        return (file, text, (module, seed) =>
        {
            foreach (DenseConvolutionCase c in cases) c.Run(module, 2, 5, 7, seed);
        });
    }

    private static (string, string, Action<CudaModule, ulong>) Gradient(string file)
    {
        WeightGradientCase[] cases =
        [
            new("narrow", true, new Filter(8, 16, 3, 2), [16, 80, 64, 2, 1, 1, 4], true, 2),
            new("float_stages", false, new Filter(12, 20, 3), [16, 48, 16, 3, 1, 3, 1], true, 3),
        ];
        string text = TemplateText.Of(["weight_gradient.cu", "finish_partials.cu"], cases.SelectMany(c => new[] { c.Text, c.FinishText }));
        return (file, text, (module, seed) =>
        {
            foreach (WeightGradientCase c in cases) c.Run(module, 2, 9, 10, seed);
        });
    }

    private static (string, string, Action<CudaModule, ulong>) Chained(string file, string group)
        => (file, ChainTests.TextOf(group), (module, seed) => ChainTests.Exercise(group, module, seed));

    // The lines of a text that one template stands in.
    private static (int First, int Last) LinesOf(string file, string text)
    {
        string template = CudaTemplates.Text(file);
        int at = text.IndexOf(template, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{file} is in its own text");
        int first = KernelText.LineOf(text, at);
        return (first, first + template.Count(c => c == '\n') - 1);
    }
}
