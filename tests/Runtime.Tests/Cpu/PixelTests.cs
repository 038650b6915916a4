using System.Runtime.Intrinsics;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Loops, resampling and the trigonometric transform against their definitions.</summary>
public sealed unsafe class PixelTests
{
    public static TheoryData<ResampleKind, int, int, int> Resamplings()
    {
        var cases = new TheoryData<ResampleKind, int, int, int>();
        foreach (var kind in Enum.GetValues<ResampleKind>())
        {
            int step = kind switch { ResampleKind.BilinearDouble => 1, ResampleKind.BilinearQuarter => 4, _ => 2 };
            foreach (var (height, width, channels) in new[] { (1, 1, 3), (1, 2, 8), (2, 3, 13), (5, 7, 16), (4, 1, 1) })
                cases.Add(kind, height * step, width * step, channels);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Resamplings))]
    public void Resampling_and_its_adjoint_are_the_matrix_and_its_transpose(ResampleKind kind, int height, int width, int channels)
    {
        var random = new Random(height + width);
        double[,] rows = Reference.ResampleMatrix(kind, height), columns = Reference.ResampleMatrix(kind, width);
        int outHeight = rows.GetLength(0), outWidth = columns.GetLength(0);
        foreach (bool adjoint in new[] { false, true })
        {
            using var x = adjoint
                ? NativeTensor.Random(random, 2, outHeight, outWidth, channels, 1, 2)
                : NativeTensor.Random(random, 2, height, width, channels, 1, 2);
            foreach (int chunks in new[] { 1, 3 })
            {
                using var y = adjoint ? new NativeTensor(2, height, width, channels, 2, 1) : new NativeTensor(2, outHeight, outWidth, channels, 2, 1);
                Launch.Run(y, x.Height, x.Width, chunks, (in a, in s) =>
                {
                    var body = new StoreBody(y);
                    var source = new ResampleSource(kind, adjoint, x.Pointer, x.Pitch, in a, in s);
                    PixelLoop.Run(ref source, ref body, in a, in s);
                    Assert.Equal(0, body.WrongPositions);
                });
                var expected = new double[y.Pixels * channels];
                for (int n = 0; n < 2; n++)
                    for (int oy = 0; oy < outHeight; oy++)
                        for (int ox = 0; ox < outWidth; ox++)
                            for (int iy = 0; iy < height; iy++)
                                for (int ix = 0; ix < width; ix++)
                                    for (int c = 0; c < channels; c++)
                                    {
                                        double weight = rows[oy, iy] * columns[ox, ix];
                                        if (adjoint)
                                            expected[((((n * height) + iy) * width) + ix) * channels + c] += weight * x[n, oy, ox, c];
                                        else
                                            expected[((((n * outHeight) + oy) * outWidth) + ox) * channels + c] += weight * x[n, iy, ix, c];
                                    }

                y.AssertGuards();
                y.AssertClose(expected, 1e-6, $"{kind}, adjoint {adjoint}");
            }
        }
    }

    public static TheoryData<bool, bool, int, int, int, int> Transforms()
    {
        var cases = new TheoryData<bool, bool, int, int, int, int>();
        foreach (var (n, h, w, c) in new[] { (1, 1, 1, 1), (2, 5, 7, 3), (1, 16, 12, 3), (1, 3, 33, 2), (1, 64, 20, 3), (1, 1, 150, 9) })
        {
            for (int mode = 0; mode < 4; mode++)
                cases.Add(mode < 2, mode % 2 == 0, n, h, w, c);
        }

        // Longer than what a worker's scratch holds in one go: one panel at a time, and then its own memory.
        cases.Add(false, true, 1, 1, 1500, 1);
        cases.Add(true, false, 1, 12001, 1, 1);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Transforms))]
    public void Trigonometric_transform_is_its_definition(bool alongHeight, bool sine, int images, int height, int width, int channels)
    {
        using var x = NativeTensor.Random(new Random(7), images, height, width, channels, 1, 1);
        int length = alongHeight ? height : width;
        // Of long lines every 17th frequency is checked.
        int every = length > 1000 ? 17 * (length / 1000) : 1;
        double[] angles = Enumerable.Range(0, length).Select(i => 2 * Math.PI * i / length).Select(t => sine ? Math.Sin(t) : Math.Cos(t)).ToArray();
        double[]? first = null;
        foreach (int chunks in new[] { 1, 2, 3 })
        {
            using var y = new NativeTensor(images, height, width, channels, 2, 3);
            Launch.Run(y, height, width, chunks, (in a, in s) =>
            {
                var body = new StoreBody(y);
                TrigTransform.Run(alongHeight, sine, x.Pointer, x.Pitch, ref body, in a, in s);
                Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
            });
            y.AssertGuards();
            Assert.DoesNotContain(double.NaN, y.Values());
            first ??= y.Values();
            Assert.Equal(first, y.Values());
            for (int n = 0; n < images; n++)
                for (int line = 0; line < (alongHeight ? width : height); line++)
                    for (int k = 0; k < length; k += every)
                        for (int c = 0; c < channels && chunks == 1; c++)
                        {
                            double sum = 0;
                            for (int i = 0; i < length; i++)
                                sum += angles[(long)i * k % length] * (alongHeight ? x[n, i, line, c] : x[n, line, i, c]);
                            float actual = alongHeight ? y[n, k, line, c] : y[n, line, k, c];
                            Assert.True(Math.Abs(actual - sum) < 2e-7 * (10 + length), $"frequency {k} of {length}: {actual}, expected {sum}");
                        }
        }
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 3, 5, 13)]
    [InlineData(1, 1, 37, 3)]
    [InlineData(3, 4, 2, 32)]
    public void Pixel_loop_visits_every_element_once(int images, int height, int width, int channels)
    {
        foreach (int chunks in new[] { 1, 2, 3, 50 })
        {
            using var y = new NativeTensor(images, height, width, channels, 1, 1);
            int pixels = 0;
            Launch.Run(y, height, width, chunks, (in a, in s) =>
            {
                var body = new StoreBody(y);
                var source = default(NoSource);
                PixelLoop.Run(ref source, ref body, in a, in s);
                Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
                pixels += body.Pixels;
            });
            Assert.Equal(y.Pixels, pixels);
            y.AssertGuards();
            Assert.All(y.Values(), v => Assert.Equal(0, v));
        }
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 1, 1, 1003)]
    [InlineData(2, 3, 5, 7)]
    public void Flat_loop_visits_every_element_once_in_aligned_chunks(int images, int height, int width, int channels)
    {
        foreach (int chunks in new[] { 1, 2, 3, 64 })
        {
            var visits = new int[images * height * width * channels];
            using var domain = new NativeTensor(images, height, width, channels);
            fixed (int* counts = visits)
            {
                nint address = (nint)counts;
                Launch.Run(domain, height, width, chunks, (in a, in s) =>
                {
                    var body = new CountBody((int*)address);
                    FlatLoop.Run(ref body, in a, in s);
                });
            }

            Assert.All(visits, v => Assert.Equal(1, v));
        }
    }

    private readonly struct CountBody(int* counts) : IKernelBody
    {
        public void Apply(Vector256<float> value, nint pixel, int image, int y, int x, int channel)
        {
            Assert.Equal(0, channel % 8);
            for (int i = 0; i < 8; i++)
                counts[channel + i]++;
        }

        public void Apply(float value, nint pixel, int image, int y, int x, int channel) => counts[channel]++;

        public void Prefetch(nint pixel, int channel)
        {
        }

        public void EndPixel(nint pixel, int image, int y, int x) => Assert.Fail("a flat loop has no pixels");

        public void EndChunk()
        {
        }
    }
}
