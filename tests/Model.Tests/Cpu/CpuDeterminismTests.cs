using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests.Cpu;

/// <summary>What may not change the bits of a result: threads, repetition, what the memory held before.</summary>
public class CpuDeterminismTests
{
    private static readonly RunSize Small = new(2, 24, 40);

    [Theory]
    [InlineData("Tiny")]
    [InlineData("FocalNetS")]
    public void The_number_of_threads_does_not_change_a_restored_picture(string network)
    {
        float[] parameters = NetworkWeights.Initial(CpuNetwork.Find(network), 1), image = CpuNetwork.Noise(3 * 2 * 24 * 40, 2);

        float[] one = CpuNetwork.Run(network, parameters, image, Small, threads: 1);

        CpuNetwork.RequireSameBits(one, CpuNetwork.Run(network, parameters, image, Small, threads: 2));
        CpuNetwork.RequireSameBits(one, CpuNetwork.Run(network, parameters, image, Small, threads: 3));
    }

    [Fact]
    public void The_number_of_threads_does_not_change_training()
    {
        Trained one = Train(1, poison: true);

        RequireSame(one, Train(2, poison: true));
        RequireSame(one, Train(3, poison: true));
    }

    /// <summary>Memory full of NaN before a run: nothing is read that the run did not write.</summary>
    [Fact]
    public void What_the_memory_held_does_not_change_a_result()
    {
        float[] parameters = NetworkWeights.Initial(CpuNetwork.Find("Tiny"), 1), image = CpuNetwork.Noise(3 * 2 * 24 * 40, 2);
        CpuNetwork.RequireSameBits(
            CpuNetwork.Run("Tiny", parameters, image, Small, poison: false), CpuNetwork.Run("Tiny", parameters, image, Small, poison: true));

        RequireSame(Train(2, poison: false), Train(2, poison: true));
    }

    /// <summary>Also after another size in between, which moves everything in memory.</summary>
    [Fact]
    public void Runs_repeat_to_the_bit()
    {
        float[] image = CpuNetwork.Noise(3 * 2 * 24 * 40, 2);
        using var device = new CpuDevice(2);
        using CpuExecutor executor = device.CreateExecutor(NetworkPlans.Inference(CpuNetwork.Find("Tiny")));
        executor.LoadParameters(NetworkWeights.Initial(CpuNetwork.Find("Tiny"), 1));

        float[] first = CpuNetwork.Run(executor, image, Small);
        CpuNetwork.RequireSameBits(first, CpuNetwork.Run(executor, image, Small));
        CpuNetwork.Run(executor, image.AsSpan(0, 3 * 32 * 20), new RunSize(1, 32, 20));
        CpuNetwork.RequireSameBits(first, CpuNetwork.Run(executor, image, Small));
    }

    [Fact]
    public void A_batch_of_two_is_two_runs_of_one()
    {
        GoldenFile data = GoldenData.Tensors("nr1/io");
        float[] parameters = CpuNetwork.Flatten("Tiny", GoldenData.Tensors("nr1/model").Tensors), images = data["in.x72"].Values;
        RunSize both = data["in.x72"].Size(), single = both with { Images = 1 };
        int half = images.Length / 2;

        float[] together = CpuNetwork.Run("Tiny", parameters, images, both);
        float[] first = CpuNetwork.Run("Tiny", parameters, images.AsSpan(0, half), single);
        float[] second = CpuNetwork.Run("Tiny", parameters, images.AsSpan(half), single);

        Compare.MaxAbsolute("batch", together, [.. first, .. second], 1e-5).Require();
    }

    [Fact]
    public void A_run_of_a_whole_network_allocates_nothing()
    {
        using var device = new CpuDevice(2);
        RequireNoAllocation(device, NetworkPlans.Inference(CpuNetwork.Find("Tiny")));
        RequireNoAllocation(device, NetworkPlans.Training(CpuNetwork.Find("Tiny")));
    }

    /// <summary>Parameters and states of one session, written to another one, continue it exactly.</summary>
    [Fact]
    public void Training_resumes_to_the_bit()
    {
        NetworkEntry network = CpuNetwork.Find("Tiny");
        float[] x = CpuNetwork.Noise(3 * 16 * 16, 3), y = CpuNetwork.Noise(3 * 16 * 16, 4);
        using var device = new CpuDevice(2);
        using var whole = new TrainingSession(network, device, NetworkWeights.Initial(network, 5));
        using var resumed = new TrainingSession(network, device, NetworkWeights.Initial(network, 6));
        whole.Step(x, y, 1, 16, 16, 8e-4, 0.001);
        whole.Step(y, x, 1, 16, 16, 8e-4, 0.001);

        resumed.WriteParameters(whole.ReadParameters());
        foreach (string name in whole.StateNames)
            resumed.WriteState(name, whole.ReadState(name));

        Assert.Equal(["adam.c1", "adam.c2", "adam.m", "adam.v"], whole.StateNames.Order(StringComparer.Ordinal));
        Assert.Equal(whole.Step(x, y, 1, 16, 16, 1e-4, 0.001).Loss, resumed.Step(x, y, 1, 16, 16, 1e-4, 0.001).Loss);
        CpuNetwork.RequireSameBits(whole.ReadParameters(), resumed.ReadParameters());
        foreach (string name in whole.StateNames)
            CpuNetwork.RequireSameBits(whole.ReadState(name), resumed.ReadState(name));
        Assert.Throws<ArgumentException>(() => whole.WriteState("adam.m", new float[3]));
        Assert.Contains("adam.c1", Assert.Throws<ArgumentException>(() => whole.ReadState("momentum")).Message);
    }

    private static void RequireNoAllocation(CpuDevice device, ExecutionPlan plan)
    {
        using CpuExecutor executor = device.CreateExecutor(plan);
        executor.Bind(new RunSize(1, 16, 16));
        for (int warmUp = 0; warmUp < 2; warmUp++)
            executor.Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        executor.Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void RequireSame(Trained expected, Trained actual)
    {
        Assert.Equal(expected.Loss, actual.Loss);
        CpuNetwork.RequireSameBits(expected.Parameters, actual.Parameters);
        CpuNetwork.RequireSameBits(expected.Moment, actual.Moment);
    }

    private static Trained Train(int threads, bool poison)
    {
        ExecutionPlan plan = NetworkPlans.Training(CpuNetwork.Find("Tiny"));
        using var device = new CpuDevice(threads);
        using CpuExecutor executor = device.CreateExecutor(plan);
        executor.Poison = poison;
        executor.LoadParameters(NetworkWeights.Initial(CpuNetwork.Find("Tiny"), 7));
        executor.Bind(Small);
        var loss = new float[1];
        for (int step = 0; step < 2; step++)
        {
            executor.SetInput("image", CpuNetwork.Noise(3 * 2 * 24 * 40, 8 + step));
            executor.SetInput("target", CpuNetwork.Noise(3 * 2 * 24 * 40, 9 + step));
            executor.SetInput("learning_rate", [8e-4f]);
            executor.SetInput("clip", [0.001f]);
            executor.Run();
            executor.GetOutput("loss", loss);
        }
        var parameters = new float[NetworkWeights.ParameterCount(CpuNetwork.Find("Tiny"))];
        executor.ReadParameters(parameters);
        return new Trained(parameters, executor.State("adam.m").ToArray(), loss[0]);
    }

    private sealed record Trained(float[] Parameters, float[] Moment, float Loss);
}
