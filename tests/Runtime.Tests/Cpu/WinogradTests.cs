using CsCheck;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Winograd convolutions and their adjoints against their definitions.</summary>
public sealed unsafe class WinogradTests
{
    // Of the largest result. Direct convolution needs 5e-6; the transforms cost a digit at most.
    private const double Tolerance = 1e-5;

    /// <summary>Input channels, output channels, kernel height, kernel width, stride, padding, dilation, images, height, width.</summary>
    public static TheoryData<int[]> Cases()
    {
        var cases = new TheoryData<int[]>
        {
            new[] { 16, 16, 3, 3, 1, 1, 1, 2, 12, 20 },
            new[] { 64, 64, 3, 3, 1, 1, 1, 1, 16, 16 },
            new[] { 128, 40, 3, 3, 1, 1, 1, 1, 9, 14 },
            new[] { 256, 24, 3, 3, 1, 1, 1, 1, 5, 27 },
            new[] { 17, 9, 3, 3, 1, 1, 1, 3, 1, 1 },
            new[] { 20, 35, 3, 3, 1, 0, 1, 2, 7, 8 },
            new[] { 16, 32, 3, 3, 1, 2, 1, 1, 6, 5 },
            new[] { 16, 16, 3, 3, 1, 1, 1, 1, 3, 300 },
            new[] { 16, 16, 3, 3, 1, 1, 1, 1, 130, 3 },
        };
        for (int extent = 1; extent <= 10; extent++)
            cases.Add([(extent * 5 % 19) + 1, (extent * 7 % 23) + 1, 3, 3, 1, 1, 1, 1, 11 - extent, extent]);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Convolution_is_its_definition(int[] numbers)
    {
        using var c = new ConvolutionCase(numbers, depthwise: false);
        Assert.True(WinogradConvolution.Supports(c.Geometry));
        double[] expected = Reference.Convolution(c.Geometry, c.X, c.W, c.Gy.Height, c.Gy.Width);
        ConvolutionTests.ForEachChunking(() => c.Like(c.Gy), (y, chunks) => Run(c, y, c.X, transposed: false, chunks), expected, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Transposed_convolution_is_its_definition(int[] numbers)
    {
        using var c = new ConvolutionCase(numbers, depthwise: false);
        double[] expected = Reference.Transposed(c.Geometry, c.Gy, c.W, c.X.Height, c.X.Width);
        ConvolutionTests.ForEachChunking(() => c.Like(c.X), (y, chunks) => Run(c, y, c.Gy, transposed: true, chunks), expected, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weight_gradient_is_its_definition(int[] numbers)
    {
        using var c = new ConvolutionCase(numbers, depthwise: false);
        double[] expected = Reference.WeightGradient(c.Geometry, c.X, c.Gy);
        ConvolutionTests.ForEachChunking(
            () => new NativeTensor(c.W.Images, c.W.Height, c.W.Width, c.W.Channels),
            (dw, chunks) => Launch.Run(dw, c.X.Height, c.X.Width, chunks, (in a, in s) =>
                WinogradWeightGradient.Run(c.Geometry, c.X.Pointer, c.X.Pitch, c.Gy.Pointer, c.Gy.Pitch, dw.Pointer, c.Gy.Images, c.Gy.Height, c.Gy.Width, in a, in s)),
            expected,
            Tolerance);
    }

    /// <summary>Channels 1 to 40, paddings 0 to 2, pictures to 14 × 14.</summary>
    [Fact]
    public void Any_size_is_its_definition()
    {
        var sizes = Gen.Int[1, 40].Array[2].Select(
            Gen.Int[0, 2], Gen.Int[1, 2], Gen.Int[3, 14].Array[2],
            (channels, padding, images, extent) => new[] { channels[0], channels[1], 3, 3, 1, padding, 1, images, extent[0], extent[1] });
        sizes.Sample(
            numbers =>
            {
                Convolution_is_its_definition(numbers);
                Transposed_convolution_is_its_definition(numbers);
                Weight_gradient_is_its_definition(numbers);
            },
            iter: 25, threads: 1);
    }

    [Fact]
    public void Only_what_it_computes_is_supported()
    {
        var good = new ConvolutionGeometry(16, 16, 3, 3, 1, 1, 1);
        Assert.True(WinogradConvolution.Supports(good));
        Assert.False(WinogradConvolution.Supports(good with { Stride = 2 }));
        Assert.False(WinogradConvolution.Supports(good with { Dilation = 2 }));
        Assert.False(WinogradConvolution.Supports(good with { KernelHeight = 1 }));
        Assert.False(WinogradConvolution.Supports(good with { KernelWidth = 5 }));
        Assert.False(WinogradConvolution.Supports(good with { Padding = 3 }));
    }

    [Fact]
    public void Too_many_channels_are_refused_with_the_way_out()
    {
        using var picture = new NativeTensor(1, 1, 1, 1);
        var exception = Assert.Throws<NotSupportedException>(() => Launch.Run(picture, 1, 1, 1, (in a, in s) =>
        {
            var body = new StoreBody(picture);
            WinogradConvolution.Run(new ConvolutionGeometry(4096, 1, 3, 3, 1, 1, 1), picture.Pointer, 1, picture.Pointer, ref body, in a, in s);
        }));
        Assert.Contains("direct convolution", exception.Message);
    }

    /// <summary>Bit for bit what the direct kernels give.</summary>
    [Fact]
    public void Strict_is_direct_convolution()
    {
        using var c = new ConvolutionCase([20, 24, 3, 3, 1, 1, 1, 2, 7, 9], depthwise: false);
        foreach (bool transposed in new[] { false, true })
        {
            (NativeTensor x, NativeTensor like) = transposed ? (c.Gy, c.X) : (c.X, c.Gy);
            using NativeTensor strict = c.Like(like), direct = c.Like(like), fast = c.Like(like), packed = c.Pack(transposed, 1);
            Run(c, strict, x, transposed, 1, strict: true);
            Run(c, fast, x, transposed, 1);
            Launch.Run(direct, x.Height, x.Width, 1, (in a, in s) =>
            {
                var body = new StoreBody(direct);
                if (transposed)
                    DenseConvolutionTransposed.Run(c.Geometry, x.Pointer, x.Pitch, packed.Pointer, ref body, in a, in s);
                else
                    DenseConvolution.Run(c.Geometry, x.Pointer, x.Pitch, packed.Pointer, ref body, in a, in s);
            });
            Assert.Equal(direct.Values(), strict.Values());
            Assert.NotEqual(direct.Values(), fast.Values());
        }
    }

    private static void Run(ConvolutionCase c, NativeTensor y, NativeTensor x, bool transposed, int chunks, bool strict = false)
    {
        using NativeTensor packed = c.PackWinograd(transposed, chunks, strict);
        Launch.Run(y, x.Height, x.Width, chunks, (in a, in s) =>
        {
            var body = new StoreBody(y);
            if (transposed)
                WinogradConvolution.RunTransposed(c.Geometry, x.Pointer, x.Pitch, packed.Pointer, ref body, in a, in s);
            else
                WinogradConvolution.Run(c.Geometry, x.Pointer, x.Pitch, packed.Pointer, ref body, in a, in s);
            Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
        }, strict);
    }
}
