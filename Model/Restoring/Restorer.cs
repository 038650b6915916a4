using System.Numerics;
using System.Runtime.CompilerServices;
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
/// a progress callback must not call the restorer that it reports on. Memory is kept from picture to picture:
/// pictures of one size in a row that are restored whole allocate nothing on the way.
/// <para>
/// A picture that does not fit <see cref="MemoryBudget"/> whole is restored in overlapping tiles, whose results are mixed where they
/// meet. What the network takes from the whole picture (means and variances) is taken from it in passes of their own, before.
/// <see cref="Plan"/> tells what would be done.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// using Restorer restorer = Restorer.Load("Dehaze", "dehaze.safetensors");
/// restorer.Restore(pixels, pixels, new PixelLayout(width, height));
/// </code>
/// </example>
public sealed class Restorer : IDisposable
{
    internal const string ImageInput = "image", RestoredOutput = "restored";

    // A program that took all memory would make the system swap: a fifth is left.
    private const double DefaultShare = 0.8;

    private readonly Lock _gate = new();
    private readonly IDevice _device;
    private readonly IDevice? _ownDevice;
    private readonly ExecutorSlot _slot;
    private readonly ExecutionPlan _whole;
    private float[] _buffer = [];
    private (RunSize Size, long PictureBytes, long? Budget, int? Overlap) _planned;
    private RestorationPlan? _plan;
    private bool _running, _disposed;

    private Restorer(NetworkEntry network, IDevice device, IDevice? ownDevice, ReadOnlySpan<float> parameters)
    {
        (Network, _device, _ownDevice, _slot) = (network, device, ownDevice, new ExecutorSlot(device));
        _whole = NetworkPlans.Inference(network);
        try
        {
            _slot.SetParameters(_whole, parameters);
        }
        catch
        {
            _slot.Dispose();
            throw;
        }
    }

    /// <summary>The network.</summary>
    public NetworkEntry Network { get; }

    /// <summary>
    /// Hears, in one sentence and on the thread of the call, of what went wrong and was made good: a picture whose values became too large
    /// for the precision that the device was asked for, and that was restored in float32.
    /// </summary>
    public event Action<string>? Warning;

    /// <summary>
    /// Bytes that a call may take in all: on the device, for buffers, and for the pictures handed to it. Larger pictures are
    /// restored in tiles. Null, the default, is four fifths of the memory that the device has available.
    /// </summary>
    public long? MemoryBudget { get; set; }

    /// <summary>
    /// Pixels that a tile sees beyond its own, on each side: more is nearer to the whole picture's result, and slower. Null, the
    /// default, keeps tiles within 1/255 of it (docs/restoring.md has the measurements); what exceeds the network's receptive field
    /// changes nothing, and less than 16 is not enough to mix neighbours.
    /// </summary>
    public int? TileOverlap { get; set; }

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
        try
        {
            return new Restorer(network, device ?? ownDevice!, ownDevice, parameters);
        }
        catch
        {
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
            _slot.SetParameters(_whole, parameters);
        }
    }

    /// <summary>Bytes of memory that a picture of a size takes on the device if it is restored whole.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A width or height below 1, or too large for any device.</exception>
    public long RequiredBytes(int width, int height) => _device.RequiredBytes(_whole, PaddedSize(width, height));

    /// <summary>How a picture would be restored now.</summary>
    /// <param name="layout">The picture.</param>
    /// <param name="bytesPerSample">1, 2 or 4: bytes, 16-bit numbers, floats.</param>
    /// <param name="inPlace">Source and target are the same memory.</param>
    /// <exception cref="ArgumentException">The layout makes no sense.</exception>
    /// <exception cref="DeviceMemoryException">Not even in tiles.</exception>
    public RestorationPlan Plan(PixelLayout layout, int bytesPerSample, bool inPlace = false)
    {
        layout.Check(long.MaxValue, nameof(layout));
        lock (_gate)
        {
            CheckUsable();
            return PlanFor(PaddedSize(layout.Width, layout.Height), PictureBytes(layout, bytesPerSample, inPlace));
        }
    }

    /// <summary>Restores a picture of 8 bits a sample.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="target">
    /// Receives the restored picture; may be the source itself, but not overlap it otherwise. Gaps between its rows stay as they are.
    /// </param>
    /// <param name="layout">How both lie in memory.</param>
    /// <param name="progress">Receives the share that is done, 0 … 1, on the thread of the call.</param>
    /// <param name="cancellation">Cancels between kernels and tiles; the target is then unchanged.</param>
    /// <exception cref="ArgumentException">A span is too short, or the layout makes no sense.</exception>
    /// <exception cref="DeviceMemoryException">The picture does not fit <see cref="MemoryBudget"/>, not even in tiles.</exception>
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
            _slot.Dispose();
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
                bool inPlace = Unsafe.AreSame(ref MemoryMarshal.GetReference(source), ref MemoryMarshal.GetReference(target));
                RestorationPlan plan = PlanFor(size, PictureBytes(layout, Unsafe.SizeOf<T>(), inPlace));
                RestorePlanned<T, TFormat>(source, target, layout, size, plan, progress, cancellation);
            }
            finally
            {
                _running = false;
            }
        }
    }

    // A failure leaves the target as it was, which may be the source.
    private void RestorePlanned<T, TFormat>(
        ReadOnlySpan<T> source, Span<T> target, in PixelLayout layout, RunSize size, RestorationPlan plan, IProgress<double>? progress, CancellationToken cancellation)
        where TFormat : struct, ISampleFormat<T>
    {
        try
        {
            RestoreOnce<T, TFormat>(source, target, layout, size, plan, progress, cancellation);
        }
        catch (RestorationException) when (_slot.TryBeExact(_whole))
        {
            try
            {
                Warning?.Invoke($"The network {Network.Name} gave a value that is no number on {_device.Name}; it is restored again in float32.");
                RestoreOnce<T, TFormat>(source, target, layout, size, plan, progress, cancellation);
            }
            finally
            {
                _slot.BeUsual();
            }
        }
    }

    private void RestoreOnce<T, TFormat>(
        ReadOnlySpan<T> source, Span<T> target, in PixelLayout layout, RunSize size, RestorationPlan plan, IProgress<double>? progress, CancellationToken cancellation)
        where TFormat : struct, ISampleFormat<T>
    {
        if (plan.IsWhole)
            RestoreWhole<T, TFormat>(source, target, layout, size, progress, cancellation);
        else
            RestoreTiles<T, TFormat>(source, target, layout, size, plan, progress, cancellation);
    }

    private void RestoreWhole<T, TFormat>(
        ReadOnlySpan<T> source, Span<T> target, in PixelLayout layout, RunSize size, IProgress<double>? progress, CancellationToken cancellation)
        where TFormat : struct, ISampleFormat<T>
    {
        IExecutor executor = _slot.Use(_whole);
        executor.Bind(size);
        Span<float> planes = Buffer(3 * size.Width * size.Height);
        PixelConversion.ToPlanes<T, TFormat>(source, layout, planes, new PixelRegion(0, 0, size.Width, size.Height));
        executor.SetInput(ImageInput, planes);
        executor.Run(cancellation, progress);
        executor.GetOutput(RestoredOutput, planes);
        CheckFinite(Network.Name, planes);
        PixelConversion.FromPlanes<T, TFormat>(planes, size.Width, size.Height, source, target, layout);
    }

    private void RestoreTiles<T, TFormat>(
        ReadOnlySpan<T> source, Span<T> target, in PixelLayout layout, RunSize size, RestorationPlan plan, IProgress<double>? progress, CancellationToken cancellation)
        where TFormat : struct, ISampleFormat<T>
    {
        Span<float> restored = Buffer(3 * layout.Width * layout.Height);
        restored.Clear();
        var run = new TiledRun(_slot, NetworkPlans.Tiles(Network)!, plan, size);
        run.Restore<T, TFormat>(source, layout, restored, progress, cancellation);
        PixelConversion.FromPlanes<T, TFormat>(restored, layout.Width, layout.Height, source, target, layout);
        // As large as the picture: the caller may need the room to write it.
        _buffer = [];
    }

    private RestorationPlan PlanFor(RunSize size, long pictureBytes)
    {
        if (_plan is not null && _planned == (size, pictureBytes, MemoryBudget, TileOverlap))
            return _plan;
        // What is held can be used again; the pictures are there already, and not part of what is available.
        long available = _device.AvailableBytes + _slot.HeldBytes + (long)_buffer.Length * sizeof(float) + pictureBytes;
        long budget = MemoryBudget is { } given ? Math.Min(given, available) : (long)(DefaultShare * available);
        var planner = new TilePlanner(_device, _whole, NetworkPlans.Tiles(Network), TileOverlap);
        _plan = planner.Plan(size, pictureBytes + _slot.ParameterBytes, budget);
        _planned = (size, pictureBytes, MemoryBudget, TileOverlap);
        return _plan;
    }

    private static long PictureBytes(in PixelLayout layout, int bytesPerSample, bool inPlace) => layout.Length * bytesPerSample * (inPlace ? 1 : 2);

    // The lock lets its own thread in again, so that it alone would not stop a progress callback.
    private void CheckUsable()
    {
        if (_running)
            throw new InvalidOperationException("A progress callback must not call the restorer that it reports on.");
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    private Span<float> Buffer(int length)
    {
        if (_buffer.Length < length)
        {
            // Let go first: both at once might not fit.
            _buffer = [];
            _buffer = new float[length];
        }
        return _buffer.AsSpan(0, length);
    }

    internal static void CheckFinite(string network, ReadOnlySpan<float> planes)
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
                $"The network {network} gave a value that is no number: the weights are broken, or the picture holds such values itself.");
        }
    }

    private RunSize PaddedSize(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        long divisor = _whole.Divisor, paddedWidth = RoundUp(width), paddedHeight = RoundUp(height);
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
