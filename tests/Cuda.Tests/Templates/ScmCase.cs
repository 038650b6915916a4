using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of scm.cu. Three channels are a picture's, others a tensor's.</summary>
internal sealed record ScmCase(string Name, bool Brain, int Read, int C1, int C2, int C3, int Written, int TileH, int TileW, int Parts)
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
            int halo = (TileH + 2) * (TileW + 2), rows = Brain && TileH * TileW > 64 ? 32 : 16;
            int early = Chain.PlanarBytes(Brain, Read, (TileH + 4) * (TileW + 4)) + Chain.PlanarBytes(Brain, C1, halo);
            return Math.Max(early, Chain.PlanarBytes(Brain, C3, TileH * TileW)) + Chain.PlanarBytes(Brain, C2, halo) + (TileH * TileW + rows - 1) / rows * Written * 12;
        }
    }

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters)}}
        {{Chain.Bodies(Name, Brain, Written + 8)}}
        struct Kept_{{Name}}
        {
            Last_{{Name}} last;
            template <int V> __device__ __forceinline__ void keep(int) {}
            template <int V> __device__ __forceinline__ void apply(float (&value)[V], int pixel, int image, int y, int x, int channel, bool own)
            {
                if (own) last.template apply<V>(value, pixel, image, y, x, channel);
            }
        };
        extern "C" __global__ void __launch_bounds__(256) {{Name}}(
            const {{Input}}* x, const unsigned char* w0, const unsigned char* w1, const unsigned char* w2, const unsigned char* w3,
            const float* b0, const float* b1, const float* b2, const float* b3, float* m2, float* m3, {{Element}}* y, float* sums, int images, int height, int width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            LoadedSource<{{Input}}, {{Read}}, 1> source = { x, height, width };
            Clamp_{{Name}} first = { b0 };
            Middle_{{Name}} second = { b1, m2, {{C2}} }, third = { b2, m3, {{C3}} };
            Kept_{{Name}} last = { { b3, y, height, width } };
            typedef ScmTile<{{Element}}, {{Read}}, {{C1}}, {{C2}}, {{C3}}, {{Written}}, {{TileH}}, {{TileW}}> Tile;
            static_assert(Tile::shared_bytes == {{SharedBytes}}, "");
            scm<Tile, {{Parts}}>(
                source, w0, first, w1, second, w2, third, w3, last, sums, images, height, width, blockIdx.x, dynamic_shared);
        }
        """;

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        using var chain = new Chain(module, Name, Brain, Filters, seed);
        using Picture x = Picture.Whole("x", images, height, width, Read, Brain && !Loaded, 1);
        Picture?[] middles = [null, Picture.Result("m2", images, height, width, C2, false), Picture.Result("m3", images, height, width, C3, false)];
        using Picture y = Picture.Result("y", images, height, width, Written, Brain, 8);
        using var sums = CudaBuffer.Uninitialised<float>("sums", images * Parts * 3 * Written);
        module.Launch(Name, images * Parts, 256, SharedBytes, seed,
            [x.Buffer, .. chain.Packed, .. chain.Biases, middles[1]!.Buffer, middles[2]!.Buffer, y.Buffer, sums, images, height, width]);
        string what = $"{Name} {images}×{height}×{width}";
        Func<int, int, int, int, double> value = (n, yy, xx, c) => x[n, yy, xx, c];
        for (int i = 0; i < 3; i++)
        {
            value = chain.Reference(i, value, images, height, width, clamp: true);
            middles[i]?.Check($"{what} middle {i + 1}", value, 0);
            middles[i]?.Dispose();
        }
        var last = chain.Reference(3, value, images, height, width, clamp: false);
        y.Check(what, last, 0);

        // The parts' moments, put together in double.
        float[] actual = sums.Read<float>();
        for (int n = 0; n < images; n++)
            for (int c = 0; c < Written; c++)
            {
                double[] values = [.. from yy in Enumerable.Range(0, height) from xx in Enumerable.Range(0, width) select last(n, yy, xx, c)];
                double mean = values.Average(), squares = values.Sum(v => (v - mean) * (v - mean));
                double Part(int part, int moment) => actual[((n * Parts + part) * 3 + moment) * Written + c];
                double count = Enumerable.Range(0, Parts).Sum(p => Part(p, 0)), sum = Enumerable.Range(0, Parts).Sum(p => Part(p, 0) * Part(p, 1));
                double around = Enumerable.Range(0, Parts).Sum(p => Part(p, 2) + Part(p, 0) * Math.Pow(Part(p, 1) - mean, 2));
                Assert.True(count == values.Length && Math.Abs(sum / count - mean) <= 1e-6 * Math.Sqrt(squares / count + mean * mean) && Math.Abs(around - squares) <= 1e-5 * squares,
                    $"{what}: channel {c} of image {n} has {count} values, mean {sum / count} and squares {around}, not {values.Length}, {mean} and {squares}.");
            }
    }
}
