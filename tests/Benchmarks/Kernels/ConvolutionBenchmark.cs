using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Tests.Cpu;

namespace FocalNet.Benchmarks;

/// <summary>
/// Times convolution kernels against the processor's peak: best of many short runs, one thread; the peak is measured between
/// them, so that a shared machine disturbs both alike.
/// </summary>
internal static unsafe class ConvolutionBenchmark
{
    private const double Seconds = 0.6;
    private static double peak;

    public static void Forward(int inputs, int outputs, int height, int width, bool gelu)
    {
        using var c = new ConvolutionCase([inputs, outputs, 3, 3, 1, 1, 1, 1, height, width], depthwise: false, pitchChannels: false);
        using NativeTensor y = new(1, height, width, outputs), direct = c.Pack(transposed: false, 1), winograd = c.PackWinograd(transposed: false, 1);
        double flops = 2.0 * 9 * inputs * outputs * height * width;
        Report($"forward {inputs}->{outputs} {height}x{width}{(gelu ? " gelu" : string.Empty)}", flops,
            ("direct", () => Chunk(y, height, width, (in a, in s) => Direct(c, direct, y, gelu, in a, in s))),
            ("winograd", () => Chunk(y, height, width, (in a, in s) => Winograd(c, winograd, y, gelu, in a, in s))));
    }

    public static void WeightGradient(int inputs, int outputs, int height, int width)
    {
        using var c = new ConvolutionCase([inputs, outputs, 3, 3, 1, 1, 1, 1, height, width], depthwise: false, pitchChannels: false);
        using var dw = new NativeTensor(outputs, 3, 3, inputs);
        double flops = 2.0 * 9 * inputs * outputs * height * width;
        Report($"weight gradient {inputs}->{outputs} {height}x{width}", flops,
            ("direct", () => Chunk(dw, height, width, (in a, in s) =>
                ConvolutionWeightGradient.Run(c.Geometry, c.X.Pointer, c.X.Pitch, c.Gy.Pointer, c.Gy.Pitch, dw.Pointer, 1, height, width, in a, in s))),
            ("winograd", () => Chunk(dw, height, width, (in a, in s) =>
                WinogradWeightGradient.Run(c.Geometry, c.X.Pointer, c.X.Pitch, c.Gy.Pointer, c.Gy.Pitch, dw.Pointer, 1, height, width, in a, in s))));
    }

    /// <summary>Largest and root-mean-square errors against double, over the largest result.</summary>
    public static void Accuracy(int channels)
    {
        using var c = new ConvolutionCase([channels, 16, 3, 3, 1, 1, 1, 1, 32, 32], depthwise: false, pitchChannels: false);
        using NativeTensor y = new(1, 32, 32, 16), direct = c.Pack(transposed: false, 1), winograd = c.PackWinograd(transposed: false, 1);
        double[] expected = Reference.Convolution(c.Geometry, c.X, c.W, 32, 32);
        Chunk(y, 32, 32, (in a, in s) => Direct(c, direct, y, false, in a, in s));
        string text = Error(y.Values(), expected);
        Chunk(y, 32, 32, (in a, in s) => Winograd(c, winograd, y, false, in a, in s));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accuracy of {channels} channels: direct {text}, winograd {Error(y.Values(), expected)} (largest, root mean square)"));
    }

    private static string Error(double[] actual, double[] expected)
    {
        double scale = expected.Max(Math.Abs);
        double[] errors = [.. actual.Zip(expected, (a, e) => Math.Abs(a - e) / scale)];
        return string.Create(CultureInfo.InvariantCulture, $"{errors.Max():E1} {Math.Sqrt(errors.Average(e => e * e)):E1}");
    }

    private static void Direct(ConvolutionCase c, NativeTensor packed, NativeTensor y, bool gelu, in KernelArguments a, in WorkSlice s)
    {
        if (gelu)
        {
            var body = new GeluBody(y);
            DenseConvolution.Run(c.Geometry, c.X.Pointer, c.X.Pitch, packed.Pointer, ref body, in a, in s);
        }
        else
        {
            var body = new PlainBody(y);
            DenseConvolution.Run(c.Geometry, c.X.Pointer, c.X.Pitch, packed.Pointer, ref body, in a, in s);
        }
    }

    private static void Winograd(ConvolutionCase c, NativeTensor packed, NativeTensor y, bool gelu, in KernelArguments a, in WorkSlice s)
    {
        if (gelu)
        {
            var body = new GeluBody(y);
            WinogradConvolution.Run(c.Geometry, c.X.Pointer, c.X.Pitch, packed.Pointer, ref body, in a, in s);
        }
        else
        {
            var body = new PlainBody(y);
            WinogradConvolution.Run(c.Geometry, c.X.Pointer, c.X.Pitch, packed.Pointer, ref body, in a, in s);
        }
    }

    private static readonly nint scratch = (nint)System.Runtime.InteropServices.NativeMemory.AlignedAlloc(WorkSlice.ScratchFloats * sizeof(float), 64);

    private static void Chunk(NativeTensor domain, int height, int width, ChunkAction action)
    {
        var arguments = new KernelArguments
        {
            Images = domain.Images, Height = domain.Height, Width = domain.Width, Channels = domain.Channels, InputHeight = height, InputWidth = width,
        };
        action(in arguments, new WorkSlice(0, 1, (float*)scratch));
    }

    /// <summary>Prints, for each way, its rate by direct convolution's operations, over the peak.</summary>
    private static void Report(string what, double flops, params (string Name, Action Run)[] ways)
    {
        double[] best = new double[ways.Length];
        Array.Fill(best, double.MaxValue);
        foreach ((string _, Action run) in ways)
        {
            for (int i = 0; i < 3; i++)
                run();
        }

        var clock = Stopwatch.StartNew();
        do
        {
            peak = Math.Max(peak, FmaPeak.Measure());
            for (int i = 0; i < ways.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                ways[i].Run();
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        while (clock.Elapsed.TotalSeconds < Seconds * (1 + ways.Length));
        string text = string.Join("  ", ways.Select((w, i) => string.Create(CultureInfo.InvariantCulture, $"{w.Name} {best[i] * 1e3,7:F2} ms {100 * flops / best[i] / peak,4:F0} %")));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-36} {text}   (peak {peak / 1e9:F1} GFLOP/s)"));
    }

    private readonly struct PlainBody(NativeTensor to) : IKernelBody
    {
        private readonly float* pointer = to.Pointer;
        private readonly nint pitch = to.Pitch;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(Vector256<float> value, nint pixel, int image, int y, int x, int channel) => value.Store(pointer + (pixel * pitch) + channel);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(float value, nint pixel, int image, int y, int x, int channel) => pointer[(pixel * pitch) + channel] = value;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch(nint pixel, int channel) => Cache.Prefetch(pointer + (pixel * pitch) + channel);

        public void EndPixel(nint pixel, int image, int y, int x)
        {
        }

        public void EndChunk()
        {
        }
    }

    private readonly struct GeluBody(NativeTensor to) : IKernelBody
    {
        private readonly float* pointer = to.Pointer;
        private readonly nint pitch = to.Pitch;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(Vector256<float> value, nint pixel, int image, int y, int x, int channel) =>
            VectorMath.Gelu(value).Store(pointer + (pixel * pitch) + channel);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(float value, nint pixel, int image, int y, int x, int channel) =>
            pointer[(pixel * pitch) + channel] = VectorMath.Gelu(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch(nint pixel, int channel) => Cache.Prefetch(pointer + (pixel * pitch) + channel);

        public void EndPixel(nint pixel, int image, int y, int x)
        {
        }

        public void EndChunk()
        {
        }
    }
}
