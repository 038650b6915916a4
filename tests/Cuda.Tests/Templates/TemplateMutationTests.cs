using FocalNet.Cuda.Tests.Support;
using FocalNet.Runtime.Cuda.Templates;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>
/// What the templates' tests notice. Every barrier and wait is tried each time, of the bounds a sample. FOCALNET_MUTATIONS=all tries all 350 or
/// so, which takes many minutes; FOCALNET_MUTATIONS=scm.cu tries all of one file.
/// </summary>
public sealed class TemplateMutationTests(ITestOutputHelper output)
{
    /// <summary>Of the bounds every so manieth is tried, another one in each file.</summary>
    private const int Sample = 32;

    // What computes the same at every size that a template accepts.
    private static readonly Dictionary<string, string> Harmless = new()
    {
        ["bound of 'constexpr int rows_of_a_line = RowChunks >= 8' + 1"] = "at 8 both ways give one row a line",
        ["bound of 'constexpr int rows_of_a_line = RowChunks >= 8' - 1"] = "row lengths are powers of two",
        ["bound of 'channel < Channels' - 1"] = "channels come in whole groups",
        ["bound of 'channel < Shape::Outputs' - 1"] = "channels come in whole chunks",
        ["bound of 'cursor.row < rows.count' + 1"] = "behind the last tap the weights are zero",
        ["bound of 'return chunk < Up' - 1"] = "the chunk of a step is even, and so is the number of the middle's",
        ["bound of 'next < slabs' + 1"] = "one more slab, of zeros",
        ["bound of 'slab < slabs' + 1"] = "one more slab, of zeros",
        ["bound of 'return channel < Split' - 1"] = "channels are multiples of a chunk, and so is the split",
    };

    // The form of float that a function is for decides in which text it is looked at: see Chosen.
    private static readonly (string File, bool Strict, Func<string> Text, Action<CudaModule, ulong> Exercise)[] Cases =
    [
        .. new[] { "gemm_tile.cu", "sources.cu", "convolution_taps.cu", "dense_convolution.cu", "pack_convolution.cu" }.Select(file => Convolution(file, false)),
        Convolution("gemm_tile.cu", true),
        Gradient("weight_gradient.cu", false),
        Gradient("weight_gradient.cu", true),
        Residual("halo_tile.cu", [new("residual24", true, 24, 3, 6), new("residual8", true, 8, 4, 8)]),
        Residual("fused_residual_block.cu", [new("residual16", true, 16, 4, 8)]),
        Halo(), Up(), Scm(),
    ];

    [Fact]
    public void At_least_95_of_100_mutations_are_caught()
    {
        Requires.Emulator();
        string? chosen = Environment.GetEnvironmentVariable("FOCALNET_MUTATIONS");
        int caught = 0, total = 0;
        foreach ((string file, bool strict, Func<string> make, Action<CudaModule, ulong> exercise) in Cases)
        {
            if (chosen is not (null or "" or "all") && chosen != file) continue;
            string text = make();
            var reach = new MutationReach(text, exercise);
            int bounds = file.Length, notRun = KernelMutations.Of(text).Count(mutation => Chosen(file, text, strict, mutation.Line) && !reach.Reaches(mutation));
            MutationReport report = MutationTester.Run(file + (strict ? " strict" : ""), text, exercise, Harmless, choose: mutation =>
                Chosen(file, text, strict, mutation.Line) && reach.Reaches(mutation)
                && (!string.IsNullOrEmpty(chosen) || !mutation.What.StartsWith("bound", StringComparison.Ordinal) || bounds++ % Sample == 0));
            output.WriteLine($"{report}\n  {notRun} more are in code that these cases do not run");
            caught += report.Caught;
            total += report.Total;
        }
        output.WriteLine($"{caught} of {total} mutations caught");
        Requires.SomethingNamed(chosen, total);
        Assert.True(caught >= 0.95 * total, $"Only {caught} of {total} mutations are caught.");
    }

    // In the strict text the functions that only it runs, in the other the rest of the file.
    private static bool Chosen(string file, string text, bool strict, int line)
    {
        string template = CudaTemplates.Text(file);
        int first = KernelText.LineOf(text, text.IndexOf(template, StringComparison.Ordinal)) - 1;
        string[] lines = template.Split('\n');
        int at = line - first - 1;
        if (at < 0 || at >= lines.Length) return false;
        // The head of the function that the line is in: functions begin and end at the margin.
        int head = at;
        while (head > 0 && !lines[head].StartsWith("__device__", StringComparison.Ordinal)) head--;
        return lines[head].Contains("_ffma(", StringComparison.Ordinal) == strict;
    }

    private static (string, bool, Func<string>, Action<CudaModule, ulong>) Convolution(string file, bool strict)
    {
        DenseConvolutionCase[] cases =
        [
            new("forward", true, new Filter(8, 24, 3, 2), false, [32, 16, 4, 3, 2, 1]),
            new("adjoint", false, new Filter(8, 12, 3, 2), true, [32, 32, 4, 3, 1, 1]),
            new("concat", true, new Filter(24, 3, 1), false, [32, 16, 8, 2, 1, 1], "two"),
            new("pictures", true, new Filter(3, 32, 3), false, [32, 32, 4, 3, 1, 1], "loaded"),
            new("partial", true, new Filter(12, 16, 1), false, [32, 16, 4, 3, 2, 1], "loaded"),
            new("full", false, new Filter(8, 32, 1), false, [32, 32, 4, 3, 1, 1]),
            new("odd", false, new Filter(8, 20, 1), false, [32, 32, 4, 3, 1, 1]),
        ];
        if (strict) cases = [cases[1], cases[5]];
        return (file, strict, () => TemplateText.Of(["dense_convolution.cu", "pack_convolution.cu"], cases.Select(c => c.Text), strict), (module, seed) =>
        {
            foreach (DenseConvolutionCase c in cases) c.Run(module, 2, 5, 7, seed);
        }
        );
    }

    private static (string, bool, Func<string>, Action<CudaModule, ulong>) Gradient(string file, bool strict)
    {
        WeightGradientCase[] cases =
        [
            new("float_stages", false, new Filter(12, 20, 3), [32, 48, 16, 3, 1, 3, 1], true, 3),
            new("narrow", true, new Filter(8, 16, 3, 2), [16, 80, 64, 2, 1, 1, 4], true, 2),
        ];
        if (strict) cases = [cases[0]];
        return (file, strict, () => TemplateText.Of(["weight_gradient.cu"], cases.Select(c => c.Text), strict), (module, seed) =>
        {
            foreach (WeightGradientCase c in cases) c.Run(module, 2, 9, 10, seed);
        }
        );
    }

    private static (string, bool, Func<string>, Action<CudaModule, ulong>) Residual(string file, ResidualCase[] cases)
        => (file, false, () => TemplateText.Of(["fused_residual_block.cu", "pack_convolution.cu"], cases.Select(c => c.Text)), (module, seed) =>
        {
            foreach (ResidualCase c in cases) c.Run(module, 1, 6, 10, seed);
        }
    );

    private static (string, bool, Func<string>, Action<CudaModule, ulong>) Halo()
    {
        var halo = new HaloCase("halo", true, 32, 24, false, [4, 8, 16, 1, 3, 2, 1]);
        return ("halo_convolution.cu", false, () => TemplateText.Of(["halo_convolution.cu", "pack_convolution.cu"], [halo.Text]), (module, seed) => halo.Run(module, 2, 6, 9, seed));
    }

    private static (string, bool, Func<string>, Action<CudaModule, ulong>) Up()
    {
        var up = new UpCase("up", true, 24, 16, 8, 32, [32, 16, 4, 2, 2, 1]);
        return ("up_convolution.cu", false, () => TemplateText.Of(["up_convolution.cu", "pack_convolution.cu"], [up.Text]), (module, seed) => up.Run(module, 2, 3, 7, seed));
    }

    private static (string, bool, Func<string>, Action<CudaModule, ulong>) Scm()
    {
        var scm = new ScmCase("scm_small", true, 8, 8, 16, 16, 32, 4, 8, 8, 3);
        return ("scm.cu", false, () => TemplateText.Of(["scm.cu", "pack_convolution.cu"], [scm.Text]), (module, seed) => scm.Run(module, 2, 5, 9, seed));
    }
}
