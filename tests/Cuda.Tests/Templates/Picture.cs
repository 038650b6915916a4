using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>
/// A tensor of a template's test: N·H·W pixels, NHWC, with a pitch, as float or bf16 in its own buffer. Values are what the
/// device sees, that is rounded where they are bf16.
/// </summary>
internal sealed class Picture : IDisposable
{
    private readonly double[] _values;

    private Picture(string name, int images, int height, int width, int channels, int pitch, bool brain, double[] values, bool written)
    {
        (Images, Height, Width, Channels, Pitch, Brain, _values) = (images, height, width, channels, pitch, brain, values);
        int count = images * height * width * pitch;
        Buffer = written ? CudaBuffer.Uninitialised(name, count * (brain ? 2L : 4L)) : Filled(name, count);
    }

    internal int Images { get; }

    internal int Height { get; }

    internal int Width { get; }

    internal int Channels { get; }

    internal int Pitch { get; }

    internal bool Brain { get; }

    internal CudaBuffer Buffer { get; }

    internal int Pixels => Images * Height * Width;

    /// <summary>A value; 0 outside of the picture.</summary>
    internal double this[int image, int y, int x, int channel]
        => y < 0 || x < 0 || y >= Height || x >= Width ? 0 : _values[((image * Height + y) * Width + x) * Channels + channel];

    /// <summary>Random values in (−1, 1).</summary>
    internal static Picture Random(string name, int images, int height, int width, int channels, bool brain, int seed, int gap = 0)
    {
        double[] values = [.. Exercises.Values(images * height * width * channels, seed).Select(v => (double)(brain ? Bits.FromBrain(Bits.ToBrain(v)) : v))];
        return new(name, images, height, width, channels, channels + gap, brain, values, written: false);
    }

    /// <summary>
    /// Random whole numbers from −2 to 2. With whole weights, and middles that are clamped to ±3, chains of convolutions are exact in every
    /// form: nothing has to be allowed for.
    /// </summary>
    internal static Picture Whole(string name, int images, int height, int width, int channels, bool brain, int seed, int gap = 0)
    {
        double[] values = [.. Exercises.Values(images * height * width * channels, seed).Select(v => Math.Round(v * 2.49))];
        return new(name, images, height, width, channels, channels + gap, brain, values, written: false);
    }

    /// <summary>A poisoned result.</summary>
    internal static Picture Result(string name, int images, int height, int width, int channels, bool brain, int gap = 0)
        => new(name, images, height, width, channels, channels + gap, brain, [], written: true);

    /// <summary>
    /// Compares a result with what it should be; a bf16 result may be off by its own rounding besides.
    /// Channels of the gap must be as they were.
    /// </summary>
    internal void Check(string what, Func<int, int, int, int, double> expected, double tolerance)
    {
        float[] actual = Brain ? [.. Buffer.Read<ushort>().Select(Bits.FromBrain)] : Buffer.Read<float>();
        for (int pixel = 0; pixel < Pixels; pixel++)
        {
            int x = pixel % Width, y = pixel / Width % Height, image = pixel / Width / Height;
            for (int channel = 0; channel < Pitch; channel++)
            {
                float value = actual[pixel * Pitch + channel];
                if (channel >= Channels)
                {
                    if (!float.IsNaN(value)) Assert.Fail($"{what}: channel {channel} of pixel {pixel}, in the gap, was overwritten with {value}.");
                    continue;
                }
                double wanted = expected(image, y, x, channel), allowed = tolerance + (Brain ? Math.Abs(wanted) / 256 : 0);
                if (!(Math.Abs(value - wanted) <= allowed))
                    Assert.Fail($"{what}: image {image}, y {y}, x {x}, channel {channel} is {value}, not {wanted} ± {allowed:g2}.");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Buffer.Dispose();

    private CudaBuffer Filled(string name, int count)
    {
        // The gap is NaN: whoever reads it shows it.
        float[] stored = new float[count];
        Array.Fill(stored, float.NaN);
        for (int pixel = 0; pixel < Pixels; pixel++)
            for (int channel = 0; channel < Channels; channel++)
                stored[pixel * Pitch + channel] = (float)_values[pixel * Channels + channel];
        return Brain ? CudaBuffer.Of(name, stored.Select(Bits.ToBrain).ToArray()) : CudaBuffer.Of(name, stored);
    }
}
