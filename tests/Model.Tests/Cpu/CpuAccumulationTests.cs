using FocalNet.Model.Tests.Support;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests.Cpu;

/// <summary>Training steps that stop at the gradient: alone the same bits as whole ones, together the mean of their batches.</summary>
public class CpuAccumulationTests
{
    private const int Pictures = 4, Height = 24, Width = 16, Length = 3 * Height * Width;
    private const double LearningRate = 8e-4, Clip = 0.001;
    private static readonly NetworkEntry Network = CpuNetwork.Find("Tiny");
    private static readonly float[] Images = CpuNetwork.Noise(Pictures * Length, 3), Targets = CpuNetwork.Noise(Pictures * Length, 4);

    public static TheoryData<string> AllNetworks() => [.. NetworkCatalog.All.Select(n => n.Name)];

    /// <summary>Else accumulation and training by several processes would be refused for it.</summary>
    [Theory]
    [MemberData(nameof(AllNetworks))]
    public void Every_training_step_can_be_cut_at_its_gradient(string network)
    {
        ExecutionPlan plan = NetworkPlans.Training(CpuNetwork.Find(network));
        Assert.NotNull(plan.Gradient);
        Assert.InRange(plan.Gradient.Step, plan.Steps.Length / 2, plan.Steps.Length - 1);
        Assert.Equal(plan.States.Single(s => s.Name == "parameters").Shape, plan.Gradient.Shape);
        Assert.Null(NetworkPlans.Inference(CpuNetwork.Find(network)).Gradient);
    }

    [Fact]
    public void One_batch_that_stops_at_the_gradient_gives_the_bits_of_a_whole_step()
    {
        using var device = new CpuDevice(2);
        using TrainingSession whole = Start(device), halves = Start(device);
        for (int step = 0; step < 3; step++)
        {
            StepResult expected = whole.Step(Images, Targets, Pictures, Height, Width, LearningRate, Clip);
            halves.Accumulate(Images, Targets, Pictures, Height, Width);
            StepResult actual = halves.Update(LearningRate, Clip);
            Assert.Equal(expected.GradientNorm, actual.GradientNorm);
            Assert.Equal(expected.Losses, actual.Losses);
        }
        RequireSame(whole, halves);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Batches_accumulated_are_one_large_batch(int batch)
    {
        using var device = new CpuDevice(2);
        using TrainingSession whole = Start(device), parts = Start(device);
        StepResult expected = whole.Step(Images, Targets, Pictures, Height, Width, LearningRate, Clip);
        for (int first = 0; first < Pictures; first += batch)
            parts.Accumulate(Images.AsSpan(first * Length, batch * Length), Targets.AsSpan(first * Length, batch * Length), batch, Height, Width);
        float[] before = parts.ReadParameters();
        CpuNetwork.RequireSameBits(NetworkWeights.Initial(Network, 5), before);
        StepResult actual = parts.Update(LearningRate, Clip);

        Compare.RelativeScalar("loss", actual.Loss, expected.Loss, 1e-6).Require();
        Compare.RelativeScalar("gradient norm", actual.GradientNorm, expected.GradientNorm, 1e-4).Require();
        // The first moment is a tenth of the clipped gradient.
        Compare.RelativeL2("gradient", parts.ReadState("adam.m"), whole.ReadState("adam.m"), 1e-4).Require();
    }

    /// <summary>Memory full of NaN before each first half: the second one reads nothing that was not written since.</summary>
    [Fact]
    public void The_optimizer_reads_nothing_but_the_gradient_and_its_states()
    {
        ExecutionPlan plan = NetworkPlans.Training(Network);
        using var device = new CpuDevice(2);
        var results = new List<float[]>();
        foreach (bool poison in (bool[])[false, true])
        {
            using CpuExecutor executor = device.CreateExecutor(plan);
            executor.Poison = poison;
            executor.LoadParameters(NetworkWeights.Initial(Network, 5));
            executor.Bind(new RunSize(1, Height, Width));
            foreach (int first in (int[])[0, 1])
            {
                executor.SetInput("image", Images.AsSpan(first * Length, Length));
                executor.SetInput("target", Targets.AsSpan(first * Length, Length));
                executor.RunToGradient();
            }
            executor.SetInput("learning_rate", [(float)LearningRate]);
            executor.SetInput("clip", [(float)Clip]);
            executor.RunFromGradient();
            results.Add(executor.State("parameters").ToArray());
        }
        Assert.All(results[1], value => Assert.True(float.IsFinite(value)));
        CpuNetwork.RequireSameBits(results[0], results[1]);
    }

    [Fact]
    public void What_an_exchange_leaves_is_what_the_optimizer_sees()
    {
        using var device = new CpuDevice(1);
        using TrainingSession session = Start(device);
        session.Accumulate(Images.AsSpan(0, Length), Targets.AsSpan(0, Length), 1, Height, Width);
        StepResult result = session.Update(LearningRate, Clip, gradient => gradient.Clear());
        Assert.Equal(0f, result.GradientNorm);
        CpuNetwork.RequireSameBits(NetworkWeights.Initial(Network, 5), session.ReadParameters());
        Assert.Contains("Accumulate", Assert.Throws<InvalidOperationException>(() => session.Update(LearningRate, Clip)).Message);
    }

    [Fact]
    public void Halves_out_of_order_are_refused()
    {
        using var device = new CpuDevice(1);
        using CpuExecutor executor = device.CreateExecutor(NetworkPlans.Training(Network));
        executor.Bind(new RunSize(1, 16, 16));
        var gradient = new float[executor.State("parameters").Length];
        Assert.Contains("RunToGradient first", Assert.Throws<DeviceException>(() => executor.ReadGradient(gradient)).Message);
        Assert.Contains("RunToGradient first", Assert.Throws<DeviceException>(executor.RunFromGradient).Message);
        executor.RunToGradient();
        executor.ReadGradient(gradient);
        executor.RunFromGradient();
        Assert.Throws<DeviceException>(executor.RunFromGradient);
        executor.RunToGradient();
        executor.Bind(new RunSize(1, 16, 20));
        Assert.Throws<DeviceException>(executor.RunFromGradient);

        using CpuExecutor inference = device.CreateExecutor(NetworkPlans.Inference(Network));
        inference.Bind(new RunSize(1, 16, 16));
        Assert.Contains("The plan has none", Assert.Throws<DeviceException>(() => inference.RunToGradient()).Message);
    }

    private static TrainingSession Start(CpuDevice device) => new(Network, device, NetworkWeights.Initial(Network, 5));

    private static void RequireSame(TrainingSession expected, TrainingSession actual)
    {
        CpuNetwork.RequireSameBits(expected.ReadParameters(), actual.ReadParameters());
        foreach (string name in expected.StateNames)
            CpuNetwork.RequireSameBits(expected.ReadState(name), actual.ReadState(name));
    }
}
