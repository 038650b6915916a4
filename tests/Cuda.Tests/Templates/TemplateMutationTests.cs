using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>What the templates' tests notice of what goes wrong in the templates of dense convolutions: see <see cref="MutationSuite"/>.</summary>
public sealed class TemplateMutationTests(ITestOutputHelper output)
{
    // What computes the same at every size that a template accepts.
    private static readonly HarmlessMutation[] Harmless =
    [
        new("gemm_tile.cu", "bound of 'constexpr int rows_of_a_line = RowChunks >= 8' + 1", "at 8 both ways give one row a line"),
        new("gemm_tile.cu", "bound of 'constexpr int rows_of_a_line = RowChunks >= 8' - 1", "row lengths are powers of two"),
        new("gemm_tile.cu", "bound of 'channel < Channels' - 1", "channels come in whole groups"),
        new("weight_gradient.cu", "bound of 'channel < Portion' - 1", "channels come in whole chunks"),
        new("weight_gradient.cu", "bound of 'start < end' + (Portion::Threads * at_once)", "one more turn, of no chunk"),
        new("weight_gradient.cu", "bound of 'channel < Portion' + 1", "what is read behind the last channel is multiplied for nothing", "const bool any"),
        new("weight_gradient.cu", "bound of 'turn < portions' + 1", "behind the last portion there is nothing to bring"),
        new("weight_gradient.cu", "bound of 'channel < Shape' - 1", "pairs of channels begin with an even one, and so do the channels of whole pairs", "float2"),
        new("weight_gradient.cu", "bound of 'channel < Shape' + 1", "pairs of channels begin with an even one, and their number is odd here", "at[0]"),
        new("weight_gradient.cu", "bound of 'channel + 1 < Shape' - 1", "the second of a pair is odd, and so is the number of channels here"),
        new("up_convolution.cu", "bound of 'return chunk < Up' - 1", "the chunk of a step is even, and so is the number of the middle's"),
        new("up_tile_convolution.cu", "bound of 'return chunk < Up' - 1", "the chunk of a step is even, and so is the number of the middle's"),
        new("halo_convolution.cu", "bound of 'channel < Split' - 1", "parts are whole, and so is the split"),
        new("input_tile.cu", "bound of 'turn < turns' + (at_once)", "one more turn, of no pixel"),
        new("input_tile.cu", "bound of 'i < at_once' + 1", "what is stored too early is stored again by the next turn, or is no pixel", "stored.pixel"),
        new("input_tile.cu", "bound of 'static constexpr int ahead = count <= Convolution' - 1", "with a buffer to spare the last slab comes after the first one"),
        new("dense_convolution.cu", "bound of 'j < rows.count' + 1", "behind the last tap the weights are zero"),
        new("dense_convolution.cu", "bound of 'j < columns.count' + 1", "no tap has a column behind the last one"),
        new("dense_convolution.cu", "bound of 'channel < Split' - 1", "channels are multiples of a chunk, and so is the split"),
        new("dense_convolution.cu", "bound of 'slab < slabs' + 1", "one more slab, of zeros"),
        new("sources.cu", "bound of 'channel < Split' - 1", "channels are multiples of a chunk, and so is the split"),
        new("halo_tile.cu", "bound of 'const bool inside = pixel < Input' + 1", "what lies behind the tile is read, and not stored"),
        new("halo_tile.cu", "bound of 'brought < turns' + 1", "one more turn, of no pixel"),
        new("halo_tile.cu", "bound of 'turn < ceil_div' + 1", "one more turn, of no chunk"),
        new("halo_tile.cu", "bound of 'row < rows' + (together * step)", "one more turn, of no row"),
        new("halo_tile.cu", "bound of 'stored < together' + 1", "the next turn stores it anew"),
        new("halo_tile.cu", "bound of '* step <= Tile' - 1", "what is known of all threads is asked of each"),
        new("picture_convolution.cu", "bound of 'unit < Tile' + (Tile::warps)", "one more unit, of no pixel"),
        new("pack_convolution.cu", "bound of 'chunk >= Jobs' + 1", "behind a tensor's last phase nothing is packed"),
        new("fused_residual_block.cu", "bound of 'first < pixels' + (Tile::warps * 16)", "one more turn, of no pixel"),
        new("fused_residual_block.cu", "bound of 'channel < C' - 1", "channels come in fours"),
        new("scm.cu", "bound of 'unit < Units' + (Units::warps)", "one more unit, of no pixel"),
        new("scm.cu", "bound of 'lanes < 32' - 1", "lanes are powers of two"),
        new("halo_convolution.cu", "bound of 'y < height' + 1", "behind the picture's end nothing is stored"),
        new("warpgroup_convolution.cu", "bound of 'slab < count' + 1", "one more slab is brought, and not multiplied"),
        new("warpgroup_convolution.cu", "bound of 'y + 8 < end' + 1", "one more tile is brought, and not multiplied"),
        new("halo_tile.cu", "bound of 'channel < Channels' - 1", "channels come in whole groups"),
        new("halo_tile.cu", "bound of 'chunks > 2' + 1", "straight on and in a loop the same is computed"),
        new("halo_tile.cu", "bound of 'chunks > 2' - 1", "straight on and in a loop the same is computed"),
    ];

    // Files, and the text and its kernels' runs that are to notice what changes in them.
    private static readonly (string[] Files, Func<(string Text, Action<CudaModule, ulong> Exercise)> Make)[] Cases =
    [
        (["gemm_tile.cu", "sources.cu", "convolution_taps.cu", "dense_convolution.cu", "pack_convolution.cu"], () => Convolution(strict: false)),
        (["gemm_tile.cu"], () => Convolution(strict: true)),
        (["weight_gradient.cu"], () => Gradient(strict: false)),
        (["weight_gradient.cu"], () => Gradient(strict: true)),
        (["few_channel_gradient.cu"], () => FewChannels(strict: false)),
        (["few_channel_gradient.cu"], () => FewChannels(strict: true)),
        (["halo_tile.cu", "fused_residual_block.cu"], () => Residual([new("residual24", true, 24, 3, 6, 3), new("residual16", true, 16, 4, 16, 3), new("residual8", true, 8, 4, 16, 1), new("residual32", true, 32, 2, 8, 2), new("computed", true, 16, 5, 16, 5, Loaded: true), new("adjoint", true, 16, 4, 16, 3, Adjoint: true), new("adjoint32", true, 32, 2, 8, 2, Adjoint: true)])),
        (["halo_convolution.cu", "input_tile.cu", "halo_tile.cu", "sources.cu"], () => Halo(strict: false)),
        (["halo_convolution.cu"], () => Halo(strict: true)),
        (["warpgroup_convolution.cu", "tile_operands.cu"], Groups),
        (["picture_convolution.cu", "halo_tile.cu"], Pictures),
        (["up_convolution.cu"], Up),
        (["up_tile_convolution.cu", "input_tile.cu"], UpTiles),
        (["strided_convolution.cu", "input_tile.cu", "tile_operands.cu"], Strided),
        (["scm.cu", "pack_convolution.cu", "halo_tile.cu"], Scm),
    ];

    [Fact]
    public void At_least_95_of_100_mutations_are_caught()
    {
        Requires.Emulator();
        var suite = new MutationSuite(output, Harmless, sample: 3);
        foreach ((string[] files, var make) in Cases.Where(c => MutationSuite.Wants(c.Files)))
        {
            (string text, Action<CudaModule, ulong> exercise) = make();
            suite.Try(files, text, exercise);
        }
        suite.AssertCaught();
    }

    private static (string, Action<CudaModule, ulong>) Convolution(bool strict)
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
            new("few", true, new Filter(8, 12, 3), false, [64, 16, 4, 2, 4, 1], "loaded"),
            new("together", true, new Filter(32, 24, 3), false, [32, 16, 4, 3, 1, 1]),
            new("left", true, new Filter(8, 40, 1), false, [32, 16, 4, 2, 1, 1]),
        ];
        if (strict) cases = [cases[1], cases[5]];
        return (TemplateText.Of(["dense_convolution.cu", "pack_convolution.cu"], cases.Select(c => c.Text), strict), (module, seed) =>
        {
            foreach (DenseConvolutionCase c in cases) c.Run(module, 2, 5, 7, seed);
        }
        );
    }

    private static (string, Action<CudaModule, ulong>) FewChannels(bool strict)
    {
        FewChannelGradientCase[] cases =
        [
            new("float_stages", false, new Filter(3, 20, 3), [16, 16, 2, 8, 3, 1, 2], true, 3),
            new("picture", true, new Filter(3, 32, 3), [32, 32, 2, 16, 2, 2, 2], true, 2),
            new("stride", true, new Filter(4, 8, 3, 3, 2, 2), [16, 32, 1, 16, 2, 1, 1], true, 2),
            new("loaded", true, new Filter(2, 1, 3, 3, 1, 2, 2), [16, 32, 2, 16, 2, 1, 2], true, 2, BrainInput: true, Loaded: true),
        ];
        if (strict) cases = [cases[0]];
        return (TemplateText.Of(["few_channel_gradient.cu"], cases.Select(c => c.Text), strict), (module, seed) =>
        {
            foreach (FewChannelGradientCase c in cases) AtEnds((images, height, width) => c.Run(module, images, height, width, seed));
        }
        );
    }

    private static (string, Action<CudaModule, ulong>) Gradient(bool strict)
    {
        WeightGradientCase[] cases =
        [
            new("float_stages", false, new Filter(12, 20, 3), [32, 16, 3, 2, 8, 3, 2, 1, 1], true, 3),
            new("narrow", true, new Filter(16, 16, 3, 2), [16, 16, 3, 2, 32, 2, 1, 1, 4], true, 2),
            new("tiles", true, new Filter(24, 40, 3), [16, 16, 1, 1, 16, 2, 1, 1, 1], true, 2),
            new("pictures", true, new Filter(3, 32, 3), [32, 16, 1, 2, 16, 2, 2, 1, 1], true, 2, Loaded: true),
            new("loaded", true, new Filter(8, 16, 3), [16, 16, 1, 4, 16, 2, 1, 1, 1], true, 2, Loaded: true),
            new("pieces", true, new Filter(24, 16, 3), [16, 32, 1, 1, 16, 2, 1, 2, 1], true, 2, Split: 16),
            new("tiled_pieces", true, new Filter(40, 16, 1), [16, 16, 1, 1, 32, 2, 1, 1, 2], true, 2, Split: 16),
            new("odd_pieces", true, new Filter(40, 16, 1), [16, 16, 1, 1, 16, 2, 1, 1, 1], true, 2, Split: 24),
            new("by_tap", false, new Filter(32, 32, 3), [32, 32, 3, 1, 16, 2, 1, 2, 2], true, 2),
        ];
        if (strict) cases = [cases[0]];
        return (TemplateText.Of(["weight_gradient.cu"], cases.Select(c => c.Text), strict), (module, seed) =>
        {
            foreach (WeightGradientCase c in cases) AtEnds((images, height, width) => c.Run(module, images, height, width, seed));
        }
        );
    }

    private static void AtEnds(Action<int, int, int> run)
    {
        run(2, 9, 10);
        // Tiles that end with the picture; one tile for a part, and one that ends behind the picture.
        run(2, 4, 16);
        run(1, 2, 17);
    }

    private static (string, Action<CudaModule, ulong>) Residual(ResidualCase[] cases)
        => (TemplateText.Of(["fused_residual_block.cu", "pack_convolution.cu"], cases.Select(c => c.Text)), (module, seed) =>
        {
            foreach (ResidualCase c in cases) c.Run(module, 1, 6, 10, seed);
        }
    );

    private static (string, Action<CudaModule, ulong>) Halo(bool strict)
    {
        HaloCase[] halos =
        [
            new("parts", true, 32, 32, false, [2, 16, 16, 3, 2, 1]),
            new("one", true, 32, 16, true, [2, 16, 32, 2, 1, 1]),
            new("halves", false, 8, 16, false, [2, 16, 8, 2, 1, 1]),
            new("whole", true, 16, 24, true, [2, 32, 16, 0, 1, 1], Second: 8, Loaded: true),
            new("pieces", true, 32, 16, false, [2, 16, 16, 3, 1, 1], Second: 16, Loaded: true),
            new("mixed", true, 32, 16, false, [2, 16, 16, 3, 1, 1], Second: 8),
            new("turns", true, 32, 16, false, [1, 16, 16, 3, 1, 1, 2]),
        ];
        if (strict) halos = [halos[2]];
        return (TemplateText.Of(["halo_convolution.cu", "pack_convolution.cu"], halos.Select(c => c.Text), strict), (module, seed) =>
        {
            foreach (HaloCase c in halos) c.Run(module, 2, 5, 19, seed);
        }
        );
    }

    private static (string, Action<CudaModule, ulong>) Pictures()
    {
        PictureCase[] cases = [new("picture", true, 3, 32, false, 4, 16), new("adjoint", true, 3, 16, true, 16, 8)];
        return (TemplateText.Of(["picture_convolution.cu", "pack_convolution.cu"], cases.Select(c => c.Text)), (module, seed) =>
        {
            foreach (PictureCase c in cases) c.Run(module, 2, 5, 19, seed);
        }
        );
    }

    // The emulator's sm_90 is sm_90a, which has wgmma.
    private static (string, Action<CudaModule, ulong>) Groups()
    {
        HaloCase[] groups = [new("rows", true, 64, 64, true, [16, 64, 64, 3, 4, 2]), new("parts", true, 128, 64, false, [8, 32, 64, 3, 4, 2]), new("slabs", true, 256, 128, false, [8, 32, 128, 3, 4, 2])];
        HaloCase turns = new("turns", true, 64, 64, true, [8, 64, 64, 3, 4, 2, 2]);
        return (TemplateText.Of(["halo_convolution.cu", "pack_convolution.cu"], groups.Append(turns).Select(c => c.Text)), (module, seed) =>
        {
            foreach (HaloCase c in groups.Append(turns)) c.Run(module, 1, 9, 19, seed);
            turns.Run(module, 1, 17, 3, seed);
        }
        );
    }

    private static (string, Action<CudaModule, ulong>) Up()
    {
        var up = new UpCase("up", true, 24, 16, 8, 32, [32, 16, 4, 2, 2, 1]);
        return (TemplateText.Of(["up_convolution.cu", "pack_convolution.cu"], [up.Text]), (module, seed) => up.Run(module, 2, 3, 7, seed));
    }

    private static (string, Action<CudaModule, ulong>) UpTiles()
    {
        var up = new UpCase("up", true, 32, 32, 8, 32, [2, 1, 7, 2, 1]);
        return (TemplateText.Of(["up_tile_convolution.cu", "pack_convolution.cu"], [up.Text]), (module, seed) =>
        {
            up.Run(module, 2, 3, 7, seed);
            up.Run(module, 1, 4, 17, seed);
        }
        );
    }

    private static (string, Action<CudaModule, ulong>) Strided()
    {
        StridedCase[] cases = [new("strided", true, 32, 64, [2, 32, 3, 3, 2, 1], Second: 8), new("parts", true, 64, 32, [2, 32, 2, 3, 2, 1])];
        return (TemplateText.Of(["strided_convolution.cu", "pack_convolution.cu"], cases.Select(c => c.Text)), (module, seed) =>
        {
            foreach (StridedCase c in cases)
            {
                c.Run(module, 2, 6, 35, seed);
                c.Run(module, 1, 8, 32, seed);
            }
        }
        );
    }

    private static (string, Action<CudaModule, ulong>) Scm()
    {
        var scm = new ScmCase("scm_small", true, 8, 8, 16, 16, 96, 4, 18, 3);
        var streams = new ScmCase("scm_streams", true, 3, 32, 64, 64, 128, 4, 8, 3);
        return (TemplateText.Of(["scm.cu", "pack_convolution.cu"], [scm.Text, streams.Text]), (module, seed) =>
        {
            scm.Run(module, 2, 5, 19, seed);
            streams.Run(module, 1, 5, 11, seed);
        }
        );
    }
}
