using System.Collections.Concurrent;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>dense_convolution.cu and pack_convolution.cu at small, odd and tile-crossing sizes.</summary>
public sealed class DenseConvolutionTests
{
    private static readonly string[] Files = ["dense_convolution.cu", "pack_convolution.cu"];

    // TileM, TileN, chunks a slab, stages, warps along M and N.
    private static readonly int[] Small = [32, 16, 4, 3, 2, 1], Wide = [32, 64, 8, 2, 1, 2], Large = [128, 64, 4, 3, 4, 2];

    internal static readonly Dictionary<string, DenseConvolutionCase[]> Groups = new()
    {
        ["bf16"] =
        [
            new("three", true, new Filter(16, 24, 3), false, Small, BrainOutput: true),
            new("one", true, new Filter(64, 40, 1), false, Wide),
            new("left", true, new Filter(8, 40, 1), false, Small),
            new("stride", true, new Filter(24, 16, 3, 2), false, Small),
            new("dilated", true, new Filter(8, 8, 5, 3, 1, 2, 2), false, Wide),
            new("pictures", true, new Filter(3, 32, 3), false, Small, "loaded", true),
            new("concat", true, new Filter(24, 3, 3), false, Small, "two"),
            new("together", true, new Filter(32, 16, 3, 2), false, Small),
            new("pieces", true, new Filter(64, 16, 3), false, Wide, "two"),
        ],
        ["bf16 adjoint"] =
        [
            new("dgrad", true, new Filter(16, 32, 3), true, Small, BrainOutput: true),
            new("up", true, new Filter(16, 8, 4, 4, 2, 1), true, Wide),
            new("phases", true, new Filter(24, 16, 3, 2), true, Small),
            new("sparse", true, new Filter(8, 8, 5, 5, 2, 3, 2), true, Small),
        ],
        ["float"] =
        [
            new("three", false, new Filter(8, 24, 3), false, Small),
            new("one", false, new Filter(40, 20, 1), false, Wide),
            new("stride", false, new Filter(12, 16, 3, 2), false, Wide),
            new("pictures", false, new Filter(3, 8, 3), false, Small, "loaded"),
            new("phases", false, new Filter(8, 12, 3, 2), true, Small),
            new("up", false, new Filter(8, 8, 4, 4, 2, 1), true, Wide),
            new("together", false, new Filter(16, 16, 3, 2), true, Small),
        ],
        ["large bf16"] = [new("large", true, new Filter(32, 64, 3), false, Large, BrainOutput: true)],
    };

    private static readonly ConcurrentDictionary<(string Group, bool Strict, EmulatorBuild Build, int Architecture), Lazy<CudaModule>> Modules = new();

    internal static string TextOf(string group, bool strict = false) => TemplateText.Of(Files, Groups[group].Select(c => c.Text), strict);

    public static TheoryData<string, bool, int> Texts => new()
    {
        { "bf16", false, 80 }, { "bf16 adjoint", false, 80 }, { "float", false, 80 }, { "float", true, 80 }, { "float", false, 75 }, { "large bf16", false, 80 },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Small_and_odd_sizes_are_right_in_every_order(string group, bool strict, int architecture)
    {
        Requires.Emulator();
        CudaModule module = Module(group, strict, EmulatorBuild.Checked, architecture);
        foreach (DenseConvolutionCase c in Groups[group])
            foreach (ulong seed in new ulong[] { 0, 1, 2 })
            {
                c.Run(module, 2, 5, 7, seed);
                if (seed == 2) c.Run(module, 1, 9, 4, seed);
            }
    }

    private static CudaModule Module(string group, bool strict, EmulatorBuild build, int architecture)
        => Modules.GetOrAdd((group, strict, build, architecture), key => new(() => CudaEmulator.Compile(TextOf(key.Group, key.Strict), key.Build, key.Architecture))).Value;
}
