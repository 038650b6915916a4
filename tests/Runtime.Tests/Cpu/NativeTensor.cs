using System.Runtime.InteropServices;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>
/// An NHWC tensor in native memory, possibly a channel range of wider pixels. What does not belong to it, before, between
/// and after, is NaN: a read beyond the tensor spoils the result, a write is found by <see cref="AssertGuards"/>.
/// </summary>
internal sealed unsafe class NativeTensor : IDisposable
{
    private const int Guard = 64;
    private readonly float* memory;
    private readonly long total;

    public NativeTensor(int images, int height, int width, int channels, int before = 0, int after = 0)
    {
        (Images, Height, Width, Channels, Pitch) = (images, height, width, channels, before + channels + after);
        total = ((long)images * height * width * Pitch) + (2 * Guard);
        memory = (float*)NativeMemory.AlignedAlloc((nuint)(total * sizeof(float)), 64);
        new Span<float>(memory, (int)total).Fill(float.NaN);
        Pointer = memory + Guard + before;
    }

    public int Images { get; }

    public int Height { get; }

    public int Width { get; }

    public int Channels { get; }

    public int Pitch { get; }

    public float* Pointer { get; }

    public int Pixels => Images * Height * Width;

    public ref float this[int n, int y, int x, int c] => ref Pointer[(((((long)n * Height) + y) * Width) + x) * Pitch + c];

    public static NativeTensor Random(Random random, int images, int height, int width, int channels, int before = 0, int after = 0)
    {
        var tensor = new NativeTensor(images, height, width, channels, before, after);
        for (int p = 0; p < tensor.Pixels; p++)
        {
            for (int c = 0; c < channels; c++)
                tensor.Pointer[((long)p * tensor.Pitch) + c] = (float)((random.NextDouble() * 2) - 1);
        }

        return tensor;
    }

    public double[] Values()
    {
        var values = new double[Pixels * Channels];
        for (int i = 0; i < values.Length; i++)
            values[i] = Pointer[((long)(i / Channels) * Pitch) + (i % Channels)];
        return values;
    }

    public double Dot(NativeTensor other) => Values().Zip(other.Values(), (a, b) => a * b).Sum();

    public void AssertGuards()
    {
        long first = Pointer - memory;
        for (long i = 0; i < total; i++)
        {
            long inside = i - first;
            bool own = inside >= 0 && inside / Pitch < Pixels && inside % Pitch < Channels;
            if (!own && !float.IsNaN(memory[i]))
                Assert.Fail($"Written outside of the tensor, {i} floats into its memory.");
        }
    }

    public void AssertClose(double[] expected, double tolerance, string what)
    {
        double[] actual = Values();
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(1, expected.Length == 0 ? 0 : expected.Max(Math.Abs));
        for (int i = 0; i < actual.Length; i++)
        {
            if (!(Math.Abs(actual[i] - expected[i]) <= tolerance * scale))
                Assert.Fail($"{what}: element {i} is {actual[i]}, expected {expected[i]} ({100 * Math.Abs(actual[i] - expected[i]) / (tolerance * scale):F0} % of tolerance).");
        }
    }

    public void Dispose() => NativeMemory.AlignedFree(memory);
}

/// <summary>Stores the anchor's value, and counts calls whose position is not that of their pixel.</summary>
internal unsafe struct StoreBody(NativeTensor to) : IKernelBody
{
    private readonly float* pointer = to.Pointer;
    private readonly nint pitch = to.Pitch;
    private readonly int height = to.Height, width = to.Width, pixels = to.Pixels, channels = to.Channels;

    public int WrongPositions, Pixels, Chunks;

    public void Apply(System.Runtime.Intrinsics.Vector256<float> value, nint pixel, int image, int y, int x, int channel)
    {
        Check(pixel, image, y, x);
        System.Runtime.Intrinsics.Vector256.Store(value, pointer + (pixel * pitch) + channel);
    }

    public void Apply(float value, nint pixel, int image, int y, int x, int channel)
    {
        Check(pixel, image, y, x);
        pointer[(pixel * pitch) + channel] = value;
    }

    public void Prefetch(nint pixel, int channel)
    {
        if ((nuint)pixel >= (nuint)pixels || (uint)channel >= (uint)channels)
            WrongPositions++;
    }

    public void EndPixel(nint pixel, int image, int y, int x)
    {
        Check(pixel, image, y, x);
        Pixels++;
    }

    public void EndChunk() => Chunks++;

    private void Check(nint pixel, int image, int y, int x)
    {
        if (pixel != (((((nint)image * height) + y) * width) + x))
            WrongPositions++;
    }
}

internal delegate void ChunkAction(in KernelArguments a, in WorkSlice s);

/// <summary>Runs the chunks of a kernel one after the other, each with scratch full of NaN.</summary>
internal static unsafe class Launch
{
    public static void Run(NativeTensor domain, int inputHeight, int inputWidth, int chunks, ChunkAction action, bool strict = false)
    {
        var arguments = new KernelArguments
        {
            Images = domain.Images, Height = domain.Height, Width = domain.Width, Channels = domain.Channels,
            InputHeight = inputHeight, InputWidth = inputWidth, Strict = strict,
        };
        float* scratch = (float*)NativeMemory.AlignedAlloc(WorkSlice.ScratchFloats * sizeof(float), 64);
        try
        {
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                new Span<float>(scratch, WorkSlice.ScratchFloats).Fill(float.NaN);
                action(in arguments, new WorkSlice(chunk, chunks, scratch));
            }
        }
        finally
        {
            NativeMemory.AlignedFree(scratch);
        }
    }
}
