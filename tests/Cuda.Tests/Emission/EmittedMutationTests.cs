using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// What the comparison of emitted kernels with the interpreter notices of what goes wrong in templates, and in the kernels' own text: see
/// <see cref="MutationSuite"/>.
/// </summary>
public sealed class EmittedMutationTests(ITestOutputHelper output)
{
    /// <summary>Of the bounds every so manieth is tried where FOCALNET_MUTATIONS asks for nothing.</summary>
    private const int Sample = 8;

    // Written channels of EdgeNetwork, and those that are read for them.
    private static readonly int[] _edges = [4, 8, 9, 16, 17, 32, 33], _edgesRead = [3, 4, 5, 5, 5, 5, 5];

    private const string StridedGradient = "direct_weight_gradient<5, 6, 3, 3, 2, 1, 1";

    // A template file, and what stands in the kernels that are taken: the smallest with all of it.
    private static readonly (string File, string[] Calls)[] _cases =
    [
        (MutationSuite.Own, ["x2_ & finish_by_warp<true", "AndMorex"]),
        ("vectors.cu", ["pixel_map<4, 40>", "pixel_map<2, 70>", "pixel_map<1, 3> & V, 2>", "pixel_map<8, 40>"]),
        ("elementwise.cu", ["pixel_map<4, 40>", "pixel_map<1, 3>", "channel_map<1, 3", "channel_map<4, 40>"]),
        ("reduction.cu", ["pixel_reduce<4, 40, 0,", "pixel_reduce<4, 40, 64,", "pixel_reduce<1, 1, 512,", "pixel_reduce<2, 70, 64,", "pixel_reduce<2, 70, 512 & REDUCTIONS = 2"]),
        ("reduction.cu", ["pixel_reduce<4, 40, 0, & maximum(int r) { return false; }", "channel_reduce<", "channel_reduce< & maximum(int r) { return false; }", "gather_reduce<40, false", "gather_reduce<40, true", "gather_reduce<5"]),
        ("finish.cu", ["finish_by_warp<false, 40", "finish_by_warp<true, 1", "finish_with_body<false, 70", "finish_by_thread<270"]),
        ("depthwise.cu", ["DepthwiseSource<2", "DepthwiseSource<3", "DepthwiseSource<4", "DepthwiseTransposedSource<2", "DepthwiseTransposedSource<3", "DepthwiseTransposedSource<4"]),
        ("depthwise.cu", ["depthwise_weight_gradient<4, 40", "depthwise_weight_gradient<8, 16", "depthwise_weight_gradient<1, 5", "depthwise_weight_gradient<1, 33"]),
        ("depthwise_tile.cu", ["depthwise_map<DepthwiseTile<float, 40", "depthwise_map<DepthwiseTile<bf16, 40", "depthwise_map<DepthwiseTile<bf16, 16, 5", "depthwise_reduce< & true>(body", "depthwise_reduce< & false>(body"]),
        ("depthwise_gradient.cu", ["depthwise_tile_gradient<DepthwiseTile<float, 40", "depthwise_tile_gradient<DepthwiseTile<bf16, 16, 7"]),
        ("gathered_convolution.cu", ["GatheredConvolution<2, 1", "GatheredConvolution<1, 2"]),
        ("pooled_convolution.cu", ["PooledTile<3, 1", "PooledTile<2, 1 & if (r == 1) store_at"]),
        ("summed_map.cu", ["PictureSum<16, 32", "PictureSum<40, 64, true, false", "PictureSum<300, 64, false, true", "PictureSum<2, 64"]),
        ("resample.cu", ["ResampleSource<2, 3", "ResampleSource<3, 3", "ResampleAdjointSource<0", "ResampleAdjointSource<2", "ResampleAdjointSource<3"]),
        ("trig.cu", ["trig_transform<false, false", "trig_transform<true, true"]),
        ("direct_convolution.cu", ["direct_convolution<3, 5, 3, 3, 1, 2, 2", "direct_convolution<3, 70", "direct_convolution<6, 5, 3, 3, 2, 1, 1, true", "direct_convolution<6, 5, 1, 1, 2, 0, 1, true", "direct_convolution<5, 3, 4, 4, 2, 1, 1, true"]),
        ("direct_convolution.cu", [StridedGradient, "direct_weight_gradient<6, 40"]),
        ("direct_convolution.cu", [.. _edges.Select((edge, i) => $"direct_convolution<{_edgesRead[i]}, {edge},"), .. _edges[3..].Select(edge => $"direct_weight_gradient<5, {edge},")]),
        ("arithmetic.cu", ["sign_of(", "one_if_greater("]),
        ("finish_moments.cu", ["finish_moments<"]),
    ];

    private static readonly (int Images, int Height, int Width)[] _sizes = [(2, 3, 5), (1, 1, 1), (1, 1, 17)];

    // One more for templates, or cases by their first kernel, with so many parts, or such large tiles, that only large pictures fill them.
    private static readonly Dictionary<string, (int Images, int Height, int Width)> _large = new()
    {
        ["depthwise_tile.cu"] = (1, 19, 18), ["depthwise_gradient.cu"] = (1, 19, 18), ["reduction.cu"] = (1, 17, 17), ["depthwise.cu"] = (1, 33, 33), ["direct_convolution.cu"] = (1, 9, 17),
        ["trig.cu"] = (1, 45, 17), ["pooled_convolution.cu"] = (1, 9, 17),
        // Sixteen pixels, which are a slab, for each part.
        [StridedGradient] = (1, 15, 17),
    };

    // What computes the same at every size that a network accepts: file, change, reason.
    private static readonly HarmlessMutation[] _harmless =
    [
        .. Enumerable.Range(0, 12).Select(task => new HarmlessMutation(MutationSuite.Own, $"bound of '{(task == 0 ? "block " : "")}< blocks{task}' + 1", "a block behind those of the last task finds no pixel")),
        new("vectors.cu", "bound of '{ return a < b' + 1", "of equal numbers either is the smaller"),
        new("elementwise.cu", "bound of 'i < V' - 1", "a map without a source does not read what it gives"),
        new("elementwise.cu", "bound of 'pixels_of_block = groups >= 256' + 1", "256 groups make one pixel a block both ways"),
        new("elementwise.cu", "bound of 'pixels_of_block = groups >= 256' - 1", "255 groups make one pixel a block both ways"),
        new("reduction.cu", "bound of '{ return groups >= 32' + 1", "32 is a power of two"),
        new("reduction.cu", "bound of '{ return groups >= 32' - 1", "the power of two from 31 is 32"),
        new("reduction.cu", "bound of 'start < last' + (slots)", "one more round, of no pixel"),
        new("depthwise.cu", "bound of 'lanes = groups >= 32' + 1", "32 is a power of two"),
        new("depthwise.cu", "bound of 'lanes = groups >= 32' - 1", "the power of two from 31 is 32"),
        .. new[] { "+", "-" }.Select(way => new HarmlessMutation("depthwise.cu", $"bound of 'constexpr int at_once = KW * V <= 16' {way} 1", "how many pixels are read at a time changes no sum")),
        new("depthwise.cu", "bound of 'first < last' + (slots * at_once)", "one more round, of no pixel"),
        new("depthwise.cu", "bound of 'from_y < height' + 1", "an adjoint's height is a multiple of its stride"),
        new("depthwise.cu", "bound of 'from_x < width' + 1", "an adjoint's width is a multiple of its stride"),
        new("depthwise_tile.cu", "bound of 'dilation < width' + 1", "of a column too many nothing is stored"),
        new("depthwise_gradient.cu", "bound of 'i < Tile' + 1", "a row too many is read, and not multiplied"),
        new("depthwise_gradient.cu", "bound of 'kx < Tile' + 1", "threads too many add to sums that nobody reads"),
        new("reduction.cu", "bound of 'turn < ROUNDS' + 1", "one more round, of no channel"),
        new("reduction.cu", "bound of 'start + 2 * slots <= last' - (2 * slots)", "rounds that are no pair are made one by one"),
        new("pooled_convolution.cu", "bound of 'round < rounds' + 1", "one more round, of no channel"),
        new("summed_map.cu", "bound of 'start < Unit' + (512)", "one more turn, of no pixel"),
        new("finish_moments.cu", "bound of 'index < results' + 1", "features have a multiple of 32 channels, and a block has 8 results"),
        new("trig.cu", "bound of 'n0 <= half' + (16)", "one more slab, of zeros"),
        new("trig.cu", "bound of 'phase > length - phase' + 1", "half a turn leads to the same place either way"),
        new("trig.cu", "bound of 'phase > length - phase' - 1", "half a turn leads to the same place either way"),
        new("trig.cu", "bound of 'phases[i] >= length' + 1", "a whole turn is none"),
        new("trig.cu", "bound of 'phases[i] >= length' - 1", "a turn less or more leads to the same place"),
        new("trig.cu", "bound of 'i < 16 *' + (256)", "what is behind these columns is brought afterwards"),
        new("trig.cu", "bound of 'from[i] = element < 16 * Lines' + 1", "behind the last line of a block there is none"),
        new("trig.cu", "bound of 'const bool there = from[i] >= 0' - 1", "what is brought in place of no line is not stored"),
        new("trig.cu", "bound of 'brought < turns' + 1", "one more turn, of no element"),
        new("trig.cu", "bound of 'element < 16 * Lines' + 1", "one more zero behind the last line", "if (element"),
        new("direct_convolution.cu", "bound of '> 256' + 1", "rows to choose from are powers of two"),
        new("direct_convolution.cu", "bound of '> 256' - 1", "256 rows are 256 rows both ways"),
        new("direct_convolution.cu", "bound of 'y < height' + 1", "an adjoint's height is a multiple of its stride"),
        new("direct_convolution.cu", "bound of 'xx < width' + 1", "an adjoint's width is a multiple of its stride"),
        new("direct_convolution.cu", "bound of 'k0 < depth' + (slab)", "one more slab, of zeros"),
        new("direct_convolution.cu", "bound of 'k0 + k < depth' + 1", "behind the last tap the weights are zero", "base[row]"),
        new("direct_convolution.cu", "bound of 'pixel0 < last' + (slab)", "one more slab, of zeros"),
        new("direct_convolution.cu", "bound of 'column0 + column < depth' + 1", "behind the last column nothing is stored"),
        new("direct_convolution.cu", "bound of 'first_ky < KH' + 1", "behind the last tap there is none either"),
        new("direct_convolution.cu", "bound of 'first_kx < KW' + 1", "behind the last tap there is none either"),
    ];

    [Fact]
    public void At_least_95_of_100_mutations_are_caught()
    {
        Requires.Emulator();
        var suite = new MutationSuite(output, _harmless, Sample);
        EmittedKernelCase[] kernels = [.. Kernels()];
        foreach ((string file, string[] calls) in _cases.Where(c => MutationSuite.Wants([c.File])))
        {
            EmittedKernelCase[] cases = [.. calls.Select(call => Least(kernels, call)).Distinct()];
            suite.Try([file], EmittedText.Of(cases.Select(c => c.Kernel)), (module, seed) => Check(_large.ContainsKey(calls[0]) ? calls[0] : file, cases, module, seed));
        }
        suite.AssertCaught();
    }

    // Of both forms of float, fused and not.
    private static IEnumerable<EmittedKernelCase> Kernels()
    {
        NetworkGraph[] graphs =
        [
            OddNetwork.Build(NetworkMode.Inference), OddNetwork.Build(NetworkMode.Training),
            EdgeNetwork.Build(NetworkMode.Inference), EdgeNetwork.Build(NetworkMode.Training), EmittedMomentsTests.Network(),
            SelectionNetwork.Build(NetworkMode.Inference), SelectionNetwork.Build(NetworkMode.Training), PoolingNetwork.Build(),
        ];
        return new[] { (ElementType.Float32, false), (ElementType.Float32, true), (ElementType.BFloat16, false), (ElementType.BFloat16, true) }
            .SelectMany(form => EmittedKernels.Of(graphs, form.Item1, form.Item2)).DistinctBy(k => k.Kernel.Name);
    }

    // The smallest, so that the interpreter is quick.
    private static EmittedKernelCase Least(EmittedKernelCase[] kernels, string call) => kernels
        .Where(k => call.Split(" & ").All(part => k.Kernel.Text.Contains(part, StringComparison.Ordinal)))
        .OrderBy(k => k.Launch.Tasks.SelectMany(t => t.Operands).Sum(o => o.Shape.Elements(k.Size(2, 3, 5)))).ThenBy(k => k.Kernel.Name, StringComparer.Ordinal)
        .FirstOrDefault() ?? throw new InvalidOperationException($"No kernel contains {call}.");

    private static void Check(string size, EmittedKernelCase[] cases, CudaModule module, ulong seed)
    {
        foreach (EmittedKernelCase kernel in cases)
        {
            // Where something ends is a matter of values, not of the order of threads: one size is run in all of them.
            (int Images, int Height, int Width)[] large = _large.TryGetValue(size, out var one) ? [one] : [];
            foreach ((int images, int height, int width) in seed == 0 ? _sizes.Concat(large) : _sizes[..1])
            {
                using var oracle = new KernelOracle(kernel, kernel.Size(images, height, width), seed: 1);
                oracle.Check(module, seed);
            }
        }
    }
}
