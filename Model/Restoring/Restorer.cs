using System.Numerics;
using System.Runtime.InteropServices;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Runtime.Weights;

namespace FocalNet.Model;

/// <summary>A restored picture would have contained values that are no numbers.</summary>
public sealed class RestorationException(string message) : Exception(message);

/// <summary>Restores pictures with a trained network: the embedding API.</summary>
/// <remarks>
/// Calls of one restorer take turns, whatever threads they come from, and <see cref="Dispose"/> waits for one in progress;
/// a progress callback must not call the restorer that it reports on. Memory is kept for the largest picture so far:
/// pictures of one size in a row allocate nothing on the way.
/// </remarks>
/// <example>
/// <code>
/// using Restorer restorer = Restorer.Load("Dehaze", "dehaze.safetensors");
/// restorer.Restore(pixels, pixels, new PixelLayout(width, height));
/// </code>
/// </example>
public sealed class Restorer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly IDevice? _ownDevice;
    private readonly IExecutor _executor;
    private float[] _buffer = [];
    private bool _running, _disposed;

    private Restorer(NetworkEntry network, IExecutor executor, IDevice? ownDevice) =>
        (Network, _executor, _ownDevice) = (network, executor, ownDevice);

    /// <summary>The network.</summary>
    public NetworkEntry Network { get; }

    /// <summary>Loads a network with its weights.</summary>
    /// <param name="network">
    /// Name of the network, such as <c>Dehaze</c>; null takes the one that the file names in its metadata, or else the first that
    /// the weights fit.
    /// </param>
    /// <param name="weights">A <c>.safetensors</c>, <c>.pkl</c> or <c>.pth</c> file.</param>
    /// <param name="device">Where to run; null takes the processor with all its threads. A given device stays the caller's.</param>
    /// <exception cref="UnknownNetworkException">There is no network of that name.</exception>
    /// <exception cref="WeightFormatException">The file is damaged, or of an unknown kind, or fits no network.</exception>
    /// <exception cref="WeightMismatchException">The file has the weights of another network.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
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
    /// <exception cref="DeviceException">The number of parameters is not the network's.</exception>
    public static Restorer Create(NetworkEntry network, ReadOnlySpan<float> parameters, IDevice? device = null)
    {
        IDevice? ownDevice = device is null ? new CpuDevice() : null;
        IExecutor? executor = null;
        try
        {
            executor = (device ?? ownDevice!).CreateExecutor(NetworkPlans.Inference(network));
            executor.LoadParameters(parameters);
            return new Restorer(network, executor, ownDevice);
        }
        catch
        {
            executor?.Dispose();
            ownDevice?.Dispose();
            throw;
        }
    }

    /// <summary>Replaces all parameters, in the layout of <see cref="Create"/>.</summary>
    /// <exception cref="DeviceException">The number of parameters is not the network's.</exception>
    public void SetParameters(ReadOnlySpan<float> parameters)
    {
        lock (_gate)
        {
            CheckUsable();
            _executor.LoadParameters(parameters);
        }
    }

    /// <summary>Bytes of memory that a picture of a size takes on the device.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A width or height below 1, or too large for any device.</exception>
    public long RequiredBytes(int width, int height) => _executor.RequiredBytes(PaddedSize(width, height));

    /// <summary>Restores a picture of 8 bits a sample.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="target">
    /// Receives the restored picture; may be the source itself, but not overlap it otherwise. Gaps between its rows stay as they are.
    /// </param>
    /// <param name="layout">How both lie in memory.</param>
    /// <param name="progress">Receives the share that is done, 0 … 1, on the thread of the call.</param>
    /// <param name="cancellation">Cancels between kernels; the target is then unchanged.</param>
    /// <exception cref="ArgumentException">A span is too short, or the layout makes no sense.</exception>
    /// <exception cref="DeviceMemoryException">The picture needs more memory than there is.</exception>
    /// <exception cref="RestorationException">The network gave values that are no numbers; the target is unchanged.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the target is unchanged.</exception>
    /// <exception cref="ObjectDisposedException">The restorer is disposed.</exception>
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
    /// <exception cref="InvalidOperationException">Called by the progress callback of this restorer.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            CheckUsable();
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
            CheckUsable();
            cancellation.ThrowIfCancellationRequested();
            _running = true;
            try
            {
                RunSize size = PaddedSize(layout.Width, layout.Height);
                _executor.Bind(size);
                Span<float> planes = Planes(size);
                PixelConversion.ToPlanes<T, TFormat>(source, layout, planes, size.Width, size.Height);
                _executor.SetInput("image", planes);
                _executor.Run(cancellation, progress);
                _executor.GetOutput("restored", planes);
                CheckFinite(planes);
                PixelConversion.FromPlanes<T, TFormat>(planes, size.Width, size.Height, source, target, layout);
            }
            finally
            {
                _running = false;
            }
        }
    }

    // The lock lets its own thread in again, so that it alone would not stop a progress callback.
    private void CheckUsable()
    {
        if (_running)
            throw new InvalidOperationException("A progress callback must not call the restorer that it reports on.");
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    private Span<float> Planes(RunSize size)
    {
        int length = 3 * size.Width * size.Height;
        if (_buffer.Length < length)
        {
            // Let go first: both at once might not fit.
            _buffer = [];
            _buffer = new float[length];
        }
        return _buffer.AsSpan(0, length);
    }

    private void CheckFinite(ReadOnlySpan<float> planes)
    {
        // v − v is 0 for a number, and NaN for NaN and the infinities; one of them makes the whole sum NaN.
        Vector<float> sum = Vector<float>.Zero;
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(planes);
        foreach (Vector<float> values in vectors)
            sum += values - values;
        float rest = Vector.Sum(sum);
        foreach (float value in planes[(vectors.Length * Vector<float>.Count)..])
            rest += value - value;
        if (rest != 0)
        {
            throw new RestorationException(
                $"The network {Network.Name} gave a value that is no number: the weights are broken, or the picture holds such values itself.");
        }
    }

    private RunSize PaddedSize(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        long divisor = _executor.Plan.Divisor, paddedWidth = RoundUp(width), paddedHeight = RoundUp(height);
        // What lies in one span is indexed by int; either extent alone is then far below its limit, too.
        if (paddedWidth > Array.MaxLength || paddedHeight > Array.MaxLength || 3 * paddedWidth * paddedHeight > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(width), $"A picture of {width}×{height} is too large: at most {Array.MaxLength / 3} pixels can be restored at once. Cut it into tiles.");
        }
        return new RunSize(1, (int)paddedHeight, (int)paddedWidth);

        long RoundUp(int extent) => (extent + divisor - 1) / divisor * divisor;
    }
}
