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
/// <remarks>
/// <para>For one thread at a time; <see cref="Dispose"/> waits for a step in progress.</para>
/// <para>
/// <see cref="ReadParameters()"/> and <see cref="ReadState"/> of each of <see cref="StateNames"/> are all that a session knows: one
/// that gets them back (<see cref="WriteParameters"/>, <see cref="WriteState"/>) goes on as if it had never stopped, to the bit.
/// </para>
/// </remarks>
public sealed partial class TrainingSession : IDisposable
{
    private const string ParameterState = "parameters", LearningRate = "learning_rate", Clip = "clip", GradientNorm = "gradient_norm";
    private readonly IExecutor _executor;
    private readonly string[] _scalars;
    private readonly long _parameterElements;

    /// <summary>Starts with given parameters and a fresh optimizer.</summary>
    /// <param name="network">The network.</param>
    /// <param name="device">Where to run; stays the caller's.</param>
    /// <param name="parameters">All parameters in checkpoint layout, such as <see cref="NetworkWeights.Initial"/> gives.</param>
    /// <exception cref="DeviceException">The number of parameters is not the network's.</exception>
    public TrainingSession(NetworkEntry network, IDevice device, ReadOnlySpan<float> parameters)
    {
        Network = network;
        _executor = device.CreateExecutor(NetworkPlans.Training(network));
        try
        {
            _executor.LoadParameters(parameters);
        }
        catch
        {
            _executor.Dispose();
            throw;
        }
        PlanLayout plan = _executor.Plan;
        _scalars = [.. plan.Outputs.Where(o => o.Shape == new ShapeSpec(1, 1, 1, 1)).Select(o => o.Name)];
        _parameterElements = Elements(ParameterState);
        StateNames = [.. plan.States.Select(s => s.Name).Where(name => name != ParameterState)];
    }

    /// <summary>The network.</summary>
    public NetworkEntry Network { get; }

    /// <summary>Number of parameters.</summary>
    public int ParameterCount => checked((int)DeviceLayouts.CheckpointLength(_executor.Plan.Parameters));

    /// <summary>H and W of a batch must be multiples of this.</summary>
    public int Divisor => _executor.Plan.Divisor;

    /// <summary>
    /// What the optimizer keeps between steps, the parameters apart: moments such as <c>adam.m</c>, which are as many numbers
    /// as there are parameters, and scalars such as <c>adam.c1</c>.
    /// </summary>
    public IReadOnlyList<string> StateNames { get; }

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
    /// <param name="cancellation">
    /// Cancels between kernels. A part of the optimizer's kernels may then have run: go on from states read before the step.
    /// </param>
    /// <exception cref="DeviceException">The size can't be run, or a span does not fit it; the message says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public StepResult Step(
        ReadOnlySpan<float> image, ReadOnlySpan<float> target, int batch, int height, int width, double learningRate, double clip,
        CancellationToken cancellation = default)
    {
        SetPictures(image, target, batch, height, width);
        _executor.SetInput(LearningRate, [(float)learningRate]);
        _executor.SetInput(Clip, [(float)clip]);
        _executor.Run(cancellation);
        var losses = _scalars.ToDictionary(name => name, ReadScalar);
        losses.Remove(GradientNorm, out float norm);
        return new StepResult(losses, norm);
    }

    /// <summary>The restored pictures of the last step, [batch, 3, height, width].</summary>
    public void ReadRestored(Span<float> nchw) => _executor.GetOutput("restored", nchw);

    /// <summary>All parameters, one after the other in the plan's order, in checkpoint layout.</summary>
    public float[] ReadParameters()
    {
        var parameters = new float[ParameterCount];
        ReadParameters(parameters);
        return parameters;
    }

    /// <summary>All parameters into memory of the caller, <see cref="ParameterCount"/> numbers.</summary>
    /// <exception cref="DeviceException">The span has another length.</exception>
    public void ReadParameters(Span<float> parameters) => _executor.ReadParameters(parameters);

    /// <summary>Replaces all parameters, in the layout of <see cref="ReadParameters()"/>; the optimizer's state stays.</summary>
    /// <exception cref="DeviceException">The number of parameters is not the network's.</exception>
    public void WriteParameters(ReadOnlySpan<float> parameters) => _executor.LoadParameters(parameters);

    /// <summary>
    /// A state of the optimizer: moments in the order of <see cref="ReadParameters()"/>, whatever their order on the device,
    /// and scalars as one number.
    /// </summary>
    /// <param name="name">One of <see cref="StateNames"/>.</param>
    /// <exception cref="ArgumentException">There is no such state.</exception>
    public float[] ReadState(string name)
    {
        float[] raw = ReadRaw(name);
        if (raw.Length != _parameterElements)
            return raw;
        var values = new float[ParameterCount];
        DeviceLayouts.ToCheckpoint(_executor.Plan.Parameters, raw, values);
        return values;
    }

    /// <summary>Replaces a state of the optimizer, in the layout of <see cref="ReadState"/>.</summary>
    /// <param name="name">One of <see cref="StateNames"/>.</param>
    /// <param name="values">As many as <see cref="ReadState"/> gives.</param>
    /// <exception cref="ArgumentException">There is no such state, or it has another length.</exception>
    public void WriteState(string name, ReadOnlySpan<float> values)
    {
        // Between parameters the flat state may have gaps; they keep what they hold.
        float[] raw = ReadRaw(name);
        bool moments = raw.Length == _parameterElements;
        int expected = moments ? ParameterCount : raw.Length;
        if (values.Length != expected)
            throw new ArgumentException($"The state {name} of {Network.Name} has {expected} numbers; {values.Length} were given.", nameof(values));
        if (moments)
            DeviceLayouts.FromCheckpoint(_executor.Plan.Parameters, values, raw);
        else
            values.CopyTo(raw);
        _executor.WriteState(name, raw);
    }

    /// <summary>Waits for a step in progress and frees the memory.</summary>
    public void Dispose() => _executor.Dispose();

    private void SetPictures(ReadOnlySpan<float> image, ReadOnlySpan<float> target, int batch, int height, int width)
    {
        _executor.Bind(new RunSize(batch, height, width));
        _executor.SetInput("image", image);
        _executor.SetInput("target", target);
    }

    private float ReadScalar(string output)
    {
        Span<float> value = stackalloc float[1];
        _executor.GetOutput(output, value);
        return value[0];
    }

    private float[] ReadRaw(string name)
    {
        if (!StateNames.Contains(name))
            throw new ArgumentException($"The training of {Network.Name} has no state {name}; there are: {string.Join(", ", StateNames)}.", nameof(name));
        var raw = new float[Elements(name)];
        _executor.ReadState(name, raw);
        return raw;
    }

    private long Elements(string state) => _executor.Plan.States.First(s => s.Name == state).Shape.Elements(default);
}
