using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests.Support;

/// <summary>What the tests of compiled networks on the processor share.</summary>
internal static class CpuNetwork
{
    public static NetworkEntry Find(string network) => NetworkCatalog.Find(network);

    /// <summary>Golden parameters in the plan's order.</summary>
    public static float[] Flatten(string network, IEnumerable<GoldenTensor> tensors)
    {
        Dictionary<string, GoldenTensor> byName = tensors.ToDictionary(t => t.Name);
        return [.. NetworkPlans.Inference(Find(network)).Parameters.SelectMany(p => byName[p.Name].Values)];
    }

    /// <summary>Parameters that make a network give its input back: each picture is the input plus a convolution.</summary>
    public static float[] Identity(string network) => new float[NetworkWeights.ParameterCount(Find(network))];

    /// <summary>One parameter out of all of them.</summary>
    public static ReadOnlySpan<float> Part(string network, float[] flat, string parameter)
    {
        int start = 0;
        foreach (ParameterSpec spec in NetworkPlans.Inference(Find(network)).Parameters)
        {
            if (spec.Name == parameter)
                return flat.AsSpan(start, DeviceLayouts.Elements(spec));
            start += DeviceLayouts.Elements(spec);
        }
        throw new KeyNotFoundException(parameter);
    }

    /// <summary>Runs an inference plan on planes as they are.</summary>
    public static float[] Run(CpuExecutor executor, ReadOnlySpan<float> image, RunSize size)
    {
        executor.Bind(size);
        executor.SetInput("image", image);
        executor.Run();
        var restored = new float[image.Length];
        executor.GetOutput("restored", restored);
        return restored;
    }

    public static float[] Run(string network, float[] parameters, ReadOnlySpan<float> image, RunSize size, int threads = 2, bool poison = true)
    {
        using var device = new CpuDevice(threads);
        using CpuExecutor executor = device.CreateExecutor(NetworkPlans.Inference(Find(network)));
        executor.Poison = poison;
        executor.LoadParameters(parameters);
        return Run(executor, image, size);
    }

    /// <summary>Numbers in [0, 1), the same for the same seed.</summary>
    public static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = random.NextSingle();
        return values;
    }

    public static RunSize Size(this GoldenTensor picture) => new(picture.Shape[0], picture.Shape[2], picture.Shape[3]);

    public static void RequireSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                Assert.Fail($"Element {i}: {actual[i]:G9} instead of {expected[i]:G9}.");
        }
    }
}
