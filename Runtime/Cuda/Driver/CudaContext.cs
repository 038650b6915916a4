using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda.Driver;

/// <summary>
/// The context of one device: the one that all users of the device in this process share (the primary context). Functions of the driver
/// work in the current context of the calling thread, so every call from outside begins with <see cref="Enter"/>.
/// </summary>
internal sealed class CudaContext : IDisposable
{
    private readonly int handle;
    private nint context;
    private string? lost;

    /// <exception cref="DeviceException">There is no such device, or it can't be used.</exception>
    public CudaContext(int ordinal)
    {
        Name = FormattableString.Invariant($"cuda:{ordinal}");
        CudaDriver.Initialise(Name);
        CudaDriver.RequireOrdinal(Name, ordinal);
        Check(DriverApi.DeviceGet(out handle, ordinal), "open the device");
        Info = CudaDriver.Describe(ordinal, handle);
        Check(DriverApi.PrimaryContextRetain(out context, handle), "make a context");
    }

    /// <summary>Such as <c>cuda:0</c>.</summary>
    public string Name { get; }

    /// <summary>The device's properties.</summary>
    public CudaDeviceInfo Info { get; }

    /// <summary>Free bytes of device memory; those of all processes count.</summary>
    public long FreeBytes
    {
        get
        {
            Enter();
            Check(DriverApi.MemoryGetInfo(out nuint free, out _), "ask for free memory");
            return (long)free;
        }
    }

    /// <summary>Makes the context the current one of this thread.</summary>
    /// <exception cref="DeviceLostException">The device has failed before.</exception>
    public void Enter()
    {
        ObjectDisposedException.ThrowIf(context == 0, this);
        if (lost is not null)
            throw new DeviceLostException(Name, "go on", string.Empty, $"The device failed before: {lost}.");
        Check(DriverApi.ContextSetCurrent(context), "enter the context");
    }

    /// <summary>As <see cref="Enter"/>, to free what lies on a device that may have failed.</summary>
    /// <returns>Whether there is a context to free anything in.</returns>
    public bool EnterToFree() => context != 0 && DriverApi.ContextSetCurrent(context) == DriverApi.Success;

    /// <summary>Throws what a result that is no success means.</summary>
    public void Check(int result, string operation, string shape = "")
    {
        if (result != DriverApi.Success)
            throw Failure(result, operation, shape);
    }

    /// <summary>The exception for a result; notes when the context is lost.</summary>
    public DeviceException Failure(int result, string operation, string shape)
    {
        string problem = DriverApi.Describe(result);
        if (DriverApi.IsFatal(result))
        {
            lost ??= $"{operation}{(shape.Length == 0 ? "" : " at " + shape)}: {problem}";
            return new DeviceLostException(Name, operation, shape, problem + ".");
        }
        return new DeviceException(Name, operation, shape, problem + ".", "'doctor' shows driver, devices and libraries.");
    }

    /// <summary>Allocates device memory, aligned to 256 bytes.</summary>
    /// <exception cref="DeviceMemoryException">There is not as much.</exception>
    public nint Allocate(long bytes, string plan, RunSize size, long needed)
    {
        int result = DriverApi.MemoryAllocate(out nint address, (nuint)bytes);
        if (result == DriverApi.OutOfMemory)
            throw new DeviceMemoryException(Name, plan, size, needed, FreeBytes);
        Check(result, $"allocate {bytes} bytes for {plan}");
        return address;
    }

    public void Dispose()
    {
        if (context == 0)
            return;
        context = 0;
        // Of a lost device nothing more can be said than has been.
        _ = DriverApi.PrimaryContextRelease(handle);
    }
}
