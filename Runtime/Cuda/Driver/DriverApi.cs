using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cuda.Driver;

/// <summary>
/// The slice of the CUDA driver API that the runtime uses, of CUDA 11.4 to 13. Every function gives a CUresult; addresses, contexts,
/// streams, modules and the like are numbers of the size of a pointer. <see cref="CudaLibraries"/> loads the library.
/// </summary>
internal static unsafe partial class DriverApi
{
    /// <summary>The name under which <see cref="CudaLibraries"/> resolves the driver.</summary>
    public const string Library = "cuda-driver";

    public const int Success = 0, InvalidValue = 1, OutOfMemory = 2, StubLibrary = 34, NoDevice = 100, InvalidImage = 200, NoBinaryForGpu = 209,
        InvalidPtx = 218, UnsupportedPtxVersion = 222, LaunchOutOfResources = 701, SystemDriverMismatch = 803;

    // CUdevice_attribute
    public const int AttributeMultiprocessors = 16, AttributeComputeMajor = 75, AttributeComputeMinor = 76, AttributeSharedPerBlockOptIn = 97;

    // CUfunction_attribute
    public const int FunctionSharedBytes = 1, FunctionLocalBytes = 3, FunctionRegisters = 4, FunctionMaxDynamicShared = 8;

    // CU_STREAM_NON_BLOCKING: no order with the default stream, which belongs to the embedding program.
    public const uint StreamNonBlocking = 1;

    // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads of the program do does not break a capture.
    public const int CaptureThreadLocal = 1;

    [LibraryImport(Library, EntryPoint = "cuInit")]
    public static partial int Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDriverGetVersion")]
    public static partial int DriverGetVersion(out int version);

    [LibraryImport(Library, EntryPoint = "cuGetErrorName")]
    public static partial int GetErrorName(int error, out byte* text);

    [LibraryImport(Library, EntryPoint = "cuGetErrorString")]
    public static partial int GetErrorString(int error, out byte* text);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetCount")]
    public static partial int DeviceGetCount(out int count);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    public static partial int DeviceGet(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetName")]
    public static partial int DeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    public static partial int DeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceTotalMem_v2")]
    public static partial int DeviceTotalMemory(out nuint bytes, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static partial int PrimaryContextRetain(out nint context, int device);

    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static partial int PrimaryContextRelease(int device);

    [LibraryImport(Library, EntryPoint = "cuCtxSetCurrent")]
    public static partial int ContextSetCurrent(nint context);

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")]
    public static partial int MemoryGetInfo(out nuint free, out nuint total);

    [LibraryImport(Library, EntryPoint = "cuMemAlloc_v2")]
    public static partial int MemoryAllocate(out nint address, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFree_v2")]
    public static partial int MemoryFree(nint address);

    [LibraryImport(Library, EntryPoint = "cuMemAllocHost_v2")]
    public static partial int HostAllocate(out nint address, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemFreeHost")]
    public static partial int HostFree(nint address);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoDAsync_v2")]
    public static partial int CopyToDevice(nint target, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoHAsync_v2")]
    public static partial int CopyToHost(nint target, nint source, nuint bytes, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemcpy2DAsync_v2")]
    public static partial int Copy2D(Copy2DParameters* copy, nint stream);

    [LibraryImport(Library, EntryPoint = "cuMemsetD32Async")]
    public static partial int Fill(nint target, uint value, nuint count, nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamCreate")]
    public static partial int StreamCreate(out nint stream, uint flags);

    [LibraryImport(Library, EntryPoint = "cuStreamDestroy_v2")]
    public static partial int StreamDestroy(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamSynchronize")]
    public static partial int StreamSynchronize(nint stream);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial int StreamBeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    public static partial int StreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial int GraphInstantiate(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    public static partial int GraphLaunch(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    public static partial int GraphExecutableDestroy(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    public static partial int GraphDestroy(nint graph);

    [LibraryImport(Library, EntryPoint = "cuEventCreate")]
    public static partial int EventCreate(out nint created, uint flags);

    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")]
    public static partial int EventDestroy(nint destroyed);

    [LibraryImport(Library, EntryPoint = "cuEventRecord")]
    public static partial int EventRecord(nint recorded, nint stream);

    [LibraryImport(Library, EntryPoint = "cuEventSynchronize")]
    public static partial int EventSynchronize(nint awaited);

    [LibraryImport(Library, EntryPoint = "cuEventElapsedTime")]
    public static partial int EventElapsedTime(out float milliseconds, nint start, nint end);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadData")]
    public static partial int ModuleLoad(out nint module, byte* image);

    [LibraryImport(Library, EntryPoint = "cuModuleUnload")]
    public static partial int ModuleUnload(nint module);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ModuleGetFunction(out nint function, nint module, string name);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    public static partial int FunctionSetAttribute(nint function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuFuncGetAttribute")]
    public static partial int FunctionGetAttribute(out int value, int attribute, nint function);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernel")]
    public static partial int Launch(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** arguments, void** extra);

    // CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION: the launch may begin while the one before it ends; its kernel waits for what it reads.
    public const int LaunchOverlapping = 6;

    /// <summary>cuda.h's CUlaunchConfig with one attribute.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LaunchConfiguration
    {
        public uint GridX, GridY, GridZ, BlockX, BlockY, BlockZ, SharedBytes;
        public nint Stream;
        public LaunchAttribute* Attributes;
        public uint AttributeCount;
    }

    /// <summary>cuda.h's CUlaunchAttribute, whose value is a union of 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    public struct LaunchAttribute
    {
        [FieldOffset(0)]
        public int Id;

        [FieldOffset(8)]
        public int Value;
    }

    /// <summary>Of drivers from CUDA 11.8 on.</summary>
    [LibraryImport(Library, EntryPoint = "cuLaunchKernelEx")]
    public static partial int LaunchWith(LaunchConfiguration* configuration, nint function, void** arguments, void** extra);

    /// <summary>Name and meaning of a result, such as <c>CUDA_ERROR_OUT_OF_MEMORY: out of memory</c>.</summary>
    public static string Describe(int result)
    {
        string? name = GetErrorName(result, out byte* text) == Success ? Marshal.PtrToStringUTF8((nint)text) : null;
        string? meaning = GetErrorString(result, out text) == Success ? Marshal.PtrToStringUTF8((nint)text) : null;
        return FormattableString.Invariant($"{name ?? "CUDA error " + result}{(meaning is null ? "" : ": " + meaning)}");
    }

    /// <summary>Whether a result says that the context is of no use any more: whatever is called in it fails from then on.</summary>
    public static bool IsFatal(int result) => result is
        4 or        // the driver shuts down
        46 or       // the device is unavailable
        214 or      // uncorrectable memory error
        220 or 221 or // NVLink, JIT compiler gone
        226 or      // fatal contained error
        700 or 702 or 709 or 710 or (>= 714 and <= 721) // illegal access, timeout, destroyed, assertion, faults of the hardware and of launches
        or 999;

    /// <summary>CUDA_MEMCPY2D: rows of bytes from one pitch to another.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Copy2DParameters
    {
        public const uint Host = 1, Device = 2;

        public nuint SourceX, SourceY;
        public uint SourceType;
        public nint SourceHost, SourceDevice, SourceArray;
        public nuint SourcePitch;
        public nuint TargetX, TargetY;
        public uint TargetType;
        public nint TargetHost, TargetDevice, TargetArray;
        public nuint TargetPitch;
        public nuint WidthBytes, Height;
    }
}
