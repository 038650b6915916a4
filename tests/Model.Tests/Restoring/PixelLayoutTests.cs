using CsCheck;
using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Model.Tests.Restoring;

/// <summary>How pictures lie in memory. A network of zeros gives its input back, so that every sample can be followed.</summary>
public sealed class PixelLayoutTests : IDisposable
{
    private static readonly NetworkEntry Tiny = CpuNetwork.Find("Tiny");
    private readonly CpuDevice _device = new(1);
    private readonly Restorer _identity, _restorer;

    public PixelLayoutTests()
    {
        _identity = Restorer.Create(Tiny, CpuNetwork.Identity("Tiny"), _device);
        _restorer = Restorer.Create(Tiny, NetworkWeights.Initial(Tiny, 1), _device);
    }

    public void Dispose()
    {
        _restorer.Dispose();
        _identity.Dispose();
        _device.Dispose();
    }

    /// <summary>Every sample comes back, alpha too; gaps and what lies behind the picture stay as they were.</summary>
    [Fact]
    public void Every_layout_and_format_comes_back_unchanged() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.OneOfConst(1, 3, 4), Gen.OneOfConst(PixelOrder.Interleaved, PixelOrder.Planar), Gen.Int[0, 3], Gen.Int[0, 1000])
            .Sample(
                (width, height, channels, order, gap, seed) =>
                {
                    PixelLayout tight = new(width, height, channels, order), layout = gap == 0 ? tight : tight with { Stride = (int)tight.RowLength + gap };
                    int count = (int)layout.Length + gap;
                    var random = new Random(seed);
                    byte[] bytes = Fill(i => (byte)random.Next(256)), bytesBack = Fill(i => (byte)7);
                    ushort[] shorts = Fill(i => (ushort)random.Next(65536)), shortsBack = Fill(i => (ushort)7);
                    float[] floats = Fill(i => random.NextSingle()), floatsBack = Fill(i => 7f);

                    _identity.Restore(bytes, bytesBack, layout);
                    _identity.Restore(shorts, shortsBack, layout);
                    _identity.Restore(floats, floatsBack, layout);

                    bool[] inside = Inside(layout, count);
                    for (int i = 0; i < count; i++)
                    {
                        Assert.Equal(inside[i] ? bytes[i] : 7, bytesBack[i]);
                        Assert.Equal(inside[i] ? shorts[i] : 7, shortsBack[i]);
                        // Grey is the mean of three equal numbers, whose sum is rounded.
                        Assert.Equal(inside[i] ? floats[i] : 7, floatsBack[i], channels == 1 ? 1e-6f : 0f);
                    }

                    T[] Fill<T>(Func<int, T> value) => [.. Enumerable.Range(0, count).Select(value)];
                },
                iter: 60);

    [Fact]
    public void All_layouts_and_formats_restore_the_same_picture()
    {
        const int Width = 11, Height = 6;
        var random = new Random(1);
        byte[] rgb = new byte[3 * Width * Height];
        random.NextBytes(rgb);
        var expected = new byte[rgb.Length];
        _restorer.Restore(rgb, expected, new PixelLayout(Width, Height));
        Assert.NotEqual(rgb, expected);

        byte[] planar = ToPlanar(rgb, 3), alpha = WithAlpha(rgb);
        _restorer.Restore(planar, planar, new PixelLayout(Width, Height, Order: PixelOrder.Planar));
        _restorer.Restore(alpha, alpha, new PixelLayout(Width, Height, 4));
        ushort[] shorts = Array.ConvertAll(rgb, v => (ushort)(v * 257));
        _restorer.Restore(shorts, shorts, new PixelLayout(Width, Height));
        float[] floats = Array.ConvertAll(rgb, v => v / 255f);
        _restorer.Restore(floats, floats, new PixelLayout(Width, Height));

        Assert.Equal(ToPlanar(expected, 3), planar);
        Assert.Equal(WithAlpha(expected), alpha);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.InRange(shorts[i] / 257.0, expected[i] - 0.51, expected[i] + 0.51);
            Assert.InRange(floats[i] * 255.0, expected[i] - 0.501, expected[i] + 0.501);
        }

        static byte[] ToPlanar(byte[] samples, int channels) =>
            [.. Enumerable.Range(0, channels).SelectMany(c => samples.Where((_, i) => i % channels == c))];

        static byte[] WithAlpha(byte[] samples) => [.. samples.Chunk(3).SelectMany((pixel, i) => pixel.Append((byte)(i * 3)))];
    }

    /// <summary>Grey goes in as three equal channels and comes out as the mean of the three.</summary>
    [Fact]
    public void Grey_is_the_mean_of_the_restored_colours()
    {
        const int Width = 7, Height = 5;
        float[] grey = CpuNetwork.Noise(Width * Height, 1), restored = new float[grey.Length];
        float[] colour = [.. grey.SelectMany(v => new[] { v, v, v })];

        _restorer.Restore(grey, restored, new PixelLayout(Width, Height, 1));
        _restorer.Restore(colour, colour, new PixelLayout(Width, Height));

        for (int i = 0; i < grey.Length; i++)
        {
            // Where a colour was clamped, its mean is another one.
            if (colour.AsSpan(3 * i, 3).IndexOfAny(0f, 1f) < 0)
                Assert.Equal((colour[3 * i] + colour[3 * i + 1] + colour[3 * i + 2]) / 3, restored[i], 1e-6);
        }
    }

    /// <summary>Results beyond black and white are clamped, also those that a cast would wrap around.</summary>
    [Fact]
    public void Results_are_clamped()
    {
        float[] picture = [-5f, -0.001f, 0f, 0.5f, 1f, 1.001f, 300f, 1e20f, -1e20f, 0.25f, 0.75f, 2f], restored = new float[12];

        _identity.Restore(picture, restored, new PixelLayout(2, 2));

        Assert.Equal([0f, 0f, 0f, 0.5f, 1f, 1f, 1f, 1f, 0f, 0.25f, 0.75f, 1f], restored);
    }

    /// <summary>Two pictures side by side in one buffer share rows, but no sample.</summary>
    [Fact]
    public void Source_and_target_may_be_halves_of_one_buffer()
    {
        const int Width = 5, Height = 3, Row = 2 * 3 * Width;
        var buffer = new byte[Height * Row];
        new Random(1).NextBytes(buffer);

        _identity.Restore(buffer, buffer.AsSpan(3 * Width), new PixelLayout(Width, Height, Stride: Row));

        for (int y = 0; y < Height; y++)
            Assert.Equal(buffer.AsSpan(y * Row, 3 * Width).ToArray(), buffer.AsSpan(y * Row + 3 * Width, 3 * Width).ToArray());
    }

    [Theory]
    [InlineData(0, 5, 3, 0, 100, "at least one pixel")]
    [InlineData(5, -1, 3, 0, 100, "at least one pixel")]
    [InlineData(5, 5, 2, 0, 100, "1, 3 or 4 channels")]
    [InlineData(5, 5, 3, 14, 100, "shorter than a row of 15")]
    [InlineData(5, 5, 3, -15, 100, "shorter than a row of 15")]
    [InlineData(5, 5, 3, 0, 74, "takes 75 samples; the span has 74")]
    [InlineData(5, 5, 3, 20, 94, "takes 95 samples; the span has 94")]
    [InlineData(int.MaxValue, int.MaxValue, 4, 0, 100, "the span has 100")]
    [InlineData(int.MaxValue, int.MaxValue, 4, int.MaxValue, 100, "stride")]
    public void A_layout_that_makes_no_sense_is_an_error(int width, int height, int channels, int stride, int length, string message)
    {
        var layout = new PixelLayout(width, height, channels, Stride: stride);

        ArgumentException error = Assert.Throws<ArgumentException>(() => _identity.Restore(new byte[length], new byte[length], layout));

        Assert.Contains(message, error.Message);
        Assert.Equal("source", error.ParamName);
    }

    [Fact]
    public void A_planar_layout_whose_size_overflows_a_number_is_an_error()
    {
        var layout = new PixelLayout(1, int.MaxValue, 4, PixelOrder.Planar, int.MaxValue);

        Assert.Equal(long.MaxValue, layout.Length);
        Assert.Throws<ArgumentException>(() => _identity.Restore(new byte[100], new byte[100], layout));
    }

    [Fact]
    public void A_target_that_is_too_short_is_an_error() => Assert.Equal(
        "target", Assert.Throws<ArgumentException>(() => _identity.Restore(new byte[75], new byte[74], new PixelLayout(5, 5))).ParamName);

    private static bool[] Inside(PixelLayout layout, int count)
    {
        var inside = new bool[count];
        for (int c = 0; c < layout.Channels; c++)
        {
            for (int y = 0; y < layout.Height; y++)
            {
                for (int x = 0; x < layout.Width; x++)
                    inside[layout.Index(x, y, c)] = true;
            }
        }
        return inside;
    }
}
