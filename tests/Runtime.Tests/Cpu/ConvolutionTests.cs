using CsCheck;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Dense and depthwise convolutions, their adjoints and weight gradients against their definitions.</summary>
public sealed unsafe class ConvolutionTests
{
    private const double Tolerance = 5e-6;

    /// <summary>Input channels, output channels, kernel height, kernel width, stride, padding, dilation, images, height, width.</summary>
    public static TheoryData<int[]> Cases()
    {
        var cases = new TheoryData<int[]>
        {
            new[] { 3, 32, 3, 3, 1, 1, 1, 2, 7, 9 },
            new[] { 32, 3, 3, 3, 1, 1, 1, 1, 5, 13 },
            new[] { 2, 1, 3, 3, 1, 1, 1, 2, 4, 4 },
            new[] { 32, 64, 3, 3, 2, 1, 1, 1, 8, 12 },
            new[] { 64, 64, 3, 3, 1, 1, 1, 1, 6, 6 },
            new[] { 64, 32, 1, 1, 1, 0, 1, 1, 5, 7 },
            new[] { 17, 9, 3, 3, 1, 1, 1, 3, 1, 1 },
            new[] { 16, 16, 1, 1, 1, 0, 1, 1, 1, 1 },
            new[] { 32, 48, 4, 4, 2, 1, 1, 1, 8, 10 },
            new[] { 33, 25, 3, 3, 1, 2, 2, 1, 6, 11 },
            new[] { 5, 24, 5, 3, 3, 2, 1, 2, 9, 10 },
            new[] { 8, 8, 7, 7, 1, 9, 3, 1, 5, 6 },
            new[] { 40, 130, 1, 1, 1, 0, 1, 1, 2, 3 },
            new[] { 4, 6, 2, 2, 2, 0, 1, 2, 5, 7 },
            new[] { 6, 7, 3, 3, 2, 1, 2, 1, 150, 3 },
            new[] { 20, 12, 3, 3, 1, 1, 1, 1, 3, 300 },
        };
        for (int width = 1; width <= 13; width++)
            cases.Add([(width * 5 % 19) + 1, (width * 7 % 23) + 1, 3, 3, 1 + (width % 2), 1, 1, 1, 3, width]);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Dense_convolution_is_its_definition(int[] numbers)
    {
        using var c = new ConvolutionCase(numbers, depthwise: false);
        double[] expected = Reference.Convolution(c.Geometry, c.X, c.W, c.Gy.Height, c.Gy.Width);
        ForEachChunking(() => c.Like(c.Gy), (y, chunks) => Dense(c, y, chunks), expected);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Transposed_convolution_is_its_definition_and_the_adjoint(int[] numbers)
    {
        using var c = new ConvolutionCase(numbers, depthwise: false);
        double[] expected = Reference.Transposed(c.Geometry, c.Gy, c.W, c.X.Height, c.X.Width);
        ForEachChunking(() => c.Like(c.X), (y, chunks) => DenseTransposed(c, y, chunks), expected);

        using NativeTensor forward = c.Like(c.Gy), backward = c.Like(c.X);
        Dense(c, forward, 1);
        DenseTransposed(c, backward, 1);
        double left = forward.Dot(c.Gy), right = c.X.Dot(backward);
        Assert.True(Math.Abs(left - right) <= 1e-5 * (1 + Math.Sqrt(c.X.Pixels * c.Gy.Channels)), $"<conv(x), g> = {left}, <x, convT(g)> = {right}");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weight_gradient_is_its_definition(int[] numbers)
    {
        using var c = new ConvolutionCase(numbers, depthwise: false);
        double[] expected = Reference.WeightGradient(c.Geometry, c.X, c.Gy);
        ForEachChunking(
            () => new NativeTensor(c.W.Images, c.W.Height, c.W.Width, c.W.Channels),
            (dw, chunks) => Launch.Run(dw, c.X.Height, c.X.Width, chunks, (in a, in s) =>
                ConvolutionWeightGradient.Run(c.Geometry, c.X.Pointer, c.X.Pitch, c.Gy.Pointer, c.Gy.Pitch, dw.Pointer, c.Gy.Images, c.Gy.Height, c.Gy.Width, in a, in s)),
            expected);
    }

    /// <summary>Geometries nobody thought of: channels 1 to 40, kernels to 5, strides and dilations to 3, pictures to 14 × 14.</summary>
    [Fact]
    public void Any_geometry_is_its_definition()
    {
        var geometries = Gen.Int[1, 40].Array[2].Select(
            Gen.Int[1, 5].Array[2], Gen.Int[1, 3].Array[2], Gen.Int[0, 5], Gen.Int[1, 14].Array[2],
            (channels, kernel, step, padding, extent) => new[] { channels[0], channels[1], kernel[0], kernel[1], step[0], padding, step[1], 1, extent[0], extent[1] })
            .Where(n => n[8] + (2 * n[5]) > n[6] * (n[2] - 1) && n[9] + (2 * n[5]) > n[6] * (n[3] - 1));
        geometries.Sample(
            numbers =>
            {
                Dense_convolution_is_its_definition(numbers);
                Transposed_convolution_is_its_definition_and_the_adjoint(numbers);
                Weight_gradient_is_its_definition(numbers);
            },
            iter: 25, threads: 1);
    }

    /// <summary>Channels, kernel, stride, padding, dilation, images, height, width.</summary>
    public static TheoryData<int[]> DepthwiseCases() => new(new int[][]
    {
        [32, 2, 2, 0, 1, 2, 6, 8],
        [128, 3, 1, 1, 1, 1, 5, 5],
        [40, 5, 1, 4, 2, 1, 7, 9],
        [16, 7, 1, 9, 3, 1, 11, 10],
        [13, 7, 1, 9, 3, 1, 2, 3],
        [3, 3, 1, 1, 1, 2, 1, 1],
        [9, 3, 2, 1, 1, 1, 9, 13],
        [1, 5, 3, 2, 2, 1, 14, 12],
        [24, 2, 2, 0, 1, 1, 5, 7],
        [8, 1, 1, 0, 1, 1, 1, 11],
    });

    [Theory]
    [MemberData(nameof(DepthwiseCases))]
    public void Depthwise_convolution_and_gradients_are_their_definitions(int[] n)
    {
        using var c = new ConvolutionCase([n[0], n[0], n[1], n[1], n[2], n[3], n[4], n[5], n[6], n[7]], depthwise: true);
        ForEachChunking(
            () => c.Like(c.Gy),
            (y, chunks) => Launch.Run(y, c.X.Height, c.X.Width, chunks, (in a, in s) =>
            {
                var body = new StoreBody(y);
                DepthwiseConvolution.Run(c.Geometry, c.X.Pointer, c.X.Pitch, c.W.Pointer, ref body, in a, in s);
                Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
            }),
            Reference.Depthwise(c.Geometry, c.X, c.W, c.Gy.Height, c.Gy.Width));
        ForEachChunking(
            () => c.Like(c.X),
            (y, chunks) => Launch.Run(y, c.Gy.Height, c.Gy.Width, chunks, (in a, in s) =>
            {
                var body = new StoreBody(y);
                DepthwiseConvolutionTransposed.Run(c.Geometry, c.Gy.Pointer, c.Gy.Pitch, c.W.Pointer, ref body, in a, in s);
                Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
            }),
            Reference.DepthwiseTransposed(c.Geometry, c.Gy, c.W, c.X.Height, c.X.Width));
        ForEachChunking(
            () => new NativeTensor(n[0], n[1], n[1], 1),
            (dw, chunks) => Launch.Run(dw, c.X.Height, c.X.Width, chunks, (in a, in s) =>
                DepthwiseWeightGradient.Run(c.Geometry, c.X.Pointer, c.X.Pitch, c.Gy.Pointer, c.Gy.Pitch, dw.Pointer, c.Gy.Images, c.Gy.Height, c.Gy.Width, in a, in s)),
            Reference.DepthwiseGradient(c.Geometry, c.X, c.Gy));
    }

    /// <summary>Against the definition with one chunk; with two, three and more than there are rows, equal to the bit.</summary>
    internal static void ForEachChunking(Func<NativeTensor> create, Action<NativeTensor, int> run, double[] expected, double tolerance = Tolerance)
    {
        using NativeTensor whole = create();
        run(whole, 1);
        whole.AssertGuards();
        whole.AssertClose(expected, tolerance, "one chunk");
        foreach (int chunks in new[] { 2, 3, 64 })
        {
            using NativeTensor cut = create();
            run(cut, chunks);
            cut.AssertGuards();
            Assert.Equal(whole.Values(), cut.Values());
        }
    }

    private static void Dense(ConvolutionCase c, NativeTensor y, int chunks)
    {
        using var packed = c.Pack(transposed: false, chunks);
        Launch.Run(y, c.X.Height, c.X.Width, chunks, (in a, in s) =>
        {
            var body = new StoreBody(y);
            DenseConvolution.Run(c.Geometry, c.X.Pointer, c.X.Pitch, packed.Pointer, ref body, in a, in s);
            Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
        });
    }

    private static void DenseTransposed(ConvolutionCase c, NativeTensor y, int chunks)
    {
        using var packed = c.Pack(transposed: true, chunks);
        Launch.Run(y, c.Gy.Height, c.Gy.Width, chunks, (in a, in s) =>
        {
            var body = new StoreBody(y);
            DenseConvolutionTransposed.Run(c.Geometry, c.Gy.Pointer, c.Gy.Pitch, packed.Pointer, ref body, in a, in s);
            Assert.Equal((0, 1), (body.WrongPositions, body.Chunks));
        });
    }
}
