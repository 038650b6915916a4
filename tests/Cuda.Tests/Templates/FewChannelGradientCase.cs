using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of few_channel_gradient.cu.</summary>
/// <param name="Name">Of the kernel.</param>
/// <param name="Brain">Computes in bf16, else in float.</param>
/// <param name="Filter">The convolution whose weights these are.</param>
/// <param name="Tile">Template arguments of FewChannelTile.</param>
/// <param name="Bias">Sums dy over the pixels too.</param>
/// <param name="Parts">Parts of the pixels.</param>
/// <param name="BrainInput">x is stored as bf16, else as float.</param>
/// <param name="Loaded">dy is stored as float.</param>
internal sealed record FewChannelGradientCase(string Name, bool Brain, Filter Filter, int[] Tile, bool Bias, int Parts, bool BrainInput = false, bool Loaded = false)
{
    // What a pixel has in memory beside the channels of x.
    private const int Gap = 2;

    private bool BrainGradient => Brain && !Loaded;

    private string Element => Brain ? "bf16" : "float";

    private int Columns => Filter.KernelH * Filter.KernelW * Filter.Inputs;

    private int Threads => 32 * Tile[5] * Tile[6];

    // The formula of FewChannelTile::shared_bytes.
    private int SharedBytes
    {
        get
        {
            int floats = (((Tile[2] - 1) * Filter.Stride) + ((Filter.KernelH - 1) * Filter.Dilation) + 1) * (((Tile[3] - 1) * Filter.Stride) + ((Filter.KernelW - 1) * Filter.Dilation) + 1) * Filter.Inputs;
            int stage = (Tile[2] * Tile[3] * ((Tile[0] * (Brain ? 2 : 4)) + (Brain ? 16 : 32))) + ((floats + 3) / 4 * 16);
            return Math.Max(Tile[4] * stage, Tile[6] / 2 * (Tile[0] / 16) * ((Tile[1] / 8) + 1) * 512);
        }
    }

    internal string Text
    {
        get
        {
            string stored = BrainGradient ? "bf16" : "float", source = Loaded ? $"LoadedSource<float, {Filter.Outputs}, 1>" : $"PlainSource<{Element}, {Filter.Outputs}>";
            return $$"""
                extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
                    const {{stored}}* p0, const {{(BrainInput ? "bf16" : "float")}}* p1, float* p2, float* p3, int images, int height, int width, int in_height, int in_width)
                {
                    extern __shared__ __align__(16) unsigned char dynamic_shared[];
                    typedef FewChannelTile<{{Element}}, GradientShape<{{Filter.Outputs}}, {{Filter.Inputs}}, {{Filter.KernelH}}, {{Filter.KernelW}}, {{Filter.Stride}}, {{Filter.Padding}}, {{Filter.Dilation}}>, {{string.Join(", ", Tile)}}> Tile;
                    static_assert(Tile::shared_bytes == {{SharedBytes}}, "");
                    {{source}} dy = { p0, height, width };
                    few_channel_gradient<Tile, {{Parts}}, {{(Bias ? "true" : "false")}}, {{Filter.Inputs + Gap}}>(dy, p1, in_height, in_width, p2, p3, images, height, width, blockIdx.x, dynamic_shared);
                }
                """;
        }
    }

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        (int h, int w) = (Filter.OutputH(height), Filter.OutputW(width));
        using Picture dy = Picture.Random("dy", images, h, w, Filter.Outputs, BrainGradient, 1, 0);
        using Picture x = Picture.Random("x", images, height, width, Filter.Inputs, BrainInput, 2, Gap);
        using var partials = CudaBuffer.Uninitialised<float>("partials", Filter.Count * Parts);
        using var biasPartials = CudaBuffer.Uninitialised<float>("bias partials", Filter.Outputs * Parts);
        int grid = Parts * ((Filter.Outputs + Tile[0] - 1) / Tile[0]) * ((Columns + Tile[1] - 1) / Tile[1]);
        module.Launch(Name, grid, Threads, SharedBytes, seed, dy.Buffer, x.Buffer, partials, biasPartials, images, h, w, height, width);

        double Multiplied(double value) => Brain ? Bits.FromBrain(Bits.ToBrain((float)value)) : value;
        GradientSums.Check($"{Name} {images}×{height}×{width}", Filter, Parts, partials, Bias ? biasPartials : null, (n, y, xx, o) => Multiplied(dy[n, y, xx, o]), (n, y, xx, i) => Multiplied(x[n, y, xx, i]), images, h, w);
    }
}
