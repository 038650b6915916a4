using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Runtime.Weights;

namespace FocalNet.Model;

/// <summary>A restored picture would have contained values that are no numbers.</summary>
public sealed class RestorationException(string message) : Exception(message);

/// <summary>Restores pictures with a trained network: the embedding API.</summary>
/// <remarks>
/// Calls of one restorer take turns, whatever threads they come from, and <see cref="Dispose"/> waits for one in progress.
/// Memory is kept for the last picture size; pictures of one size in a row allocate nothing on the way.
/// </remarks>
public sealed class Restorer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly IDevice? _ownDevice;
    private readonly IExecutor _executor;
    private float[] _planes = [];
    private bool _disposed;

    private Restorer(NetworkEntry network, IDevice device, bool ownsDevice)
    {
        Network = network;
        _ownDevice = ownsDevice ? device : null;
        _executor = device.CreateExecutor(NetworkPlans.Inference(network));
    }

    /// <summary>The network.</summary>
    public NetworkEntry Network { get; }

    /// <summary>Loads a network with its weights.</summary>
    /// <param name="network">Name of the network, such as <c>Dehaze</c>; null takes the one that the file names in its metadata.</param>
    /// <param name="weights">A <c>.safetensors</c>, <c>.pkl</c> or <c>.pth</c> file.</param>
    /// <param name="device">Where to run; null takes the processor with all its threads. A given device stays the caller's.</param>
    /// <exception cref="UnknownNetworkException">There is no network of that name.</exception>
    /// <exception cref="WeightFormatException">The file can't be read.</exception>
    /// <exception cref="WeightMismatchException">The file has the weights of another network.</exception>
    public static Restorer Load(string? network, string weights, IDevice? device = null)
    {
        WeightFile file = WeightFile.Read(weights);
        NetworkEntry entry = NetworkWeights.NetworkOf(file, network);
        return Create(entry, NetworkWeights.Flatten(file, entry), device);
    }

    /// <summary>Makes a restorer of parameters in memory.</summary>
    /// <param name="network">The network.</param>
    /// <param name="parameters">All parameters, one after the other in the plan's order, in checkpoint layout.</param>
    /// <param name="device">See <see cref="Load"/>.</param>
    public static Restorer Create(NetworkEntry network, ReadOnlySpan<float> parameters, IDevice? device = null)
    {
        var restorer = new Restorer(network, device ?? new CpuDevice(), device is null);
        try
        {
            restorer.SetParameters(parameters);
            return restorer;
        }
        catch
        {
            restorer.Dispose();
            throw;
        }
    }

    /// <summary>Replaces all parameters, in the layout of <see cref="Create"/>.</summary>
    public void SetParameters(ReadOnlySpan<float> parameters)
    {
        lock (_gate)
            _executor.LoadParameters(parameters);
    }

    /// <summary>Bytes of memory that a picture of a size takes on the device.</summary>
    public long RequiredBytes(int width, int height) => _executor.RequiredBytes(PaddedSize(width, height));

    /// <summary>Restores a picture of 8 bits a sample.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="target">Receives the restored picture; may be the source itself.</param>
    /// <param name="layout">How both lie in memory.</param>
    /// <param name="progress">Receives the share that is done, 0 … 1.</param>
    /// <param name="cancellation">Cancels between kernels; the target is then unchanged.</param>
    /// <exception cref="ArgumentException">A span is too short, or the layout makes no sense.</exception>
    /// <exception cref="DeviceMemoryException">The picture needs more memory than there is.</exception>
    /// <exception cref="RestorationException">The network gave values that are no numbers; the target is unchanged.</exception>
    public void Restore(
        ReadOnlySpan<byte> source, Span<byte> target, PixelLayout layout, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Restore<byte, ByteSamples>(source, target, layout, progress, cancellation);

    /// <summary>Restores a picture of 16 bits a sample, 65,535 being white.</summary>
    /// <inheritdoc cref="Restore(ReadOnlySpan{byte}, Span{byte}, PixelLayout, IProgress{double}?, CancellationToken)"/>
    public void Restore(
        ReadOnlySpan<ushort> source, Span<ushort> target, PixelLayout layout, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Restore<ushort, UShortSamples>(source, target, layout, progress, cancellation);

    /// <summary>Restores a picture of floats, 0 being black and 1 white; the result is clamped to that range.</summary>
    /// <inheritdoc cref="Restore(ReadOnlySpan{byte}, Span{byte}, PixelLayout, IProgress{double}?, CancellationToken)"/>
    public void Restore(
        ReadOnlySpan<float> source, Span<float> target, PixelLayout layout, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Restore<float, FloatSamples>(source, target, layout, progress, cancellation);

    /// <summary>Waits for a call in progress and frees the memory.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _executor.Dispose();
            _ownDevice?.Dispose();
        }
    }

    private void Restore<T, TFormat>(
        ReadOnlySpan<T> source, Span<T> target, in PixelLayout layout, IProgress<double>? progress, CancellationToken cancellation)
        where TFormat : struct, ISampleFormat<T>
    {
        layout.Check(source.Length, nameof(source));
        layout.Check(target.Length, nameof(target));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            cancellation.ThrowIfCancellationRequested();
            RunSize size = PaddedSize(layout.Width, layout.Height);
            _executor.Bind(size);
            int length = checked(3 * size.Width * size.Height);
            if (_planes.Length != length)
                _planes = new float[length];
            PixelConversion.ToPlanes<T, TFormat>(source, layout, _planes, size.Width, size.Height);
            _executor.SetInput("image", _planes);
            _executor.Run(cancellation, progress);
            _executor.GetOutput("restored", _planes);
            CheckFinite();
            PixelConversion.FromPlanes<T, TFormat>(_planes, size.Width, size.Height, source, target, layout);
        }
    }

    private void CheckFinite()
    {
        foreach (float value in _planes)
        {
            if (!float.IsFinite(value))
            {
                throw new RestorationException(
                    $"The network {Network.Name} gave a value that is no number: the weights are broken, or the picture holds such values itself.");
            }
        }
    }

    private RunSize PaddedSize(int width, int height)
    {
        int divisor = _executor.Plan.Divisor;
        return new RunSize(1, RoundUp(height), RoundUp(width));

        int RoundUp(int extent) => checked((extent + divisor - 1) / divisor * divisor);
    }
}
