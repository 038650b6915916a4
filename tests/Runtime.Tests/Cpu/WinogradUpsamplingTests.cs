using CsCheck;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Winograd's doubling against its definition.</summary>
public sealed unsafe class WinogradUpsamplingTests
{
    // Of the largest result, as for the 3×3 convolutions.
    private const double Tolerance = 1e-5;

    /// <summary>Input channels, output channels, kernel height, kernel width, stride, padding, dilation, images, height, width; the result has the inputs' channels.</summary>
    public static TheoryData<int[]> Cases() =>
    [
        new[] { 32, 64, 4, 4, 2, 1, 1, 1, 32, 32 },
        new[] { 64, 128, 4, 4, 2, 1, 1, 1, 8, 24 },
        new[] { 8, 16, 4, 4, 2, 1, 1, 2, 2, 2 },
        new[] { 3, 33, 4, 4, 2, 1, 1, 2, 18, 6 },
        new[] { 40, 20, 4, 4, 2, 1, 1, 1, 9, 13 },
        new[] { 25, 17, 4, 4, 2, 1, 1, 3, 10, 70 },
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Doubling_is_its_definition(int[] numbers)
    {
        using var c = new ConvolutionCase(numbers, depthwise: false);
        Assert.True(WinogradUpsampling.Supports(c.Geometry));
        double[] expected = Reference.Transposed(c.Geometry, c.Gy, c.W, c.X.Height, c.X.Width);
        ConvolutionTests.ForEachChunking(() => c.Like(c.X), (y, chunks) => Run(c, y, chunks), expected, Tolerance);
    }

    /// <summary>Channels 1 to 40, pictures to 20 × 20.</summary>
    [Fact]
    public void Any_size_is_its_definition() => Gen.Int[1, 40].Array[2].Select(
        Gen.Int[1, 2], Gen.Int[2, 20].Array[2],
        (channels, images, extent) => new[] { channels[0], channels[1], 4, 4, 2, 1, 1, images, extent[0], extent[1] })
        .Sample(Doubling_is_its_definition, iter: 25, threads: 1);

    /// <summary>Bit for bit what the direct kernel gives.</summary>
    [Fact]
    public void Strict_is_direct_convolution()
    {
        using var c = new ConvolutionCase([20, 24, 4, 4, 2, 1, 1, 2, 8, 10], depthwise: false);
        using NativeTensor strict = c.Like(c.X), direct = c.Like(c.X), fast = c.Like(c.X), packed = c.Pack(transposed: true, 1);
        Run(c, strict, 1, strict: true);
        Run(c, fast, 1);
        Launch.Run(direct, c.Gy.Height, c.Gy.Width, 1, (in a, in s) =>
        {
            var body = new StoreBody(direct);
            DenseConvolutionTransposed.Run(c.Geometry, c.Gy.Pointer, c.Gy.Pitch, packed.Pointer, ref body, in a, in s);
        });
        Assert.Equal(direct.Values(), strict.Values());
        Assert.NotEqual(direct.Values(), fast.Values());
    }

    [Fact]
    public void Only_what_it_computes_is_supported()
    {
        var good = new ConvolutionGeometry(16, 16, 4, 4, 2, 1, 1);
        Assert.False(WinogradUpsampling.Supports(good with { Stride = 1 }));
        Assert.False(WinogradUpsampling.Supports(good with { Padding = 0 }));
        Assert.False(WinogradUpsampling.Supports(good with { Dilation = 2 }));
        Assert.False(WinogradUpsampling.Supports(good with { KernelHeight = 3 }));
        Assert.False(WinogradUpsampling.Supports(good with { KernelWidth = 2 }));
    }

    private static void Run(ConvolutionCase c, NativeTensor y, int chunks, bool strict = false)
    {
        using var packed = new NativeTensor(1, 1, 1, (int)WinogradUpsampling.PackedFloats(c.Geometry));
        Launch.Run(packed, 1, 1, chunks, (in a, in s) => WinogradUpsampling.Pack(c.Geometry, c.W.Pointer, packed.Pointer, in a, in s), strict);
        packed.AssertGuards();
        Launch.Run(y, c.Gy.Height, c.Gy.Width, chunks, (in a, in s) =>
        {
            var body = new StoreBody(y);
            WinogradUpsampling.Run(c.Geometry, c.Gy.Pointer, c.Gy.Pitch, packed.Pointer, ref body, in a, in s);
            Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
        }, strict);
    }
}
