using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Model;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Cuda;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>A whole network on the device, through the API that people use, beside the same on the processor.</summary>
public sealed class NetworkTests
{
    private const int Height = 20, Width = 36;

    private static readonly NetworkEntry Tiny = NetworkCatalog.Find("Tiny");

    /// <summary>Errors are of the largest value: what sums of float32 in another order give, and bfloat16 with its 8 bits through 60 layers.</summary>
    [Theory]
    [InlineData(CudaPrecision.Fast, 2e-5)]
    [InlineData(CudaPrecision.BFloat16, 2e-2)]
    public void Tiny_restores_as_on_the_processor(CudaPrecision precision, double tolerance)
    {
        float[] parameters = NetworkWeights.Initial(Tiny, 1);
        using CudaDevice device = DeviceUnderTest.Open(new CudaOptions { Precision = precision });
        using var cpu = new CpuDevice();
        using Restorer ours = Restorer.Create(Tiny, parameters, device), expected = Restorer.Create(Tiny, parameters, cpu);
        var layout = new PixelLayout(Width, Height);
        // Launched, captured and replayed; then another size, and the first again.
        for (int run = 0; run < 3; run++)
            RequireEqual(Restore(ours, layout, run), Restore(expected, layout, run), tolerance);
        var small = new PixelLayout(8, 12);
        RequireEqual(Restore(ours, small, 7), Restore(expected, small, 7), tolerance);
        RequireEqual(Restore(ours, layout, 8), Restore(expected, layout, 8), tolerance);
    }

    /// <summary>
    /// Three steps of Adam on one batch. The first must change nothing but what rounding changes; after that the sign of a gradient that is
    /// nearly zero decides where a parameter goes, so that losses are compared.
    /// </summary>
    [Theory]
    [InlineData(CudaPrecision.Fast, 1e-5, 1e-3)]
    [InlineData(CudaPrecision.BFloat16, 1e-2, 5e-2)]
    public void Tiny_trains_as_on_the_processor(CudaPrecision precision, double lossTolerance, double normTolerance)
    {
        const double Rate = 1e-4, Clip = 1e-3;
        float[] parameters = NetworkWeights.Initial(Tiny, 2), image = Noise(3 * Height * Width, 3), target = Noise(3 * Height * Width, 4);
        using CudaDevice device = DeviceUnderTest.Open(new CudaOptions { Precision = precision });
        using var cpu = new CpuDevice();
        using TrainingSession ours = new(Tiny, device, parameters), expected = new(Tiny, cpu, parameters);
        for (int step = 0; step < 3; step++)
        {
            StepResult mine = ours.Step(image, target, 1, Height, Width, Rate, Clip), theirs = expected.Step(image, target, 1, Height, Width, Rate, Clip);
            Assert.Equal(theirs.Loss, mine.Loss, theirs.Loss * lossTolerance);
            Assert.Equal(theirs.GradientNorm, mine.GradientNorm, theirs.GradientNorm * normTolerance);
        }
        // No parameter can have gone further than three steps of the learning rate, and about as many up as down.
        float[] end = ours.ReadParameters();
        Assert.All(end.Zip(parameters, (a, b) => Math.Abs(a - b)), change => Assert.True(change <= 3.01 * Rate));
        Assert.Contains(end.Zip(parameters, (a, b) => Math.Abs(a - b)), change => change > 0.5 * Rate);
    }

    private static float[] Restore(Restorer restorer, PixelLayout layout, int seed)
    {
        float[] picture = Noise(3 * layout.Width * layout.Height, seed);
        restorer.Restore(picture, picture, layout);
        return picture;
    }

    private static void RequireEqual(float[] actual, float[] expected, double tolerance)
    {
        double error = actual.Zip(expected, (a, b) => (double)Math.Abs(a - b)).Max() / expected.Max(Math.Abs);
        Assert.True(error <= tolerance, FormattableString.Invariant($"The largest error is {error:E2} of the largest value; {tolerance:E2} is allowed."));
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
    }
}
