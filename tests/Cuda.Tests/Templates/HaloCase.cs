using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of halo_convolution.cu. <paramref name="Tile"/>: rows and columns of pixels, channels, steps a slab, stages, warps.</summary>
internal sealed record HaloCase(string Name, bool Brain, int Read, int Written, bool Adjoint, int[] Tile)
{
    private (Filter, bool)[] Filters => [(Adjoint ? new Filter(Written, Read, 3) : new Filter(Read, Written, 3), Adjoint)];

    private string Element => Brain ? "bf16" : "float";

    private int Threads => 32 * Tile[5] * Tile[6];

    // The formula of HaloConvolution::shared_bytes.
    private int SharedBytes => (Tile[0] + 2) * (Tile[1] + 2) * Read * (Brain ? 2 : 4) + Tile[4] * Tile[2] * Tile[3] * 32;

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters)}}
        {{Chain.Bodies(Name, Brain, Written + 8)}}
        extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
            const {{Element}}* x, const unsigned char* w, const float* b, {{Element}}* y, int images, int height, int width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            PlainSource<{{Element}}, {{Read + 8}}> source = { x, height, width };
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
        using Picture x = Picture.Whole("x", images, height, width, Read, Brain, 1, 8);
        using Picture y = Picture.Result("y", images, height, width, Written, Brain, 8);
        int blocks = images * ((height + Tile[0] - 1) / Tile[0]) * ((width + Tile[1] - 1) / Tile[1]) * ((Written + Tile[2] - 1) / Tile[2]);
        module.Launch(Name, blocks, Threads, SharedBytes, seed, x.Buffer, chain.Packed[0], chain.Biases[0], y.Buffer, images, height, width);
        y.Check($"{Name} {images}×{height}×{width}", chain.Reference(0, (n, yy, xx, c) => x[n, yy, xx, c], images, height, width, clamp: false), 0);
    }
}
