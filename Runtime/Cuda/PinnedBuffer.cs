using FocalNet.Runtime.Cuda.Driver;

namespace FocalNet.Runtime.Cuda;

/// <summary>Host memory that the device copies from and to directly; grows as asked for. The context must be entered.</summary>
internal sealed unsafe class PinnedBuffer(CudaContext context)
{
    private nint address;
    private long capacity;

    /// <summary>At least as many bytes; what was there is lost if it grows.</summary>
    /// <exception cref="DeviceException">The system gives no such memory.</exception>
    public byte* Reserve(long bytes)
    {
        if (bytes > capacity)
        {
            Free();
            context.Check(DriverApi.HostAllocate(out address, (nuint)bytes), FormattableString.Invariant($"allocate {bytes} bytes of pinned host memory"));
            capacity = bytes;
        }
        return (byte*)address;
    }

    public void Free()
    {
        if (address != 0)
            _ = DriverApi.HostFree(address);
        (address, capacity) = (0, 0);
    }
}
