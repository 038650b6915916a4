using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of weight_gradient.cu and its finishing kernel.</summary>
/// <param name="Name">Of the kernel.</param>
/// <param name="Brain">Computes in bf16, else in float.</param>
/// <param name="Filter">The convolution whose weights these are.</param>
/// <param name="Tile">Template arguments of GradientTile.</param>
/// <param name="Bias">Sums dy over the pixels too.</param>
/// <param name="Parts">Parts of the pixels.</param>
/// <param name="Loaded">x comes as float through registers.</param>
internal sealed record WeightGradientCase(string Name, bool Brain, Filter Filter, int[] Tile, bool Bias, int Parts, bool Loaded = false)
{
    private string Element => Brain ? "bf16" : "float";

    private int Threads => 32 * Tile[4] * Tile[5] * Tile[6];

    private int Values => Filter.Count + (Bias ? Filter.Outputs : 0);

    // The formula of GradientTile::shared_bytes.
    private int SharedBytes => Math.Max(
        Tile[3] * Tile[2] * (((Tile[0] + Tile[1]) * (Brain ? 2 : 4)) + (Brain ? 32 : 64) + 16),
        Tile[6] / 2 * Tile[0] * (Tile[1] * 4 + Tile[5] * 32));

    private bool BrainInput => Brain && !Loaded;

    private int Gap(int channels) => channels % 8 == 0 ? 8 : 0;

    internal string Text
    {
        get
        {
            string input = BrainInput ? "bf16" : "float";
            string source = Loaded ? $"LoadedSource<{input}, {Filter.Inputs + Gap(Filter.Inputs)}, 1>" : $"PlainSource<{input}, {Filter.Inputs + Gap(Filter.Inputs)}>";
            return $$"""
                extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
                    const {{Element}}* p0, const {{input}}* p1, float* p2, int images, int height, int width, int in_height, int in_width)
                {
                    extern __shared__ __align__(16) unsigned char dynamic_shared[];
                    static_assert(GradientTile<{{string.Join(", ", Tile)}}>::shared_bytes<{{Element}}>() == {{SharedBytes}}, "");
                    PlainSource<{{Element}}, {{Filter.Outputs + Gap(Filter.Outputs)}}> dy = { p0, height, width };
                    {{source}} x = { p1, in_height, in_width };
                    weight_gradient<{{Element}}, GradientShape<{{Filter.Outputs}}, {{Filter.Inputs}}, {{Filter.KernelH}}, {{Filter.KernelW}}, {{Filter.Stride}}, {{Filter.Padding}}, {{Filter.Dilation}}>, GradientTile<{{string.Join(", ", Tile)}}>, {{Parts}}, {{(Bias ? "true" : "false")}}>(dy, x, p2, images, height, width, blockIdx.x, dynamic_shared);
                }
                """;
        }
    }

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        (int h, int w) = (Filter.OutputH(height), Filter.OutputW(width));
        using Picture dy = Picture.Random("dy", images, h, w, Filter.Outputs, Brain, 1, Gap(Filter.Outputs));
        using Picture x = Picture.Random("x", images, height, width, Filter.Inputs, BrainInput, 2, Gap(Filter.Inputs));
        using var partials = CudaBuffer.Uninitialised<float>("partials", Values * Parts);
        using var dw = CudaBuffer.Uninitialised<float>("dw", Filter.Count);
        using var db = CudaBuffer.Uninitialised<float>("db", Filter.Outputs);
        int chunk = Brain ? 8 : 4, columns = Filter.KernelH * Filter.KernelW * ((Filter.Inputs + chunk - 1) / chunk * chunk);
        int grid = (columns + Tile[1] - 1) / Tile[1] * ((Filter.Outputs + Tile[0] - 1) / Tile[0]) * Parts;
        module.Launch(Name, grid, Threads, SharedBytes, seed, dy.Buffer, x.Buffer, partials, images, h, w, height, width);
        module.Launch("finish_" + Name, (Values + 255) / 256, 256, 0, seed, partials, dw, db);

        double X(int n, int yy, int xx, int c) => Brain ? Bits.FromBrain(Bits.ToBrain((float)x[n, yy, xx, c])) : x[n, yy, xx, c];
        float[] actual = dw.Read<float>(), bias = db.Read<float>();
        double allowed = Tolerance.Of(images * h * w);
        for (int o = 0; o < Filter.Outputs; o++)
        {
            for (int kh = 0; kh < Filter.KernelH; kh++)
                for (int kw = 0; kw < Filter.KernelW; kw++)
                    for (int i = 0; i < Filter.Inputs; i++)
                    {
                        double sum = 0;
                        for (int p = 0; p < dy.Pixels; p++)
                        {
                            (int n, int y, int xx) = (p / w / h, p / w % h, p % w);
                            sum += dy[n, y, xx, o] * X(n, y * Filter.Stride - Filter.Padding + kh * Filter.Dilation, xx * Filter.Stride - Filter.Padding + kw * Filter.Dilation, i);
                        }
                        Near(actual[Filter.At(o, kh, kw, i)], sum, allowed, $"{Name} {images}×{height}×{width}: dw[{o}, {kh}, {kw}, {i}]");
                    }
            if (Bias) Near(bias[o], Enumerable.Range(0, dy.Pixels).Sum(p => dy[p / w / h, p / w % h, p % w, o]), allowed, $"{Name}: db[{o}]");
        }
    }

    /// <summary>The finishing kernel of this tensor.</summary>
    internal string FinishText => $$"""
        struct Sums_{{Name}}
        {
            static constexpr int count = 1, values = {{Values}};
            const float* p0; float* p1; float* p2;
            __device__ __forceinline__ PartialSums at(int i) const { return { {{Values}}, {{Parts}}, 0 }; }
            __device__ __forceinline__ const float* partials(int i) const { return p0; }
            __device__ __forceinline__ void store(int i, int index, float value) const { *(index < {{Filter.Count}} ? p1 + index : p2 + (index - {{Filter.Count}})) = value; }
        };
        extern "C" __global__ void __launch_bounds__(256) finish_{{Name}}(const float* p0, float* p1, float* p2)
        {
            Sums_{{Name}} sums = { p0, p1, p2 };
            finish_partials(sums, blockIdx.x);
        }
        """;

    private static void Near(float actual, double expected, double allowed, string what)
    {
        if (!(Math.Abs(actual - expected) <= allowed)) Assert.Fail($"{what} is {actual}, not {expected} ± {allowed:g2}.");
    }
}
