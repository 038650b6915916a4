using FocalNet.Runtime;
using FocalNet.Runtime.Plans;

namespace FocalNet.Model;

/// <summary>What one training step measured.</summary>
/// <param name="Losses">All scalar outputs of the plan by name: <c>loss</c>, and its parts <c>loss.…</c>.</param>
/// <param name="GradientNorm">Norm of the gradient of all parameters, before clipping.</param>
public sealed record StepResult(IReadOnlyDictionary<string, float> Losses, float GradientNorm)
{
    /// <summary>The loss.</summary>
    public float Loss => Losses["loss"];
}

/// <summary>Training of a network: holds its parameters and the optimizer's state on a device, and takes steps.</summary>
public sealed class TrainingSession : IDisposable
{
    private readonly IExecutor _executor;
    private readonly string[] _scalars;

    /// <summary>Starts with given parameters and a fresh optimizer.</summary>
    /// <param name="network">The network.</param>
    /// <param name="device">Where to run; stays the caller's.</param>
    /// <param name="parameters">All parameters in checkpoint layout, such as <see cref="NetworkWeights.Initial"/> gives.</param>
    public TrainingSession(NetworkEntry network, IDevice device, ReadOnlySpan<float> parameters)
    {
        Network = network;
        _executor = device.CreateExecutor(NetworkPlans.Training(network));
        _executor.LoadParameters(parameters);
        _scalars = [.. _executor.Plan.Outputs.Where(o => o.Shape == new ShapeSpec(1, 1, 1, 1)).Select(o => o.Name)];
    }

    /// <summary>The network.</summary>
    public NetworkEntry Network { get; }

    /// <summary>Number of parameters.</summary>
    public int ParameterCount => checked((int)DeviceLayouts.CheckpointLength(_executor.Plan.Parameters));

    /// <summary>H and W of a batch must be multiples of this.</summary>
    public int Divisor => _executor.Plan.Divisor;

    /// <summary>Bytes of memory that a step takes on the device.</summary>
    public long RequiredBytes(int batch, int height, int width) => _executor.RequiredBytes(new RunSize(batch, height, width));

    /// <summary>Forward and backward pass, gradient clipping and one step of the optimizer.</summary>
    /// <param name="image">Degraded pictures, [batch, 3, height, width], 0 … 1.</param>
    /// <param name="target">True pictures, likewise.</param>
    /// <param name="batch">Pictures.</param>
    /// <param name="height">A multiple of <see cref="Divisor"/>.</param>
    /// <param name="width">A multiple of <see cref="Divisor"/>.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="clip">The largest norm of the gradient; larger ones are scaled down to it.</param>
    /// <param name="cancellation">Cancels between kernels; the optimizer has then not stepped unless it was the last to run.</param>
    /// <exception cref="DeviceException">The size can't be run; the message says why.</exception>
    public StepResult Step(
        ReadOnlySpan<float> image, ReadOnlySpan<float> target, int batch, int height, int width, double learningRate, double clip,
        CancellationToken cancellation = default)
    {
        _executor.Bind(new RunSize(batch, height, width));
        _executor.SetInput("image", image);
        _executor.SetInput("target", target);
        _executor.SetInput("learning_rate", [(float)learningRate]);
        _executor.SetInput("clip", [(float)clip]);
        _executor.Run(cancellation);
        var losses = new Dictionary<string, float>();
        Span<float> value = stackalloc float[1];
        foreach (string name in _scalars)
        {
            _executor.GetOutput(name, value);
            losses.Add(name, value[0]);
        }
        losses.Remove("gradient_norm", out float norm);
        return new StepResult(losses, norm);
    }

    /// <summary>The restored pictures of the last step, [batch, 3, height, width].</summary>
    public void ReadRestored(Span<float> nchw) => _executor.GetOutput("restored", nchw);

    /// <summary>All parameters, one after the other in the plan's order, in checkpoint layout.</summary>
    public float[] ReadParameters()
    {
        var parameters = new float[ParameterCount];
        _executor.ReadParameters(parameters);
        return parameters;
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _executor.Dispose();
}
