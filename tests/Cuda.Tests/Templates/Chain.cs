using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>What the tests of chained convolutions share: whole weights and biases, packed on the emulator; bodies; references.</summary>
internal sealed class Chain : IDisposable
{
    private readonly CudaBuffer[] _masters;
    private readonly float[][] _weights, _biases;
    private readonly (Filter Filter, bool Adjoint)[] _filters;

    /// <summary>Packs the weights with the text's kernel <c>pack_NAME</c>.</summary>
    internal Chain(CudaModule module, string name, bool brain, (Filter Filter, bool Adjoint)[] filters, ulong seed)
    {
        _filters = filters;
        _weights = [.. filters.Select((f, i) => f.Filter.WholeMasters(10 + i))];
        _biases = [.. filters.Select((f, i) => Exercises.Values(Written(f), 20 + i).Select(v => MathF.Round(v * 2)).ToArray())];
        _masters = [.. _weights.Select((w, i) => CudaBuffer.Of($"weights{i}", w))];
        Packed = [.. filters.Select((f, i) => CudaBuffer.Uninitialised($"packed{i}", f.Filter.PackedChunks(brain, f.Adjoint) * 16L))];
        Biases = [.. _biases.Select((b, i) => CudaBuffer.Of($"bias{i}", b))];
        int chunks = filters.Sum(f => f.Filter.PackedChunks(brain, f.Adjoint));
        module.Launch("pack_" + name, (chunks + 255) / 256, 256, 0, seed, [.. _masters, .. Packed]);
    }

    internal CudaBuffer[] Packed { get; }

    internal CudaBuffer[] Biases { get; }

    /// <summary>The bodies: <c>Middle_</c> clamps to ±3 and keeps what is its own, in float and dense; <c>Last_</c> adds the bias and stores.</summary>
    internal static string Bodies(string name, bool brainOutput, int pitch)
        => $$"""
            struct Middle_{{name}}
            {
                const float* p0; float* p1;
                int channels;
                template <int V> struct Operands { float bias[V]; };
                template <int V> __device__ __forceinline__ void fetch(Operands<V>& operands, int pixel, int image, int y, int x, int channel) const
                {
                    load_channels<float, V, V>(p0 + channel, operands.bias);
                }
                template <int V> __device__ __forceinline__ void keep(int) {}
                template <int V> __device__ __forceinline__ void apply(float (&value)[V], int pixel, int image, int y, int x, int channel, bool own)
                {
                    Operands<V> operands;
                    fetch(operands, pixel, image, y, x, channel);
                    apply(value, operands, pixel, image, y, x, channel, own);
                }
                template <int V> __device__ __forceinline__ void apply(float (&value)[V], const Operands<V>& operands, int pixel, int image, int y, int x, int channel, bool own)
                {
                    for (int v = 0; v != V; v++) value[v] = fminf(fmaxf(value[v] + operands.bias[v], -3.0f), 3.0f);
                    if (own) store_channels<float, V, V>(p1 + pixel * channels + channel, value);
                }
            };
            struct Clamp_{{name}}
            {
                const float* p0;
                template <int V> __device__ __forceinline__ void keep(int) {}
                template <int V> __device__ __forceinline__ void apply(float (&value)[V], int pixel, int image, int y, int x, int channel, bool own)
                {
                    float bias[V];
                    load_channels<float, V, V>(p0 + channel, bias);
                    for (int v = 0; v != V; v++) value[v] = fminf(fmaxf(value[v] + bias[v], -3.0f), 3.0f);
                }
            };
            struct Last_{{name}}
            {
                const float* p0; {{(brainOutput ? "bf16" : "float")}}* p1;
                int height, width;
                template <int V> struct Operands { float bias[V]; };
                template <int V> __device__ __forceinline__ void fetch(Operands<V>& operands, int pixel, int image, int y, int x, int channel) const
                {
                    load_channels<float, V, V>(p0 + channel, operands.bias);
                }
                template <int V> __device__ __forceinline__ void apply(float (&value)[V], int pixel, int image, int y, int x, int channel)
                {
                    Operands<V> operands;
                    fetch(operands, pixel, image, y, x, channel);
                    apply(value, operands, pixel, image, y, x, channel);
                }
                template <int V> __device__ __forceinline__ void apply(float (&value)[V], const Operands<V>& operands, int pixel, int image, int y, int x, int channel)
                {
                    for (int v = 0; v != V; v++) value[v] += operands.bias[v];
                    store_channels<{{(brainOutput ? "bf16" : "float")}}, V, V>(p1 + ((image * height + y) * width + x) * {{pitch}} + channel, value);
                }
            };
            """;

    /// <summary>The formula of HaloTile::bytes for a planar tile.</summary>
    internal static int PlanarBytes(bool brain, int channels, int pixels)
    {
        int chunks = (channels + (brain ? 7 : 3)) / (brain ? 8 : 4), between = chunks == 2 ? 64 : 32;
        return chunks == 1 ? pixels * 16 : chunks * ((pixels * 16 - between + 127) / 128 * 128 + between);
    }

    /// <summary>One convolution of the chain with its bias, in double; clamped where something follows it.</summary>
    internal Func<int, int, int, int, double> Reference(int index, Func<int, int, int, int, double> input, int images, int height, int width, bool clamp)
    {
        (Filter filter, bool adjoint) = _filters[index];
        int channels = Written(_filters[index]);
        var values = new double[images, height, width, channels];
        for (int n = 0; n < images; n++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    for (int c = 0; c < channels; c++)
                    {
                        double sum = _biases[index][c] + (adjoint ? filter.Adjoint(_weights[index], input, n, y, x, c) : filter.Forward(_weights[index], input, n, y, x, c));
                        values[n, y, x, c] = clamp ? Math.Clamp(sum, -3, 3) : sum;
                    }
        return (n, y, x, c) => y < 0 || x < 0 || y >= height || x >= width ? 0 : values[n, y, x, c];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CudaBuffer buffer in _masters.Concat(Packed).Concat(Biases)) buffer.Dispose();
    }

    private static int Written((Filter Filter, bool Adjoint) f) => f.Adjoint ? f.Filter.Inputs : f.Filter.Outputs;
}
