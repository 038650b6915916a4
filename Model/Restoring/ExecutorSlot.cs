using FocalNet.Runtime;
using FocalNet.Runtime.Plans;

namespace FocalNet.Model;

/// <summary>
/// One executor at a time, with the network's parameters in it: a picture in tiles needs several plans one after the other, whose
/// memory together would not keep a budget. To change the plan takes some tens of milliseconds, far less than a pass.
/// </summary>
internal sealed class ExecutorSlot(IDevice device) : IDisposable
{
    private float[] _parameters = [];
    private ExecutionPlan? _plan;
    private IExecutor? _current;
    private bool _exact;

    /// <summary>Bytes of the parameters that are kept beside the executor's.</summary>
    public long ParameterBytes => (long)_parameters.Length * sizeof(float);

    /// <summary>Bytes that the executor has at its present size, as if it had never had a larger one.</summary>
    public long HeldBytes => _current is { Size: { Images: > 0 } size } ? _current.RequiredBytes(size) : 0;

    /// <summary>The executor of a plan: the present one, or a new one in its place.</summary>
    public IExecutor Use(ExecutionPlan plan)
    {
        if (_current is not null && _plan == plan)
            return _current;
        Clear();
        return Take(plan, (_exact ? device.CreateExactExecutor(plan) : null) ?? device.CreateExecutor(plan));
    }

    /// <summary>
    /// From now on executors compute in float32, on a device that was asked for less.
    /// </summary>
    /// <returns>False, and nothing changes, where they do so already.</returns>
    public bool TryBeExact(ExecutionPlan plan)
    {
        if (_exact)
            return false;
        // Both at once might not fit.
        Clear();
        if (device.CreateExactExecutor(plan) is not { } executor)
            return false;
        Take(plan, executor);
        return _exact = true;
    }

    /// <summary>Takes <see cref="TryBeExact"/> back.</summary>
    public void BeUsual()
    {
        if (!_exact)
            return;
        _exact = false;
        Clear();
    }

    /// <summary>Replaces the parameters.</summary>
    /// <exception cref="DeviceException">Their number is not the plan's.</exception>
    public void SetParameters(ExecutionPlan plan, ReadOnlySpan<float> parameters)
    {
        Use(plan).LoadParameters(parameters);
        if (_parameters.Length != parameters.Length)
            _parameters = new float[parameters.Length];
        parameters.CopyTo(_parameters);
    }

    /// <summary>Lets the memory go.</summary>
    public void Clear()
    {
        _current?.Dispose();
        _current = null;
    }

    public void Dispose() => Clear();

    private IExecutor Take(ExecutionPlan plan, IExecutor executor)
    {
        try
        {
            if (_parameters.Length > 0)
                executor.LoadParameters(_parameters);
        }
        catch
        {
            executor.Dispose();
            throw;
        }
        _plan = plan;
        return _current = executor;
    }
}
