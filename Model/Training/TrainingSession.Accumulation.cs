using System.Numerics;
using FocalNet.Runtime;

namespace FocalNet.Model;

/// <summary>Changes the gradient before the optimizer sees it, such as to its average over several processes.</summary>
/// <param name="gradient">The mean gradient of the batches accumulated, in the order of the device; changed in place.</param>
public delegate void GradientExchange(Span<float> gradient);

/// <content>A step of several batches: their gradients are averaged, and the optimizer sees the average.</content>
public sealed partial class TrainingSession
{
    private readonly Dictionary<string, double> _lossSums = [];
    private float[] _gradient = [], _part = [];
    private int _accumulated;

    /// <summary>
    /// Forward and backward pass alone: adds the gradient to those since the last <see cref="Update"/>. Parameters and the optimizer's
    /// state stay as they are. As the loss is a mean over pictures, n batches of b give the gradient of one of n·b.
    /// </summary>
    /// <param name="image">Degraded pictures, [batch, 3, height, width], 0 … 1.</param>
    /// <param name="target">True pictures, likewise.</param>
    /// <param name="batch">Pictures.</param>
    /// <param name="height">A multiple of <see cref="Divisor"/>.</param>
    /// <param name="width">A multiple of <see cref="Divisor"/>.</param>
    /// <param name="cancellation">Cancels between kernels; what was accumulated before stays.</param>
    /// <exception cref="DeviceException">The size can't be run, or the device can't stop at the gradient.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Accumulate(
        ReadOnlySpan<float> image, ReadOnlySpan<float> target, int batch, int height, int width, CancellationToken cancellation = default)
    {
        IGradientExecutor executor = GradientExecutor();
        SetPictures(image, target, batch, height, width);
        executor.RunToGradient(cancellation);
        if (_gradient.Length == 0)
            _gradient = new float[_parameterElements];
        if (_accumulated == 0)
        {
            executor.ReadGradient(_gradient);
        }
        else
        {
            if (_part.Length == 0)
                _part = new float[_parameterElements];
            executor.ReadGradient(_part);
            Add(_gradient, _part);
        }
        foreach (string name in _scalars.Where(name => name != GradientNorm))
            _lossSums[name] = (_accumulated == 0 ? 0 : _lossSums[name]) + ReadScalar(name);
        _accumulated++;
    }

    /// <summary>Clips the mean gradient of the batches accumulated and takes one step of the optimizer.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="clip">The largest norm of the gradient; larger ones are scaled down to it.</param>
    /// <param name="exchange">Is given the mean gradient first.</param>
    /// <returns>Mean losses of the batches, and the norm of what <paramref name="exchange"/> left.</returns>
    /// <exception cref="InvalidOperationException">Nothing was accumulated since the last update.</exception>
    public StepResult Update(double learningRate, double clip, GradientExchange? exchange = null)
    {
        if (_accumulated == 0)
            throw new InvalidOperationException("No gradient was accumulated since the last update: call Accumulate first.");
        IGradientExecutor executor = GradientExecutor();
        if (_accumulated > 1)
            Scale(_gradient, 1f / _accumulated);
        exchange?.Invoke(_gradient);
        executor.WriteGradient(_gradient);
        executor.SetInput(LearningRate, [(float)learningRate]);
        executor.SetInput(Clip, [(float)clip]);
        executor.RunFromGradient();
        Dictionary<string, float> losses = _lossSums.ToDictionary(loss => loss.Key, loss => (float)(loss.Value / _accumulated));
        _accumulated = 0;
        return new StepResult(losses, ReadScalar(GradientNorm));
    }

    private IGradientExecutor GradientExecutor() => _executor is IGradientExecutor executor && executor.Plan.Gradient is not null
        ? executor
        : throw new DeviceException(
            _executor.GetType().Name, $"stop at the gradient of {_executor.Plan.Name}", "", "The device or the network can't do that.",
            "Train with whole batches in one process.");

    private static void Add(Span<float> sum, ReadOnlySpan<float> values)
    {
        int i = 0;
        for (; i <= sum.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(sum[i..]) + new Vector<float>(values[i..])).CopyTo(sum[i..]);
        for (; i < sum.Length; i++)
            sum[i] += values[i];
    }

    private static void Scale(Span<float> values, float factor)
    {
        foreach (ref float value in values)
            value *= factor;
    }
}
