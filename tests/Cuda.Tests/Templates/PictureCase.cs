using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of picture_convolution.cu. What is read comes as float, of a picture <paramref name="Step"/> times as large.</summary>
internal sealed record PictureCase(string Name, bool Brain, int Read, int Written, bool Adjoint, int TileH, int TileW, int Step = 1)
{
    private (Filter, bool)[] Filters => [(Adjoint ? new Filter(Written, Read, 3) : new Filter(Read, Written, 3), Adjoint)];

    private string Element => Brain ? "bf16" : "float";

    // The formula of PictureTile::shared_bytes.
    private int SharedBytes => (TileH + 2) * (TileW + 2) * 16;

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters)}}
        {{Chain.Bodies(Name, Brain, Written + 8)}}
        extern "C" __global__ void __launch_bounds__(256) {{Name}}(
            const float* x, const unsigned char* w, const float* b, {{Element}}* y, int images, int height, int width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            LoadedSource<float, {{Read}}, 1, {{Step}}> source = { x, height, width };
            Last_{{Name}} last = { b, y, height, width };
            typedef PictureTile<{{Element}}, {{Read}}, {{Written}}, {{(Adjoint ? "true" : "false")}}, {{TileH}}, {{TileW}}> Tile;
            static_assert(Tile::shared_bytes == {{SharedBytes}}, "");
            picture_convolution<Tile>(source, w, last, images, height, width, blockIdx.x, dynamic_shared);
        }
        """;

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        using var chain = new Chain(module, Name, Brain, Filters, seed);
        using Picture x = Picture.Whole("x", images, height * Step, width * Step, Read, false, 1);
        using Picture y = Picture.Result("y", images, height, width, Written, Brain, 8);
        int blocks = images * ((height + TileH - 1) / TileH) * ((width + TileW - 1) / TileW);
        module.Launch(Name, blocks, 256, SharedBytes, seed, x.Buffer, chain.Packed[0], chain.Biases[0], y.Buffer, images, height, width);
        y.Check($"{Name} {images}×{height}×{width}", chain.Reference(0, (n, yy, xx, c) => Inside(yy, height) && Inside(xx, width) ? x[n, yy * Step, xx * Step, c] : 0, images, height, width, clamp: false), 0);
    }

    private static bool Inside(int at, int extent) => at >= 0 && at < extent;
}
