using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of strided_convolution.cu. <paramref name="Tile"/>: rows of pixels, channels written, steps a slab, stages, warps. <paramref name="Second"/>: of the
/// channels read, the last so many are another tensor's, in float, which comes through registers.</summary>
internal sealed record StridedCase(string Name, bool Brain, int Read, int Written, int[] Tile, int Second = 0)
{
    private (Filter, bool)[] Filters => [(new Filter(Read, Written, 3, 3, 2, 1), false)];

    private string Element => Brain ? "bf16" : "float";

    private int Split => Read - Second;

    private int Threads => 32 * Tile[4] * Tile[5];

    // The formula of StridedConvolution::shared_bytes.
    private int SharedBytes => Read / (Brain ? 8 : 4) * (((Tile[0] * 2 + 1) * 33 * 16 - 16 + 127) / 128 * 128 + 16) + Tile[1] * 32 * Tile[2] * Tile[3];

    private string Source => Second > 0
        ? $"PiecedSource<PlainSource<{Element}, {Split + 8}>, {Split}, LoadedSource<float, {Second + 8}, 8>> source = {{ {{ x, in_height, in_width }}, {{ x1, in_height, in_width }}, in_height, in_width }};"
        : $"PlainSource<{Element}, {Read + 8}> source = {{ x, in_height, in_width }};";

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters)}}
        {{Chain.Bodies(Name, Brain, Written + 8)}}
        extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
            const {{Element}}* x, const float* x1, const unsigned char* w, const float* b, {{Element}}* y, int images, int height, int width, int in_height, int in_width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            {{Source}}
            Last_{{Name}} last = { b, y, height, width };
            typedef StridedConvolution<{{Element}}, {{Read}}, {{Written}}, {{string.Join(", ", Tile)}}> Strided;
            static_assert(Strided::shared_bytes == {{SharedBytes}}, "");
            strided_convolution<Strided>(source, w, last, images, height, width, blockIdx.x, dynamic_shared);
        }
        """;

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        // The sizes are those of what is read.
        int outHeight = (height + 1) / 2, outWidth = (width + 1) / 2;
        using var chain = new Chain(module, Name, Brain, Filters, seed);
        using Picture x = Picture.Whole("x", images, height, width, Split, Brain, 1, 8);
        using Picture x1 = Picture.Whole("x1", images, height, width, Second, false, 2, 8);
        using Picture y = Picture.Result("y", images, outHeight, outWidth, Written, Brain, 8);
        int blocks = images * ((outHeight + Tile[0] - 1) / Tile[0]) * ((outWidth + 15) / 16) * (Written / Tile[1]);
        module.Launch(Name, blocks, Threads, SharedBytes, seed, x.Buffer, x1.Buffer, chain.Packed[0], chain.Biases[0], y.Buffer, images, outHeight, outWidth, height, width);
        y.Check($"{Name} {images}×{height}×{width}", chain.Reference(0, (n, yy, xx, c) => c < Split ? x[n, yy, xx, c] : x1[n, yy, xx, c - Split], images, outHeight, outWidth, clamp: false), 0);
    }
}
