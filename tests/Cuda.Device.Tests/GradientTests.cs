using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Plans;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>A training step in two halves on the device, with the gradient between them.</summary>
public sealed class GradientTests
{
    private const int Height = 8, Width = 12;
    private const double Rate = 1e-4, Clip = 1e-3;

    private static readonly NetworkEntry Tiny = NetworkCatalog.Find("Tiny");

    [Theory]
    [InlineData(CudaPrecision.Fast)]
    [InlineData(CudaPrecision.BFloat16)]
    public void Both_halves_together_are_a_step_to_the_bit(CudaPrecision precision)
    {
        using CudaDevice device = DeviceUnderTest.Open(new CudaOptions { Precision = precision });
        float[] parameters = NetworkWeights.Initial(Tiny, 2);
        using TrainingSession whole = new(Tiny, device, parameters), halves = new(Tiny, device, parameters);
        for (int step = 0; step < 2; step++)
        {
            (float[] image, float[] target) = Batch(step);
            StepResult expected = whole.Step(image, target, 1, Height, Width, Rate, Clip);
            halves.Accumulate(image, target, 1, Height, Width);
            StepResult actual = halves.Update(Rate, Clip);
            Assert.Equal(expected.Loss, actual.Loss);
            Assert.Equal(expected.GradientNorm, actual.GradientNorm);
            Assert.Equal(whole.ReadParameters(), halves.ReadParameters());
        }
    }

    [Fact]
    public void Batches_accumulate_as_on_the_processor()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using var cpu = new CpuDevice();
        float[] parameters = NetworkWeights.Initial(Tiny, 2);
        using TrainingSession ours = new(Tiny, device, parameters), expected = new(Tiny, cpu, parameters);
        StepResult mine = Accumulated(ours), theirs = Accumulated(expected);
        Assert.Equal(theirs.Loss, mine.Loss, theirs.Loss * 1e-5);
        Assert.Equal(theirs.GradientNorm, mine.GradientNorm, theirs.GradientNorm * 1e-3);

        static StepResult Accumulated(TrainingSession session)
        {
            for (int i = 0; i < 2; i++)
            {
                (float[] image, float[] target) = Batch(i);
                session.Accumulate(image, target, 1, Height, Width);
            }
            return session.Update(Rate, Clip, gradient =>
            {
                foreach (ref float value in gradient)
                    value *= 0.5f;
            });
        }
    }

    [Fact]
    public void What_can_not_be_done_is_said()
    {
        using CudaDevice device = DeviceUnderTest.Open();
        using CudaExecutor inference = device.CreateExecutor(NetworkPlans.Inference(Tiny)), training = device.CreateExecutor(NetworkPlans.Training(Tiny));
        inference.Bind(new RunSize(1, Height, Width));
        training.Bind(new RunSize(1, Height, Width));
        Assert.Contains("it is not one of training", Assert.Throws<DeviceException>(() => inference.RunToGradient()).Message);
        Assert.Contains("Call RunToGradient first", Assert.Throws<DeviceException>(training.RunFromGradient).Message);
        Assert.Contains("Call RunToGradient first", Assert.Throws<DeviceException>(() => training.ReadGradient(new float[5])).Message);
    }

    private static (float[] Image, float[] Target) Batch(int seed)
    {
        var random = new Random(seed);
        float[] Noise() => [.. Enumerable.Range(0, 3 * Height * Width).Select(_ => random.NextSingle())];
        return (Noise(), Noise());
    }
}
