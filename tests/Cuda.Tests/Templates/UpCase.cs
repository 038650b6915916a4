using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>
/// One instance of up_convolution.cu, or of up_tile_convolution.cu where <paramref name="Tile"/> has its five numbers: rows of pixels, steps a slab, stages, warps. Then the
/// skip connection is float, which comes through registers.
/// </summary>
internal sealed record UpCase(string Name, bool Brain, int Read, int Middle, int Skip, int Written, int[] Tile, bool Resident = true)
{
    // The transposed convolution is the adjoint of a 4×4 stride-2 one from Middle to Read channels.
    private (Filter, bool)[] Filters => [(new Filter(Middle, Read, 4, 4, 2, 1), true), (new Filter(Middle + Skip, Written, 1), false)];

    private string Element => Brain ? "bf16" : "float";

    private bool Tiled => Tile.Length == 5;

    private int Threads => 32 * Tile[^2] * Tile[^1];

    private string Template => $"{Element}, {Read}, {Middle}, {Skip}, {Written}, " + (Tiled ? string.Join(", ", Tile) : $"{(Resident ? "true" : "false")}, ConvolutionTile<{string.Join(", ", Tile)}>");

    // The formulas of UpTile::shared_bytes and UpTiles::shared_bytes.
    private int SharedBytes
    {
        get
        {
            if (Tiled)
            {
                int plane = ((Tile[0] + 1) * 17 * 16 - 16 + 127) / 128 * 128 + 16, pixels = Tile[0] * 16;
                int first = Read / (Brain ? 8 : 4) * plane + Tile[1] * Tile[2] * Middle * 32;
                return Chain.PlanarBytes(Brain, Skip, pixels) + Math.Max(first, Chain.PlanarBytes(Brain, Middle, pixels) + Filters[1].Item1.PackedChunks(Brain, false) * 16);
            }
            int Row(int channels) => (channels / (Brain ? 8 : 4)) is var chunks && int.IsPow2(chunks) ? chunks * 16 : (chunks | 1) * 16;
            int second = Tile[0] * (Row(Middle) + Row(Skip)) + (Resident ? Filters[1].Item1.PackedChunks(Brain, false) * 16 : 0);
            return Math.Max(Tile[3] * (Tile[0] + Tile[1]) * Tile[2] * 16, second) + Tile[0] * 16;
        }
    }

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters)}}
        {{Chain.Bodies(Name, Brain, Written + 8)}}
        extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
            const {{Element}}* x, const {{(Tiled ? "float" : Element)}}* skip, const unsigned char* w0, const unsigned char* w1, const float* b0, const float* b1, float* m, {{Element}}* y,
            int images, int height, int width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            PlainSource<{{Element}}, {{Read}}> source = { x, height / 2, width / 2 };
            {{(Tiled ? $"LoadedSource<float, {Skip + 8}, 8>" : $"PlainSource<{Element}, {Skip + 8}>")}} skip_source = { skip, height, width };
            Middle_{{Name}} middle = { b0, m, {{Middle}} };
            Last_{{Name}} last = { b1, y, height, width };
            typedef {{(Tiled ? "UpTiles" : "UpTile")}}<{{Template}}> Up;
            static_assert(Up::shared_bytes == {{SharedBytes}}, "");
            {{(Tiled ? "up_tile_convolution" : "up_convolution")}}<Up>(
                source, w0, middle, skip_source, w1, last, images, height, width, blockIdx.x, dynamic_shared);
        }
        """;

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        // The sizes are those of what is read.
        using var chain = new Chain(module, Name, Brain, Filters, seed);
        using Picture x = Picture.Whole("x", images, height, width, Read, Brain, 1);
        using Picture skip = Picture.Whole("skip", images, 2 * height, 2 * width, Skip, Brain && !Tiled, 2, 8);
        using Picture m = Picture.Result("m", images, 2 * height, 2 * width, Middle, false);
        using Picture y = Picture.Result("y", images, 2 * height, 2 * width, Written, Brain, 8);
        int blocks = 4 * (Tiled ? images * ((height + Tile[0] - 1) / Tile[0]) * ((width + 15) / 16) : (images * height * width + Tile[0] - 1) / Tile[0]);
        module.Launch(Name, blocks, Threads, SharedBytes, seed, x.Buffer, skip.Buffer, chain.Packed[0], chain.Packed[1], chain.Biases[0], chain.Biases[1], m.Buffer, y.Buffer,
            images, 2 * height, 2 * width);
        string what = $"{Name} {images}×{height}×{width}";
        var middle = chain.Reference(0, (n, yy, xx, c) => x[n, yy, xx, c], images, 2 * height, 2 * width, clamp: true);
        m.Check(what + " middle", middle, 0);
        y.Check(what, chain.Reference(1, (n, yy, xx, c) => c < Middle ? middle(n, yy, xx, c) : skip[n, yy, xx, c - Middle], images, 2 * height, 2 * width, clamp: false), 0);
    }
}
