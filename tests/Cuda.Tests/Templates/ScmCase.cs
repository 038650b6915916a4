using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of scm.cu. Three channels come as float through registers, eight are copied as they are.</summary>
internal sealed record ScmCase(string Name, bool Brain, int Read, int C1, int C2, int C3, int Written, int TileH, int TileW, int WarpsM, int Parts)
{
    private bool Loaded => Read == 3;

    private string Input => Loaded ? "float" : Element;

    private (Filter, bool)[] Filters =>
        [(new Filter(Read, C1, 3), false), (new Filter(C1, C2, 1), false), (new Filter(C2, C3, 3), false), (new Filter(C3, Written, 1), false)];

    private string Element => Brain ? "bf16" : "float";

    // The formula of ScmTile::shared_bytes.
    private int SharedBytes
    {
        get
        {
            int Pixel(int channels) => ((channels + (Brain ? 7 : 3)) / (Brain ? 8 : 4)) is var chunks && int.IsPow2(chunks) ? chunks * 16 : (chunks | 1) * 16;
            int halo = (TileH + 2) * (TileW + 2), early = (TileH + 4) * (TileW + 4) * Pixel(Read) + halo * Pixel(C1);
            return Math.Max(early, TileH * TileW * Pixel(C3)) + halo * Pixel(C2) + WarpsM * Written * 8;
        }
    }

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters)}}
        {{Chain.Bodies(Name, C3, Brain, Written + 8)}}
        extern "C" __global__ void __launch_bounds__(256) {{Name}}(
            const {{Input}}* x, const unsigned char* w0, const unsigned char* w1, const unsigned char* w2, const unsigned char* w3,
            const float* b0, const float* b1, const float* b2, const float* b3, float* m, {{Element}}* y, float* sums, int images, int height, int width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            {{(Loaded ? "LoadedSource<float, 3, 1>" : $"PlainSource<{Element}, {Read}>")}} source = { x, height, width };
            Clamp_{{Name}} first = { b0 }, second = { b1 };
            Middle_{{Name}} third = { b2, m };
            Last_{{Name}} last = { b3, y, height, width };
            typedef ScmTile<{{Element}}, {{Read}}, {{C1}}, {{C2}}, {{C3}}, {{Written}}, {{TileH}}, {{TileW}}, {{WarpsM}}> Tile;
            static_assert(Tile::shared_bytes == {{SharedBytes}}, "");
            scm<Tile, {{Parts}}>(
                source, w0, first, w1, second, w2, third, w3, last, sums, images, height, width, blockIdx.x, dynamic_shared);
        }
        """;

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        using var chain = new Chain(module, Name, Brain, Filters, seed);
        using Picture x = Picture.Whole("x", images, height, width, Read, Brain && !Loaded, 1);
        using Picture m = Picture.Result("m", images, height, width, C3, false);
        using Picture y = Picture.Result("y", images, height, width, Written, Brain, 8);
        using var sums = CudaBuffer.Uninitialised<float>("sums", images * Parts * 2 * Written);
        module.Launch(Name, images * Parts, 256, SharedBytes, seed,
            [x.Buffer, .. chain.Packed, .. chain.Biases, m.Buffer, y.Buffer, sums, images, height, width]);
        string what = $"{Name} {images}×{height}×{width}";
        Func<int, int, int, int, double> value = (n, yy, xx, c) => x[n, yy, xx, c];
        for (int i = 0; i < 3; i++) value = chain.Reference(i, value, images, height, width, clamp: true);
        m.Check(what + " middle", value, 0);
        var last = chain.Reference(3, value, images, height, width, clamp: false);
        y.Check(what, last, 0);

        // Sums of whole numbers below 2²⁴ are exact in any order.
        float[] actual = sums.Read<float>();
        for (int n = 0; n < images; n++)
            for (int c = 0; c < Written; c++)
                for (int power = 1; power <= 2; power++)
                {
                    double sum = 0, parts = 0;
                    for (int yy = 0; yy < height; yy++)
                        for (int xx = 0; xx < width; xx++) sum += Math.Pow(last(n, yy, xx, c), power);
                    for (int part = 0; part < Parts; part++) parts += actual[((n * Parts + part) * 2 + power - 1) * Written + c];
                    Assert.True(parts == sum, $"{what}: sum of channel {c} to the power of {power} over image {n} is {parts}, not {sum}.");
                }
    }
}
