using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;

namespace FocalNet.Model.Tests.Cpu;

/// <summary>Every network of the catalog runs, in both modes, at sizes from the smallest on.</summary>
public class CpuCatalogTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_network_restores_and_learns(string name)
    {
        NetworkEntry network = CpuNetwork.Find(name);
        float[] parameters = NetworkWeights.Initial(network, 1), x = CpuNetwork.Noise(3 * 16 * 16, 2), y = CpuNetwork.Noise(3 * 16 * 16, 3);
        using var device = new CpuDevice(2);
        using CpuExecutor inference = device.CreateExecutor(NetworkPlans.Inference(network));
        inference.Poison = true;
        inference.LoadParameters(parameters);
        using var session = new TrainingSession(network, device, parameters);

        float[] before = CpuNetwork.Run(inference, x, new RunSize(1, 16, 16));
        StepResult first = session.Step(x, y, 1, 16, 16, 1e-5, 0.01);
        var restored = new float[x.Length];
        session.ReadRestored(restored);
        StepResult second = session.Step(x, y, 1, 16, 16, 1e-5, 0.01);

        Assert.All(before, v => Assert.True(float.IsFinite(v)));
        // Both plans compute the same picture, if not in the same order.
        for (int i = 0; i < before.Length; i++)
            Assert.Equal(before[i], restored[i], 1e-4);
        Assert.True(first.GradientNorm > 0 && float.IsFinite(first.GradientNorm));
        Assert.True(second.Loss < first.Loss, $"{name}: loss {first.Loss}, then {second.Loss}");
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(4, 64)]
    [InlineData(64, 4)]
    [InlineData(12, 20)]
    public void The_smallest_and_narrowest_sizes_run(int height, int width)
    {
        NetworkEntry network = CpuNetwork.Find("Tiny");
        float[] parameters = NetworkWeights.Initial(network, 1), x = CpuNetwork.Noise(3 * height * width, 2), y = CpuNetwork.Noise(3 * height * width, 3);

        Assert.All(CpuNetwork.Run("Tiny", parameters, x, new RunSize(1, height, width)), v => Assert.True(float.IsFinite(v)));
        using var device = new CpuDevice(2);
        using var session = new TrainingSession(network, device, parameters);
        StepResult step = session.Step(x, y, 1, height, width, 1e-4, 0.01);
        Assert.True(float.IsFinite(step.Loss) && float.IsFinite(step.GradientNorm));
    }
}
