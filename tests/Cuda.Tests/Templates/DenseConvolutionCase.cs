using FocalNet.Cuda.Tests.Support;
using FocalNet.Runtime.Cuda.Templates;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>One instance of dense_convolution.cu and of its packing, with a body as the generator would write it: + bias, store.</summary>
/// <param name="Name">Of the kernel.</param>
/// <param name="Brain">Computes in bf16, else in float.</param>
/// <param name="Filter">The convolution, or the one whose adjoint this is.</param>
/// <param name="Adjoint">Computes the adjoint.</param>
/// <param name="Tile">Template arguments of ConvolutionTile.</param>
/// <param name="Source">plain; two (of the channels read, the last 8 from another tensor); loaded (float in memory whatever the tile).</param>
/// <param name="BrainOutput">The result is stored as bf16.</param>
internal sealed record DenseConvolutionCase(
    string Name, bool Brain, Filter Filter, bool Adjoint, int[] Tile, string Source = "plain", bool BrainOutput = false)
{
    private string Element => Brain ? "bf16" : "float";

    private bool BrainInput => Brain && Source != "loaded";

    private int Read => Adjoint ? Filter.Outputs : Filter.Inputs;

    private int Written => Adjoint ? Filter.Inputs : Filter.Outputs;

    private int Threads => 32 * Tile[4] * Tile[5];

    // The formula of ConvolutionTile::shared_bytes.
    private int SharedBytes => Tile[3] * (Tile[0] + Tile[1]) * Tile[2] * 16 + Tile[0] * 16;

    private int InputGap => Read % 8 == 0 ? 8 : 0;

    private int OutputGap => Written % 8 == 0 ? 8 : 1;

    private int Split => Source == "two" ? Read - 8 : Read;

    internal string Text
    {
        get
        {
            string input = BrainInput ? "bf16" : "float", output = BrainOutput ? "bf16" : "float", shape = $"{Filter.Stride}, {Filter.Padding}, {Filter.Dilation}";
            string source = Source switch
            {
                "plain" => $"PlainSource<{input}, {Read + InputGap}> source = {{ x0, in_height, in_width }};",
                "two" => $"PiecedSource<PlainSource<{input}, {Split + InputGap}>, {Split}, PlainSource<{input}, {8 + InputGap}>> source = {{ {{ x0, in_height, in_width }}, {{ x1, in_height, in_width }}, in_height, in_width }};",
                _ => $"LoadedSource<{input}, {Read + InputGap}, {(Read % 4 == 0 ? 4 : 1)}> source = {{ x0, in_height, in_width }};",
            };
            return $$"""
                struct Body_{{Name}}
                {
                    const float* p0; {{output}}* p1;
                    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int pixel, int image, int y, int x, int channel)
                    {
                        float bias[V];
                        load_channels<float, V, V>(p0 + channel, bias);
                        for (int v = 0; v != V; v++) value[v] += bias[v];
                        store_channels<{{output}}, V, {{(Written % 8 == 0 ? "V" : "1")}}>(p1 + pixel * {{Written + OutputGap}} + channel, value);
                    }
                };
                extern "C" __global__ void __launch_bounds__({{Threads}}) {{Name}}(
                    const {{input}}* x0, const {{input}}* x1, const unsigned char* weights, const float* bias, {{output}}* y, int images, int height, int width, int in_height, int in_width)
                {
                    extern __shared__ __align__(16) unsigned char dynamic_shared[];
                    static_assert(ConvolutionTile<{{string.Join(", ", Tile)}}>::shared_bytes == {{SharedBytes}}, "");
                    Body_{{Name}} body = { bias, y };
                    {{source}}
                    dense_convolution<{{Element}}, ConvolutionShape<{{Read}}, {{Written}}, {{Filter.KernelH}}, {{Filter.KernelW}}, {{shape}}, {{(Adjoint ? "true" : "false")}}>, ConvolutionTile<{{string.Join(", ", Tile)}}>>(source, weights, body, images, height, width, blockIdx.x, dynamic_shared);
                }
                {{PackText.Kernel("pack_" + Name, Brain, [(Filter, Adjoint)])}}
                """;
        }
    }

    internal void Run(CudaModule module, int images, int height, int width, ulong seed)
    {
        // The sizes are those of the convolution's input.
        (int h, int w) = (Filter.OutputH(height), Filter.OutputW(width));
        ((int inH, int inW), (int outH, int outW)) = Adjoint ? ((h, w), (height, width)) : ((height, width), (h, w));
        float[] masters = Filter.Masters(3), bias = Exercises.Values(Written, 4);
        float[] seen = Brain ? [.. masters.Select(v => Bits.FromBrain(Bits.ToBrain(v)))] : masters;
        using var weights = CudaBuffer.Of("weights", masters);
        using var packed = CudaBuffer.Uninitialised("packed", Filter.PackedChunks(Brain, Adjoint) * 16L);
        using var biases = CudaBuffer.Of("bias", bias);
        using Picture x0 = Picture.Random("x0", images, inH, inW, Split, BrainInput, 1, InputGap);
        using Picture x1 = Picture.Random("x1", images, inH, inW, Source == "two" ? 8 : 0, BrainInput, 2, InputGap);
        using Picture y = Picture.Result("y", images, outH, outW, Written, BrainOutput, OutputGap);
        module.Launch("pack_" + Name, (Filter.PackedChunks(Brain, Adjoint) + 255) / 256, 256, 0, seed, weights, packed);
        int phase = Adjoint ? Filter.Stride : 1, pixels = images * ((outH + phase - 1) / phase) * ((outW + phase - 1) / phase);
        int grid = (pixels + Tile[0] - 1) / Tile[0] * ((Written + Tile[1] - 1) / Tile[1]) * phase * phase;
        module.Launch(Name, grid, Threads, SharedBytes, seed, x0.Buffer, x1.Buffer, packed, biases, y.Buffer, images, outH, outW, inH, inW);

        double X(int n, int yy, int xx, int c)
        {
            double value = c < Split ? x0[n, yy, xx, c] : x1[n, yy, xx, c - Split];
            return Brain ? Bits.FromBrain(Bits.ToBrain((float)value)) : value;
        }
        y.Check($"{Name} {images}×{height}×{width}", (n, yy, xx, c) => bias[c] + (Adjoint ? Filter.Adjoint(seen, X, n, yy, xx, c) : Filter.Forward(seen, X, n, yy, xx, c)),
            Tolerance.Of(Read * Filter.KernelH * Filter.KernelW));
    }
}

/// <summary>What sums of products of values below 1 and ½ may be off by in float.</summary>
internal static class Tolerance
{
    /// <summary>Rounding errors of 2⁻²⁴ of partial sums of some √terms that add up as √terms, and 3×TF32's neglected 2⁻²² of each product.</summary>
    internal static double Of(int terms) => 2e-7 * (terms + 8);
}

/// <summary>A kernel that packs given filters in one launch.</summary>
internal static class PackText
{
    internal static string Kernel(string name, bool brain, (Filter Filter, bool Adjoint)[] jobs, bool warpgroups = false)
    {
        var rows = new List<string>();
        int first = 0;
        foreach ((Filter f, bool adjoint) in jobs)
        {
            rows.Add($"{{ {{ {f.Outputs}, {f.Inputs}, {f.KernelH}, {f.KernelW}, {f.Stride}, {f.Padding}, {f.Dilation}, {(adjoint ? 1 : 0)}, {(warpgroups ? 1 : 0)} }}, {first} }}");
            first += f.PackedChunks(brain, adjoint);
        }
        string Parameters(string type, string stem) => string.Join(", ", jobs.Select((_, i) => $"{type}* {stem}{i}"));
        string Choose(string stem) => string.Concat(jobs.Select((_, i) => $"if (i == {i}) return {stem}{i}; "));
        return $$"""
            __constant__ const PackJob {{name}}_jobs[] = { {{string.Join(", ", rows)}} };
            struct Jobs_{{name}}
            {
                static constexpr int count = {{jobs.Length}}, chunks = {{first}};
                {{string.Concat(jobs.Select((_, i) => $"const float* w{i}; unsigned char* p{i}; "))}}
                __device__ __forceinline__ PackJob job(int i) const { return {{name}}_jobs[i]; }
                __device__ __forceinline__ const float* weights(int i) const { {{Choose("w")}} return w0; }
                __device__ __forceinline__ void* packed(int i) const { {{Choose("p")}} return p0; }
            };
            extern "C" __global__ void __launch_bounds__(256) {{name}}({{Parameters("const float", "w")}}, {{Parameters("unsigned char", "p")}})
            {
                Jobs_{{name}} jobs = { {{string.Join(", ", jobs.Select((_, i) => $"w{i}, p{i}"))}} };
                pack_convolutions<{{(brain ? "bf16" : "float")}}>(jobs, blockIdx.x);
            }
            """;
    }
}

/// <summary>A text of several kernels over the templates, for all forms of float.</summary>
internal static class TemplateText
{
    internal static string Of(IEnumerable<string> templates, IEnumerable<string> kernels, bool strict = false)
        => (strict ? "#define FOCALNET_STRICT 1\n" : "") + CudaTemplates.Source(templates) + string.Join("\n", kernels) + "\n";
}
