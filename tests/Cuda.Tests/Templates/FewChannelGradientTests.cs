using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>few_channel_gradient.cu at small, odd and tile-crossing sizes.</summary>
public sealed class FewChannelGradientTests
{
    private static readonly string[] Files = ["few_channel_gradient.cu"];

    // TileO, columns, rows and columns of pixels, stages, warps along O and the pixels.
    internal static readonly Dictionary<string, FewChannelGradientCase[]> Groups = new()
    {
        ["bf16"] =
        [
            new("picture", true, new Filter(3, 32, 3), [32, 32, 2, 16, 2, 1, 2], true, 3),
            new("wide", true, new Filter(3, 40, 3), [32, 16, 2, 32, 3, 2, 2], true, 2),
            new("stride", true, new Filter(4, 8, 5, 3, 2, 2), [16, 32, 1, 16, 2, 1, 1], true, 2),
            new("dilated", true, new Filter(2, 1, 3, 3, 1, 2, 2), [16, 32, 2, 16, 2, 1, 2], false, 2, Loaded: true),
            new("narrow", true, new Filter(3, 5, 1), [16, 16, 2, 16, 2, 1, 2], true, 2, BrainInput: true, Loaded: true),
        ],
        ["float"] =
        [
            new("picture", false, new Filter(3, 32, 3), [32, 32, 2, 8, 2, 1, 2], true, 3),
            new("wide", false, new Filter(3, 36, 3), [32, 16, 2, 16, 3, 2, 2], true, 2),
            new("stride", false, new Filter(4, 8, 5, 3, 2, 2), [16, 32, 1, 8, 2, 1, 1], true, 2),
            new("dilated", false, new Filter(2, 1, 3, 3, 1, 2, 2), [16, 32, 2, 8, 2, 1, 2], false, 2, Loaded: true),
            new("narrow", false, new Filter(3, 5, 1), [16, 16, 2, 8, 2, 1, 2], true, 2, BrainInput: true, Loaded: true),
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
        foreach (FewChannelGradientCase c in Groups[group])
            foreach (ulong seed in new ulong[] { 0, 1, 2 })
            {
                c.Run(module, 2, 6, 34, seed);
                // Fewer pixels than parts want.
                if (seed == 2) c.Run(module, 1, 6, 2, seed);
            }
    }
}
