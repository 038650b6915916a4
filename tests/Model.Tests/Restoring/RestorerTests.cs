using FocalNet.Model.Tests.Support;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;

namespace FocalNet.Model.Tests.Restoring;

/// <summary>The embedding API: sizes, progress, cancellation, threads, errors.</summary>
public sealed class RestorerTests : IDisposable
{
    private const int Width = 22, Height = 13;
    private static readonly NetworkEntry Tiny = CpuNetwork.Find("Tiny");
    private readonly CpuDevice _device = new(2);
    private readonly Restorer _restorer;

    public RestorerTests() => _restorer = Restorer.Create(Tiny, NetworkWeights.Initial(Tiny, 1), _device);

    public void Dispose()
    {
        _restorer.Dispose();
        _device.Dispose();
    }

    /// <summary>Against the plan itself, on a picture padded here.</summary>
    [Theory]
    [InlineData("Tiny", 1, 1)]
    [InlineData("Tiny", 3, 5)]
    [InlineData("Tiny", 2, 17)]
    [InlineData("Tiny", 16, 8)]
    [InlineData("FocalNetS", 1, 3)]
    [InlineData("FocalNetS", 13, 9)]
    public void Any_size_is_mirrored_to_what_the_network_takes_and_cropped_again(string name, int width, int height)
    {
        NetworkEntry network = CpuNetwork.Find(name);
        float[] parameters = NetworkWeights.Initial(network, 3), picture = CpuNetwork.Noise(3 * width * height, 4), restored = new float[picture.Length];
        using Restorer restorer = Restorer.Create(network, parameters, _device);

        restorer.Restore(picture, restored, new PixelLayout(width, height, Order: PixelOrder.Planar));

        int divisor = name == "FocalNetS" ? 8 : 4, paddedWidth = Up(width), paddedHeight = Up(height);
        var padded = new float[3 * paddedWidth * paddedHeight];
        for (int i = 0; i < padded.Length; i++)
        {
            int x = Mirror(i % paddedWidth, width), y = Mirror(i / paddedWidth % paddedHeight, height), c = i / (paddedWidth * paddedHeight);
            padded[i] = picture[(c * height + y) * width + x];
        }
        float[] whole = CpuNetwork.Run(name, parameters, padded, new RunSize(1, paddedHeight, paddedWidth));
        for (int i = 0; i < restored.Length; i++)
        {
            int x = i % width, y = i / width % height, c = i / (width * height);
            Assert.Equal(Math.Clamp(whole[(c * paddedHeight + y) * paddedWidth + x], 0f, 1f), restored[i]);
        }

        int Up(int extent) => (extent + divisor - 1) / divisor * divisor;

        static int Mirror(int i, int extent)
        {
            // Walks to and fro, which is slow and plainly right.
            int at = 0, step = 1;
            for (; i > 0 && extent > 1; i--)
            {
                if (at + step < 0 || at + step >= extent)
                    step = -step;
                at += step;
            }
            return at;
        }
    }

    [Fact]
    public void A_very_long_picture()
    {
        using Restorer identity = Restorer.Create(Tiny, CpuNetwork.Identity("Tiny"), _device);
        byte[] picture = Bytes(3 * 30000 * 10), restored = new byte[picture.Length];

        identity.Restore(picture, restored, new PixelLayout(30000, 10));

        Assert.Equal(picture, restored);
    }

    [Fact]
    public void Progress_rises_to_1()
    {
        var progress = new Recorder();
        byte[] picture = Bytes(3 * Width * Height);

        _restorer.Restore(picture, picture, new PixelLayout(Width, Height), progress);

        Assert.True(progress.Values.Count > 10);
        Assert.Equal(progress.Values.Order(), progress.Values);
        Assert.InRange(progress.Values[0], 0.0, 0.2);
        Assert.Equal(1.0, progress.Values[^1]);
    }

    [Fact]
    public void A_cancelled_call_leaves_the_target_unchanged_and_the_restorer_usable()
    {
        byte[] picture = Bytes(3 * Width * Height), target = Bytes(3 * Width * Height), before = [.. target];
        using var cancellation = new CancellationTokenSource();
        var cancelAtHalf = new Recorder(share =>
        {
            if (share > 0.5)
                cancellation.Cancel();
        });

        Assert.ThrowsAny<OperationCanceledException>(() => _restorer.Restore(picture, target, new PixelLayout(Width, Height), cancelAtHalf, cancellation.Token));
        Assert.Equal(before, target);
        Assert.InRange(cancelAtHalf.Values[^1], 0.5, 0.9);
        Assert.ThrowsAny<OperationCanceledException>(() => _restorer.Restore(picture, target, new PixelLayout(Width, Height), null, new CancellationToken(true)));
        Assert.Equal(before, target);

        _restorer.Restore(picture, target, new PixelLayout(Width, Height));
        Assert.Equal(Restored(picture), target);
    }

    [Fact]
    public async Task Dispose_waits_for_a_call_in_progress()
    {
        byte[] picture = Bytes(3 * Width * Height), expected = Restored(picture), target = new byte[picture.Length];
        var device = new CpuDevice(2);
        Restorer restorer = Restorer.Create(Tiny, NetworkWeights.Initial(Tiny, 1), device);
        using var started = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var progress = new Recorder(_ =>
        {
            started.Set();
            goOn.Wait();
        });

        Task call = Task.Run(() => restorer.Restore(picture, target, new PixelLayout(Width, Height), progress));
        started.Wait();
        Task dispose = Task.Run(restorer.Dispose);
        bool early = await Task.WhenAny(dispose, Task.Delay(50)) == dispose;
        goOn.Set();
        await call;
        await dispose;

        Assert.False(early);
        Assert.Equal(expected, target);
        Assert.Throws<ObjectDisposedException>(() => restorer.Restore(picture, target, new PixelLayout(Width, Height)));
        Assert.Throws<ObjectDisposedException>(() => restorer.SetParameters(CpuNetwork.Identity("Tiny")));
        restorer.Dispose();
        device.Dispose();
    }

    /// <summary>The lock lets its own thread in again; memory must not be freed or moved under a run.</summary>
    [Fact]
    public void A_progress_callback_that_calls_back_is_an_error()
    {
        byte[] picture = Bytes(3 * Width * Height), target = new byte[picture.Length];
        var errors = new List<Exception>();
        var progress = new Recorder(_ =>
        {
            errors.Add(Assert.Throws<InvalidOperationException>(_restorer.Dispose));
            errors.Add(Assert.Throws<InvalidOperationException>(() => _restorer.SetParameters(CpuNetwork.Identity("Tiny"))));
            errors.Add(Assert.Throws<InvalidOperationException>(() => _restorer.Restore(picture, target, new PixelLayout(4, 4))));
        });

        _restorer.Restore(picture, target, new PixelLayout(Width, Height), progress);

        Assert.NotEmpty(errors);
        Assert.All(errors, e => Assert.Contains("progress callback", e.Message));
        Assert.Equal(Restored(picture), target);
    }

    [Fact]
    public void Calls_from_many_threads_take_turns()
    {
        (byte[] Picture, PixelLayout Layout)[] pictures =
            [.. Enumerable.Range(0, 6).Select(i => (Bytes(3 * (Width + i) * (Height + i), i), new PixelLayout(Width + i, Height + i)))];
        byte[][] expected = [.. pictures.Select(p => Restored(p.Picture, p.Layout))], actual = new byte[pictures.Length][];

        Parallel.For(0, 3 * pictures.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, call =>
        {
            (byte[] picture, PixelLayout layout) = pictures[call % pictures.Length];
            byte[] target = [.. picture];
            _restorer.Restore(target, target, layout);
            actual[call % pictures.Length] = target;
        });

        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Broken_weights_are_an_error_and_leave_the_target_unchanged(float value)
    {
        float[] parameters = NetworkWeights.Initial(Tiny, 1);
        parameters[^1] = value;
        byte[] picture = Bytes(3 * Width * Height), target = Bytes(3 * Width * Height), before = [.. target];
        _restorer.SetParameters(parameters);

        RestorationException error = Assert.Throws<RestorationException>(() => _restorer.Restore(picture, target, new PixelLayout(Width, Height)));

        Assert.Contains("Tiny", error.Message);
        Assert.Equal(before, target);
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.NegativeInfinity, 3 * Width * Height - 1)]
    public void A_picture_of_no_numbers_is_an_error(float value, int at)
    {
        float[] picture = CpuNetwork.Noise(3 * Width * Height, 1);
        picture[at] = value;

        Assert.Throws<RestorationException>(() => _restorer.Restore(picture, new float[picture.Length], new PixelLayout(Width, Height)));
    }

    [Fact]
    public void Pictures_of_one_size_allocate_nothing()
    {
        byte[] picture = Bytes(3 * Width * Height);
        for (int i = 0; i < 2; i++)
            _restorer.Restore(picture, picture, new PixelLayout(Width, Height));

        long before = GC.GetAllocatedBytesForCurrentThread();
        _restorer.Restore(picture, picture, new PixelLayout(Width, Height));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Parameters_of_another_network_are_an_error()
    {
        float[] parameters = NetworkWeights.Initial(CpuNetwork.Find("Dehaze"), 1);

        Assert.Throws<DeviceException>(() => Restorer.Create(Tiny, parameters, _device));
        Assert.Throws<DeviceException>(() => Restorer.Create(Tiny, parameters));
        Assert.Throws<DeviceException>(() => _restorer.SetParameters(parameters));
    }

    [Fact]
    public void Memory_is_known_beforehand_and_absurd_sizes_are_refused()
    {
        long small = _restorer.RequiredBytes(64, 64), large = _restorer.RequiredBytes(640, 640), activations = large - small;

        Assert.InRange(_restorer.RequiredBytes(1280, 640) - large, activations, 1.1 * activations);
        Assert.Equal(_restorer.RequiredBytes(64, 64), _restorer.RequiredBytes(61, 63));
        Assert.Throws<ArgumentOutOfRangeException>(() => _restorer.RequiredBytes(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => _restorer.RequiredBytes(5, -1));
        Assert.Contains("tiles", Assert.Throws<ArgumentOutOfRangeException>(() => _restorer.RequiredBytes(int.MaxValue, 1)).Message);
        Assert.Contains("tiles", Assert.Throws<ArgumentOutOfRangeException>(() => _restorer.RequiredBytes(40000, 40000)).Message);
    }

    private static byte[] Bytes(int count, int seed = 0)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private byte[] Restored(byte[] picture, PixelLayout? layout = null)
    {
        var target = new byte[picture.Length];
        _restorer.Restore(picture, target, layout ?? new PixelLayout(Width, Height));
        return target;
    }

    private sealed class Recorder(Action<double>? report = null) : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value)
        {
            Values.Add(value);
            report?.Invoke(value);
        }
    }
}
