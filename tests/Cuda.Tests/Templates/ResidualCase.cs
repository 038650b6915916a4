using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of fused_residual_block.cu, alone and with a second branch of another size in the same launch; what it reads is copied, or <c>Loaded</c> through registers. Or of the adjoints.</summary>
internal sealed record ResidualCase(string Name, bool Brain, int Channels, int TileH, int TileW, int FewH, bool Loaded = false, bool Adjoint = false)
{
    private (Filter, bool)[] Filters => [(new Filter(Channels, Channels, 3), Adjoint), (new Filter(Channels, Channels, 3), Adjoint)];

    private string Element => Brain ? "bf16" : "float";

    // The formula of ResidualTile::shared_bytes.
    private int SharedBytes => Chain.PlanarBytes(Brain, Channels, (TileH + 4) * (TileW + 4)) + Chain.PlanarBytes(Brain, Channels, (TileH + 2) * (TileW + 2))
        + 2 * Filters[0].Item1.PackedChunks(Brain, Adjoint) * 16;

    internal string Text => $$"""
        {{PackText.Kernel("pack_" + Name, Brain, Filters)}}
        {{Chain.Bodies(Name, Brain, Channels + 8)}}
        struct Sum_{{Name}}
        {
            Last_{{Name}} last;
            template <int V> __device__ __forceinline__ void keep(int) {}
            template <int V> __device__ __forceinline__ void apply(float (&value)[V], const float (&input)[V], int pixel, int image, int y, int x, int channel)
            {
                for (int v = 0; v != V; v++) value[v] += input[v];
                last.template apply<V>(value, pixel, image, y, x, channel);
            }
        };
        extern "C" __global__ void __launch_bounds__(256) {{Name}}(
            const {{Element}}* x0, const {{Element}}* x1, const unsigned char* w0, const unsigned char* w1, const float* b0, const float* b1, float* m0, float* m1,
            {{Element}}* y0, {{Element}}* y1, int images, int height, int width, int few)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            typedef ResidualTile<{{Element}}, {{Channels}}, {{TileH}}, {{TileW}}, {{FewH}}{{(Adjoint ? ", true" : "")}}> Tile;
            static_assert(Tile::shared_bytes == {{SharedBytes}}, "");
            // The second branch has half the height and width.
            const int first = residual_blocks<Tile>(images, height, width, few != 0);
            const bool half = blockIdx.x >= first;
            if (half) { height /= 2; width /= 2; }
            {{(Loaded ? "LoadedSource" : "PlainSource")}}<{{Element}}, {{Channels + 8}}{{(Loaded ? ", 8" : "")}}> source = { half ? x1 : x0, height, width };
            Middle_{{Name}} middle = { b0, half ? m1 : m0, {{Channels}} };
            Sum_{{Name}} last = { { b1, half ? y1 : y0, height, width } };
            fused_residual_block<Tile>(source, w0, w1, middle, last, images, height, width, few != 0, half ? blockIdx.x - first : blockIdx.x, dynamic_shared);
        }
        """;

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        Run(module, images, height, width, seed, few: false);
        if (FewH != TileH)
            Run(module, images, height, width, seed, few: true);
    }

    private void Run(CudaModule module, int images, int height, int width, ulong seed, bool few)
    {
        using var chain = new Chain(module, Name, Brain, Filters, seed);
        Picture[] x = [.. Sizes(height, width).Select((s, i) => Picture.Whole($"x{i}", images, s.H, s.W, Channels, Brain, 1 + i, 8))];
        Picture[] m = [.. Sizes(height, width).Select((s, i) => Picture.Result($"m{i}", images, s.H, s.W, Channels, false))];
        Picture[] y = [.. Sizes(height, width).Select((s, i) => Picture.Result($"y{i}", images, s.H, s.W, Channels, Brain, 8))];
        int rows = few ? FewH : TileH, blocks = Sizes(height, width).Sum(s => images * ((s.H + rows - 1) / rows) * ((s.W + TileW - 1) / TileW));
        module.Launch(Name, blocks, 256, SharedBytes, seed, x[0].Buffer, x[1].Buffer, chain.Packed[0], chain.Packed[1], chain.Biases[0], chain.Biases[1],
            m[0].Buffer, m[1].Buffer, y[0].Buffer, y[1].Buffer, images, height, width, few ? 1 : 0);
        for (int i = 0; i < 2; i++)
        {
            Picture input = x[i];
            string what = $"{Name} {images}×{input.Height}×{input.Width}{(few ? " few" : "")}";
            var middle = chain.Reference(0, (n, yy, xx, c) => input[n, yy, xx, c], images, input.Height, input.Width, clamp: true);
            var sum = chain.Reference(1, middle, images, input.Height, input.Width, clamp: false);
            m[i].Check(what + " middle", middle, 0);
            y[i].Check(what, (n, yy, xx, c) => input[n, yy, xx, c] + sum(n, yy, xx, c), 0);
        }
        foreach (Picture picture in x.Concat(m).Concat(y)) picture.Dispose();
    }

    private static (int H, int W)[] Sizes(int height, int width) => [(height, width), (height / 2, width / 2)];
}
