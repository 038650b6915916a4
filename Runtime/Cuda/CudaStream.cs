using FocalNet.Runtime.Cuda.Driver;

namespace FocalNet.Runtime.Cuda;

/// <summary>An executor's stream, and cuBLAS on it where the plan multiplies matrices. The context must be entered.</summary>
internal sealed class CudaStream
{
    // What NVIDIA's manual advises: 32 MiB from Hopper on, 4 MiB before.
    private const int Hopper = 9, LargeWorkspace = 32 << 20, SmallWorkspace = 4 << 20;

    private readonly nint workspace;

    /// <exception cref="DeviceLibraryException">cuBLAS is needed and not there.</exception>
    public CudaStream(CudaContext context, bool withCublas)
    {
        if (withCublas)
            CudaLibraries.Require(context.Name, CudaLibrary.Cublas);
        context.Check(DriverApi.StreamCreate(out nint handle, DriverApi.StreamNonBlocking), "make a stream");
        Handle = handle;
        if (!withCublas)
            return;
        try
        {
            CheckCublas(context, Driver.Cublas.Create(out nint cublas), "start cuBLAS");
            Cublas = cublas;
            // In this order: a new stream gives up the workspace. With a workspace of its own cuBLAS allocates nothing in a captured run.
            CheckCublas(context, Driver.Cublas.SetStream(cublas, handle), "give cuBLAS its stream");
            int bytes = context.Info.Major >= Hopper ? LargeWorkspace : SmallWorkspace;
            workspace = context.Allocate(bytes, "cuBLAS", default, bytes);
            CheckCublas(context, Driver.Cublas.SetWorkspace(cublas, workspace, (nuint)bytes), "give cuBLAS its workspace");
        }
        catch
        {
            Free();
            throw;
        }
    }

    /// <summary>The stream.</summary>
    public nint Handle { get; }

    /// <summary>The handle of cuBLAS; 0 without it.</summary>
    public nint Cublas { get; }

    public void Free()
    {
        if (Cublas != 0)
            _ = Driver.Cublas.Destroy(Cublas);
        if (workspace != 0)
            _ = DriverApi.MemoryFree(workspace);
        _ = DriverApi.StreamDestroy(Handle);
    }

    private static void CheckCublas(CudaContext context, int status, string operation)
    {
        if (status != Driver.Cublas.Success)
            throw new DeviceLibraryException(context.Name, "cuBLAS", $"{operation}: {Driver.Cublas.Describe(status)}.", "'doctor' shows the versions of driver and libraries.");
    }
}

/// <summary>Points in time on a stream, by the device's clock. The context must be entered.</summary>
internal sealed class CudaClock : IDisposable
{
    private readonly CudaContext context;
    private readonly nint stream;
    private readonly nint[] points;

    public CudaClock(CudaContext context, nint stream, int count)
    {
        (this.context, this.stream, points) = (context, stream, new nint[count]);
        for (int i = 0; i < count; i++)
            context.Check(DriverApi.EventCreate(out points[i], 0), "make an event");
    }

    public void Record(int point) => context.Check(DriverApi.EventRecord(points[point], stream), "record an event");

    /// <summary>Waits until the device has passed a point. What failed before it is said here, as an error of <paramref name="operation"/>.</summary>
    public void Wait(int point, string operation, string size) => context.Check(DriverApi.EventSynchronize(points[point]), operation, size);

    /// <summary>Time between two points; the stream must have been waited for.</summary>
    public float Milliseconds(int start, int end)
    {
        context.Check(DriverApi.EventElapsedTime(out float milliseconds, points[start], points[end]), "read the clock");
        return milliseconds;
    }

    public void Dispose()
    {
        foreach (nint point in points)
            _ = DriverApi.EventDestroy(point);
    }
}
