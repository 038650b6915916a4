using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cuda.Driver;

/// <summary>A device as the driver describes it.</summary>
/// <param name="Ordinal">Its number, as in <c>cuda:0</c>; CUDA_VISIBLE_DEVICES may hide some and change the order.</param>
/// <param name="Name">Its model.</param>
/// <param name="Major">Compute capability: sm_90 is 9 and 0.</param>
/// <param name="Minor">See <paramref name="Major"/>.</param>
/// <param name="TotalBytes">Its memory.</param>
/// <param name="Multiprocessors">Its multiprocessors.</param>
/// <param name="SharedBytesPerBlock">The most shared memory that a block may ask for.</param>
public sealed record CudaDeviceInfo(int Ordinal, string Name, int Major, int Minor, long TotalBytes, int Multiprocessors, int SharedBytesPerBlock)
{
    /// <summary>The lowest compute capability that kernels are written for.</summary>
    public const int LowestCapability = 75;

    /// <summary>Compute capability as one number: 90 for 9.0.</summary>
    public int Capability => (Major * 10) + Minor;
}

/// <summary>Starting the driver and asking it for devices.</summary>
internal static unsafe class CudaDriver
{
    /// <exception cref="DeviceLibraryException">There is no driver, or what is there is none.</exception>
    /// <exception cref="DeviceNotFoundException">The driver knows no device, or can't start.</exception>
    public static void Initialise(string device)
    {
        CudaLibraries.Require(device, CudaLibrary.Driver);
        int result = DriverApi.Init(0);
        switch (result)
        {
            case DriverApi.Success:
                return;
            case DriverApi.StubLibrary:
                throw new DeviceLibraryException(
                    device, "the CUDA driver", "The toolkit's stub was found in its place.", "Take the folder 'stubs' out of the library path, and install NVIDIA's driver.");
            case DriverApi.NoDevice:
                throw new DeviceNotFoundException(device, "The driver finds no CUDA device.", $"{HiddenHint()}Use --device cpu.");
            case DriverApi.SystemDriverMismatch:
                throw new DeviceNotFoundException(device, "The driver's library and the kernel's module are of different versions.", "Restart the machine after an update of the driver.");
            default:
                throw new DeviceNotFoundException(device, $"The driver can't start: {DriverApi.Describe(result)}.", "See whether nvidia-smi works; 'doctor' shows what was found.");
        }
    }

    /// <exception cref="DeviceNotFoundException">There is no device of that number.</exception>
    public static void RequireOrdinal(string device, int ordinal)
    {
        int count = Count();
        if (count == 0)
            throw new DeviceNotFoundException(device, "The driver finds no CUDA device.", $"{HiddenHint()}Use --device cpu.");
        if (ordinal < 0 || ordinal >= count)
            throw new DeviceNotFoundException(device, FormattableString.Invariant($"There {(count == 1 ? "is 1 device" : $"are {count} devices")}."), FormattableString.Invariant($"Use --device cuda:0{(count == 1 ? "" : $" to cuda:{count - 1}")}."));
    }

    /// <summary>Number of devices; 0 where the driver can't say.</summary>
    public static int Count() => DriverApi.DeviceGetCount(out int count) == DriverApi.Success ? count : 0;

    public static CudaDeviceInfo Describe(int ordinal, int handle)
    {
        const int Length = 256;
        byte* name = stackalloc byte[Length];
        string model = DriverApi.DeviceGetName(name, Length, handle) == DriverApi.Success ? Marshal.PtrToStringUTF8((nint)name) ?? "" : "unknown";
        _ = DriverApi.DeviceTotalMemory(out nuint bytes, handle);
        return new CudaDeviceInfo(
            ordinal, model, Attribute(DriverApi.AttributeComputeMajor), Attribute(DriverApi.AttributeComputeMinor), (long)bytes,
            Attribute(DriverApi.AttributeMultiprocessors), Attribute(DriverApi.AttributeSharedPerBlockOptIn));

        int Attribute(int attribute) => DriverApi.DeviceGetAttribute(out int value, attribute, handle) == DriverApi.Success ? value : 0;
    }

    private static string HiddenHint() => Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") is { } visible
        ? $"CUDA_VISIBLE_DEVICES is '{visible}', which may hide it. "
        : "";
}
