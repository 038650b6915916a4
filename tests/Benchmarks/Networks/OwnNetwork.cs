using FocalNet.Model;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Benchmarks;

/// <summary>A network on our device, from NCHW floats to NCHW floats.</summary>
internal sealed class OwnNetwork : IDisposable
{
    private readonly CpuDevice device;
    private readonly CpuExecutor executor;
    private readonly float[] image;

    public OwnNetwork(NetworkCase what, ReadOnlySpan<float> weights, bool strict = false)
    {
        device = new CpuDevice(what.Threads, strict);
        executor = device.CreateExecutor(NetworkPlans.Inference(what.Network));
        executor.LoadParameters(weights);
        executor.Bind(what.Size);
        image = what.Image();
        Restored = new float[image.Length];
    }

    public OwnNetwork(NetworkCase what, bool strict = false)
        : this(what, NetworkCase.Weights(what.Network), strict)
    {
    }

    /// <summary>The picture, NCHW.</summary>
    public float[] Restored { get; }

    public void Run()
    {
        executor.SetInput("image", image);
        executor.Run();
        executor.GetOutput("restored", Restored);
    }

    public void Dispose()
    {
        executor.Dispose();
        device.Dispose();
    }
}
