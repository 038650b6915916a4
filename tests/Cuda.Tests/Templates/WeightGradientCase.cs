using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of weight_gradient.cu.</summary>
/// <param name="Name">Of the kernel.</param>
/// <param name="Brain">Computes in bf16, else in float.</param>
/// <param name="Filter">The convolution whose weights these are.</param>
/// <param name="Tile">Template arguments of GradientTile.</param>
/// <param name="Bias">Sums dy over the pixels too.</param>
/// <param name="Parts">Parts of the pixels.</param>
/// <param name="Loaded">x comes as float through registers.</param>
/// <param name="Split">Channels of the first of two pieces of x, which lies behind the second in memory; 0: it is one.</param>
internal sealed record WeightGradientCase(string Name, bool Brain, Filter Filter, int[] Tile, bool Bias, int Parts, bool Loaded = false, int Split = 0)
{
    private string Element => Brain ? "bf16" : "float";

    private int Threads => 32 * Tile[6] * Tile[7] * Tile[8];

    // The formula of GradientTile::shared_bytes.
    private int SharedBytes
    {
        get
        {
            int element = Brain ? 2 : 4, padding = Brain ? 16 : 32;
            int pixels = (((Tile[3] - 1) * Filter.Stride) + ((Tile[2] - 1) * Filter.Dilation) + 1) * (((Tile[4] - 1) * Filter.Stride) + ((Filter.KernelW - 1) * Filter.Dilation) + 1);
            int stage = (Tile[3] * Tile[4] * ((Tile[0] * element) + padding)) + (pixels * ((Tile[1] * element) + padding));
            return Math.Max(Tile[5] * stage, Tile[8] / 2 * (Tile[0] / 16) * ((Tile[1] / 8) + Tile[7]) * 512);
        }
    }

    private bool BrainInput => Brain && !Loaded;

    private int Gap(int channels) => channels % 8 == 0 ? 8 : 0;

    internal string Text
    {
        get
        {
            string input = BrainInput ? "bf16" : "float";
            string declaration = Split == 0 ? "x = { p1, in_height, in_width };" : $"x0 = {{ p1 + {Filter.Inputs - Split}, in_height, in_width }}, x1 = {{ p1, in_height, in_width }};";
            if (Split > 0) declaration += $" PiecedSource<decltype(x0), {Split}, decltype(x1)> x = {{ x0, x1, in_height, in_width }};";
            string source = Loaded ? $"LoadedSource<{input}, {Filter.Inputs + Gap(Filter.Inputs)}, 1>" : $"PlainSource<{input}, {Filter.Inputs + Gap(Filter.Inputs)}>";
            return $$"""
                extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
                    const {{Element}}* p0, const {{input}}* p1, float* p2, float* p3, int images, int height, int width, int in_height, int in_width)
                {
                    extern __shared__ __align__(16) unsigned char dynamic_shared[];
                    typedef GradientTile<{{Element}}, GradientShape<{{Filter.Outputs}}, {{Filter.Inputs}}, {{Filter.KernelH}}, {{Filter.KernelW}}, {{Filter.Stride}}, {{Filter.Padding}}, {{Filter.Dilation}}>, {{string.Join(", ", Tile)}}> Tile;
                    static_assert(Tile::shared_bytes == {{SharedBytes}}, "");
                    PlainSource<{{Element}}, {{Filter.Outputs + Gap(Filter.Outputs)}}> dy = { p0, height, width };
                    {{source}} {{declaration}}
                    weight_gradient<Tile, {{Parts}}, {{(Bias ? "true" : "false")}}>(dy, x, p2, p3, images, height, width, blockIdx.x, dynamic_shared);
                }
                """;
        }
    }

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        (int h, int w) = (Filter.OutputH(height), Filter.OutputW(width));
        using Picture dy = Picture.Random("dy", images, h, w, Filter.Outputs, Brain, 1, Gap(Filter.Outputs));
        using Picture x = Picture.Random("x", images, height, width, Filter.Inputs, BrainInput, 2, Gap(Filter.Inputs));
        using var partials = CudaBuffer.Uninitialised<float>("partials", Filter.Count * Parts);
        using var biasPartials = CudaBuffer.Uninitialised<float>("bias partials", Filter.Outputs * Parts);
        int grid = Parts * ((Filter.Outputs + Tile[0] - 1) / Tile[0]) * (Filter.KernelH / Tile[2]) * ((Filter.Inputs + Tile[1] - 1) / Tile[1]);
        module.Launch(Name, grid, Threads, SharedBytes, seed, dy.Buffer, x.Buffer, partials, biasPartials, images, h, w, height, width);

        int Channel(int c) => Split == 0 ? c : c < Split ? c + Filter.Inputs - Split : c - Split;
        double Stored(int n, int yy, int xx, int c) => Brain ? Bits.FromBrain(Bits.ToBrain((float)x[n, yy, xx, c])) : x[n, yy, xx, c];
        double X(int n, int yy, int xx, int c) => Stored(n, yy, xx, Channel(c));
        GradientSums.Check($"{Name} {images}×{height}×{width}", Filter, Parts, partials, Bias ? biasPartials : null, (n, y, xx, o) => dy[n, y, xx, o], X, images, h, w);
    }
}
