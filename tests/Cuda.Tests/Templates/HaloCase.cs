using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of halo_convolution.cu. <paramref name="Tile"/>: rows of pixels, channels written, channels read at a time, stages (0: all weights stay), warps, and tiles a block where they are several.
/// <paramref name="Second"/>: of the channels read, the last so many are another tensor's, which is float where it is <paramref name="Loaded"/>.</summary>
internal sealed record HaloCase(string Name, bool Brain, int Read, int Written, bool Adjoint, int[] Tile, int Second = 0, bool Loaded = false)
{
    private (Filter, bool)[] Filters => [(Adjoint ? new Filter(Written, Read, 3) : new Filter(Read, Written, 3), Adjoint)];

    private string Element => Brain ? "bf16" : "float";

    private int Threads => 32 * Tile[4] * Tile[5];

    private int Turns => Tile.Length > 6 ? Tile[6] : 1;

    // Planes, as warpgroup_convolution.cu wants them, and its stages or all weights.
    private int GroupBytes => Turns > 1 ? Read / 8 * ((10 * 18 * 16 - 16 + 127) / 128 * 128 + 16) + 9 * Read * Written * 2 : Tile[2] / 8 * (((Tile[0] + 2) * 18 * 16 - 16 + 127) / 128 * 128 + 16) + 6 * (Tile[1] < 64 && Tile[2] % 128 == 0 ? 256 : Tile[1] < 128 ? 128 : 64) * Tile[1];

    // On sm_90a: see HaloConvolution::warpgroups.
    private bool Warpgroups => Brain && Read % 64 == 0 && Written % 64 == 0;

    // The formula of HaloConvolution::shared_bytes.
    private int SharedBytes => Warpgroups ? GroupBytes : (Tile[0] + 2) * 18 * (Tile[2] / (Brain ? 8 : 4) | 1) * 16 +
        (Tile[3] == 0 ? Filters[0].Item1.PackedChunks(Brain, Adjoint) * 16 : Tile[3] * 3 * Tile[1] * 32);

    private int Split => Read - Second;

    private string SecondElement => Loaded ? "float" : Element;

    private string Source => Second > 0
        ? $"PiecedSource<PlainSource<{Element}, {Split + 8}>, {Split}, {(Loaded ? $"LoadedSource<float, {Second + 8}, 8>" : $"PlainSource<{Element}, {Second + 8}>")}> source = {{ {{ x, height, width }}, {{ x1, height, width }}, height, width }};"
        : $"PlainSource<{Element}, {Read + 8}> source = {{ x, height, width }};";

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters, Warpgroups)}}
        {{Chain.Bodies(Name, Brain, Written + 8)}}
        extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
            const {{Element}}* x, const {{SecondElement}}* x1, const unsigned char* w, const float* b, {{Element}}* y, int images, int height, int width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            {{Source}}
            Last_{{Name}} last = { b, y, height, width };
            typedef HaloConvolution<{{Element}}, {{Read}}, {{Written}}, {{(Adjoint ? "true" : "false")}}, {{string.Join(", ", Tile)}}> Halo;
            static_assert(Halo::shared_bytes == {{SharedBytes}}, "");
            halo_convolution<Halo>(
                source, w, last, images, height, width, blockIdx.x, dynamic_shared);
        }
        """;

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        using var chain = new Chain(module, Name, Brain, Filters, seed);
        using Picture x = Picture.Whole("x", images, height, width, Split, Brain, 1, 8);
        using Picture x1 = Picture.Whole("x1", images, height, width, Second, Brain && !Loaded, 2, 8);
        using Picture y = Picture.Result("y", images, height, width, Written, Brain, 8);
        int blocks = images * ((height + Tile[0] * Turns - 1) / (Tile[0] * Turns)) * ((width + 15) / 16) * ((Written + Tile[1] - 1) / Tile[1]);
        module.Launch(Name, blocks, Threads, SharedBytes, seed, x.Buffer, x1.Buffer, chain.Packed[0], chain.Biases[0], y.Buffer, images, height, width);
        y.Check($"{Name} {images}×{height}×{width}", chain.Reference(0, (n, yy, xx, c) => c < Split ? x[n, yy, xx, c] : x1[n, yy, xx, c - Split], images, height, width, clamp: false), 0);
    }
}
