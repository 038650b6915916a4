using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>Kernels with a halo in shared memory: halo_convolution.cu, strided_convolution.cu, picture_convolution.cu, fused_residual_block.cu and scm.cu; and both up-convolutions.</summary>
public sealed class ChainTests
{
    private static readonly ResidualCase[] Residuals =
    [
        new("residual16", true, 16, 4, 16, 3), new("residual24", true, 24, 3, 6, 3), new("residual8", true, 8, 4, 16, 1), new("residual32", true, 32, 2, 8, 2), new("computed", true, 16, 5, 16, 5, Loaded: true),
        new("adjoint", true, 16, 4, 16, 3, Adjoint: true), new("adjoint32", true, 32, 2, 8, 2, Adjoint: true),
    ];

    private static readonly ResidualCase[] FloatResiduals = [new("residual16", false, 16, 4, 8, 4), new("residual12", false, 12, 3, 5, 3), new("residual8", false, 8, 2, 8, 2), new("adjoint", false, 16, 4, 8, 4, Adjoint: true)];

    private static readonly ResidualCase[] LargeResiduals = [new("residual", true, 16, 16, 32, 10), new("adjoint", true, 16, 16, 32, 10, Adjoint: true)];

    private static readonly UpCase[] Ups = [new("up", true, 24, 16, 8, 32, [32, 16, 4, 2, 2, 1]), new("up32", true, 32, 32, 32, 32, [32, 32, 4, 3, 1, 2])];

    // Slabs of a tap and of a part of one, all at once and one after another; a skip that ends within a step; warps side by side.
    private static readonly UpCase[] UpTiles = [new("up_tiles", true, 32, 32, 8, 32, [2, 1, 3, 2, 1]), new("up_tiles64", true, 32, 64, 32, 64, [4, 2, 4, 2, 2])];

    private static readonly UpCase[] FloatUps =
    [
        new("up", false, 12, 16, 12, 16, [32, 16, 4, 2, 2, 1]), new("up32", false, 8, 32, 8, 32, [32, 32, 4, 2, 2, 2], Resident: false), new("up_tiles", false, 16, 32, 12, 32, [2, 1, 3, 2, 1]),
    ];

    // Slabs of three taps, of one and of a part of one; all at once and one after another.
    private static readonly StridedCase[] Strides =
        [new("strided", true, 16, 64, [2, 32, 3, 3, 2, 1]), new("strided_two", true, 32, 64, [4, 64, 2, 4, 2, 2], Second: 8), new("strided_parts", true, 64, 32, [1, 32, 2, 3, 1, 1], Second: 64 - 8)];

    private static readonly StridedCase[] FloatStrides = [new("strided", false, 8, 32, [2, 32, 3, 3, 2, 1], Second: 4)];

    private static readonly ScmCase[] Scms = [new("scm_small", true, 3, 8, 16, 16, 32, 4, 8, 3), new("scm_wide", true, 8, 16, 32, 64, 64, 8, 16, 2), new("scm_streams", true, 3, 32, 64, 64, 128, 4, 8, 3)];

    private static readonly ScmCase[] FloatScms = [new("scm_small", false, 3, 8, 16, 16, 32, 3, 8, 3), new("scm_wide", false, 4, 8, 32, 32, 64, 4, 8, 2)];

    // Weights that stream, tiles in parts, weights that stay.
    private static readonly HaloCase[] Halos =
    [
        new("halo", true, 32, 24, false, [2, 16, 32, 3, 2, 1]), new("halo_parts", true, 64, 32, false, [4, 32, 32, 3, 2, 1], Second: 8),
        new("halo_loaded", true, 32, 32, false, [2, 32, 32, 3, 2, 1], Second: 16, Loaded: true), new("halo_loaded_part", true, 64, 32, false, [4, 32, 32, 3, 2, 1], Second: 32, Loaded: true),
        new("halo_adjoint", true, 64, 32, true, [4, 32, 32, 2, 1, 2]), new("halo_whole", true, 32, 24, false, [2, 32, 32, 0, 1, 2]), new("halo_whole_adjoint", true, 16, 3, true, [4, 16, 16, 0, 1, 1]),
        new("halo_turns", true, 32, 32, false, [1, 32, 32, 3, 1, 1, 3]),
    ];

    private static readonly HaloCase[] FloatHalos =
    [
        new("halo", false, 16, 16, false, [2, 16, 16, 3, 1, 1]), new("halo_adjoint", false, 16, 24, true, [2, 32, 8, 2, 1, 2]), new("halo_whole", false, 8, 12, false, [4, 16, 8, 0, 2, 1]),
    ];

    // For groups of four warps, on sm_90a alone: of one tile and two along rows, of 32, 64 and 128 channels written, of one part and two, of both lengths of slabs.
    private static readonly HaloCase[] Groups =
    [
        new("groups", true, 64, 64, false, [16, 64, 64, 3, 4, 2]), new("groups_two", true, 64, 64, true, [8, 64, 64, 3, 4, 2], Second: 8),
        new("groups_wide", true, 128, 128, true, [8, 128, 128, 3, 2, 4]), new("groups_parts", true, 128, 128, false, [8, 32, 64, 3, 4, 2], Second: 8),
        new("groups_loaded", true, 128, 64, false, [8, 64, 128, 3, 4, 2], Second: 64, Loaded: true), new("groups_loaded_part", true, 128, 64, false, [8, 32, 64, 3, 4, 2], Second: 64, Loaded: true),
        new("groups_narrow", true, 256, 64, false, [8, 32, 128, 3, 4, 2]),
    ];

    // Several tiles a block, which keeps all weights.
    private static readonly HaloCase[] Turns =
        [new("turns", true, 64, 64, false, [16, 64, 64, 3, 4, 2, 2]), new("turns_loaded", true, 64, 64, true, [8, 64, 64, 3, 4, 2, 2], Second: 8, Loaded: true)];

    private static readonly PictureCase[] Pictures =
        [new("picture", true, 3, 32, false, 4, 16), new("picture_half", true, 3, 48, false, 8, 16, Step: 2), new("picture_adjoint", true, 3, 16, true, 16, 8), new("picture_one", true, 1, 64, true, 4, 8)];

    private static readonly PictureCase[] FloatPictures = [new("picture", false, 3, 32, false, 4, 16), new("picture_adjoint", false, 4, 48, true, 8, 16)];

    internal static string TextOf(string group, bool strict = false) => group switch
    {
        "halo groups" => TemplateText.Of(["halo_convolution.cu", "pack_convolution.cu"], Groups.Concat(Turns).Select(c => c.Text)),
        "halo bf16" => TemplateText.Of(["halo_convolution.cu", "pack_convolution.cu"], Halos.Select(c => c.Text)),
        "halo float" => TemplateText.Of(["halo_convolution.cu", "pack_convolution.cu"], FloatHalos.Select(c => c.Text), strict),
        "picture bf16" => TemplateText.Of(["picture_convolution.cu", "pack_convolution.cu"], Pictures.Select(c => c.Text)),
        "picture float" => TemplateText.Of(["picture_convolution.cu", "pack_convolution.cu"], FloatPictures.Select(c => c.Text), strict),
        "residual bf16" => TemplateText.Of(["fused_residual_block.cu", "pack_convolution.cu"], Residuals.Select(c => c.Text)),
        "residual bf16 large" => TemplateText.Of(["fused_residual_block.cu", "pack_convolution.cu"], LargeResiduals.Select(c => c.Text)),
        "residual float" => TemplateText.Of(["fused_residual_block.cu", "pack_convolution.cu"], FloatResiduals.Select(c => c.Text), strict),
        "up bf16" => TemplateText.Of(["up_convolution.cu", "pack_convolution.cu"], Ups.Select(c => c.Text)),
        "up tiles" => TemplateText.Of(["up_tile_convolution.cu", "pack_convolution.cu"], UpTiles.Select(c => c.Text)),
        "strided bf16" => TemplateText.Of(["strided_convolution.cu", "pack_convolution.cu"], Strides.Select(c => c.Text)),
        "strided float" => TemplateText.Of(["strided_convolution.cu", "pack_convolution.cu"], FloatStrides.Select(c => c.Text), strict),
        "up float" => TemplateText.Of(["up_convolution.cu", "up_tile_convolution.cu", "pack_convolution.cu"], FloatUps.Select(c => c.Text), strict),
        "scm bf16" => TemplateText.Of(["scm.cu", "pack_convolution.cu"], Scms.Select(c => c.Text)),
        "scm float" => TemplateText.Of(["scm.cu", "pack_convolution.cu"], FloatScms.Select(c => c.Text), strict),
        _ => throw new ArgumentException(group),
    };

    internal static void Exercise(string group, CudaModule module, ulong seed)
    {
        foreach (ResidualCase c in group switch { "residual bf16" => Residuals, "residual bf16 large" => LargeResiduals, "residual float" => FloatResiduals, _ => [] })
            c.Run(module, 1, 6, 10, seed);
        foreach (HaloCase c in group switch { "halo bf16" => Halos, "halo float" => FloatHalos, "halo groups" => Groups, _ => [] }) c.Run(module, 2, 5, 19, seed);
        foreach (HaloCase c in group == "halo groups" ? Turns : []) c.Run(module, 1, 33, 19, seed);
        foreach (PictureCase c in group switch { "picture bf16" => Pictures, "picture float" => FloatPictures, _ => [] }) c.Run(module, 2, 5, 19, seed);
        foreach (UpCase c in group switch { "up bf16" => Ups, "up tiles" => UpTiles, "up float" => FloatUps, _ => [] }) c.Run(module, 2, 3, 7, seed);
        foreach (UpCase c in group == "up tiles" ? UpTiles : []) c.Run(module, 1, 5, 17, seed);
        foreach (StridedCase c in group switch { "strided bf16" => Strides, "strided float" => FloatStrides, _ => [] })
        {
            c.Run(module, 2, 9, 35, seed);
            c.Run(module, 1, 8, 32, seed);
        }
        foreach (ScmCase c in group switch { "scm bf16" => Scms, "scm float" => FloatScms, _ => [] }) c.Run(module, 2, 5, 9, seed);
    }

    public static TheoryData<string, bool, int> Texts => new()
    {
        { "halo bf16", false, 80 }, { "halo groups", false, 90 }, { "halo float", false, 80 }, { "halo float", true, 80 },
        { "picture bf16", false, 80 }, { "picture float", false, 80 }, { "picture float", true, 80 },
        { "residual bf16", false, 80 }, { "residual bf16 large", false, 80 }, { "residual float", false, 80 }, { "residual float", true, 80 }, { "residual float", false, 75 },
        { "up bf16", false, 80 }, { "up tiles", false, 80 }, { "up float", false, 80 }, { "up float", true, 80 },
        { "strided bf16", false, 80 }, { "strided float", false, 80 }, { "strided float", true, 80 },
        { "scm bf16", false, 80 }, { "scm float", false, 80 }, { "scm float", true, 80 },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Small_and_odd_sizes_are_right_in_every_order(string group, bool strict, int architecture)
    {
        Requires.Emulator();
        using CudaModule module = CudaEmulator.Compile(TextOf(group, strict), EmulatorBuild.Checked, architecture);
        foreach (ulong seed in new ulong[] { 0, 1, 2 }) Exercise(group, module, seed);
    }
}
