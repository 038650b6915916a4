using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>weight_gradient.cu at small, odd and tile-crossing sizes.</summary>
public sealed class WeightGradientTests
{
    private static readonly string[] Files = ["weight_gradient.cu"];

    // TileO, TileI, rows of taps, rows and columns of pixels, stages, warps along O, I and the pixels.
    private static readonly int[] Whole = [16, 48, 3, 1, 16, 3, 1, 3, 1], Plain = [32, 32, 1, 2, 16, 2, 2, 1, 2], Narrow = [16, 16, 3, 2, 32, 2, 1, 1, 4], Flat = [16, 16, 1, 1, 32, 2, 1, 1, 2];
    private static readonly int[] Rows = [32, 16, 2, 2, 8, 2, 1, 1, 2], NarrowFloat = [16, 16, 3, 2, 16, 2, 1, 1, 4], FlatFloat = [16, 16, 1, 1, 16, 3, 1, 1, 2];

    internal static readonly Dictionary<string, WeightGradientCase[]> Groups = new()
    {
        ["bf16"] =
        [
            new("three", true, new Filter(16, 24, 3), Whole, true, 3),
            new("one", true, new Filter(40, 8, 1), Plain, false, 1),
            new("narrow", true, new Filter(8, 16, 3), Narrow, true, 2),
            new("stride", true, new Filter(8, 16, 3, 2), Narrow, true, 2),
            new("dilated", true, new Filter(8, 8, 5, 3, 1, 2, 2), Flat, true, 2),
            new("up", true, new Filter(8, 40, 4, 4, 2, 1), [32, 16, 2, 1, 16, 2, 1, 1, 1], true, 2),
            new("pictures", true, new Filter(3, 32, 3), Narrow, true, 2, Loaded: true),
            new("loaded", true, new Filter(8, 16, 3), [16, 16, 1, 4, 16, 2, 1, 1, 1], true, 2, Loaded: true),
            new("pieces", true, new Filter(40, 16, 3), Whole, true, 2, Split: 24),
            new("tiled_pieces", true, new Filter(40, 16, 3), Narrow, true, 2, Split: 16),
            new("odd_pieces", true, new Filter(40, 16, 1), [16, 16, 1, 1, 32, 2, 1, 1, 2], true, 2, Split: 24),
        ],
        ["float"] =
        [
            new("three", false, new Filter(12, 20, 3), NarrowFloat, true, 3),
            new("narrow", false, new Filter(8, 8, 3), FlatFloat, true, 2),
            new("up", false, new Filter(8, 16, 4, 4, 2, 1), Rows, false, 2),
            new("pictures", false, new Filter(3, 8, 3), NarrowFloat, true, 2, Loaded: true),
            new("by_tap", false, new Filter(32, 32, 3), [32, 32, 3, 1, 16, 2, 1, 2, 2], true, 2),
        ],
    };

    internal static string TextOf(string group, bool strict = false)
        => TemplateText.Of(Files, Groups[group].Select(c => c.Text), strict);

    public static TheoryData<string, bool, int> Texts => new() { { "bf16", false, 80 }, { "float", false, 80 }, { "float", true, 80 }, { "float", false, 75 } };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Small_and_odd_sizes_are_right_in_every_order(string group, bool strict, int architecture)
    {
        Requires.Emulator();
        using CudaModule module = CudaEmulator.Compile(TextOf(group, strict), EmulatorBuild.Checked, architecture);
        foreach (WeightGradientCase c in Groups[group])
            foreach (ulong seed in new ulong[] { 0, 1, 2 })
            {
                c.Run(module, 2, 5, 7, seed);
                // Fewer pixels than parts want.
                if (seed == 2) c.Run(module, 1, 6, 2, seed);
            }
    }
}
