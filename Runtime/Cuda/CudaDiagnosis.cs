using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Driver;

namespace FocalNet.Runtime.Cuda;

/// <summary>A device of the machine, and whether it can be used.</summary>
/// <param name="Info">Its properties.</param>
/// <param name="FreeBytes">Free memory; null if it can't be asked.</param>
/// <param name="Problem">What stands in the way; null if nothing does.</param>
public sealed record CudaDeviceReport(CudaDeviceInfo Info, long? FreeBytes, string? Problem);

/// <summary>What there is of CUDA on this machine, what is missing, and what to do about it. Collecting it changes nothing.</summary>
/// <param name="Libraries">Driver, NVRTC and cuBLAS, with every place that was tried.</param>
/// <param name="Devices">The devices that the driver knows.</param>
/// <param name="Problem">Why no device can be used at all; null if one can.</param>
/// <param name="Advice">What to do, one sentence each; empty if everything is there.</param>
/// <param name="CacheFolder">Where compiled kernels are kept.</param>
/// <param name="CacheFiles">How many there are.</param>
/// <param name="CacheBytes">What they take.</param>
public sealed record CudaDiagnosis(
    IReadOnlyList<LibraryReport> Libraries, IReadOnlyList<CudaDeviceReport> Devices, string? Problem, IReadOnlyList<string> Advice,
    string CacheFolder, int CacheFiles, long CacheBytes)
{
    /// <summary>Whether a CUDA device can run everything.</summary>
    public bool IsComplete => Problem is null && Advice.Count == 0;

    /// <summary>Whether there is a driver that knows a device: only then is it of interest what else is missing.</summary>
    public bool HasDevice => Devices.Count > 0;

    /// <summary>Looks for everything.</summary>
    public static CudaDiagnosis Collect()
    {
        LibraryReport[] libraries = [.. Enum.GetValues<CudaLibrary>().Select(CudaLibraries.Load)];
        (CudaDeviceReport[] devices, string? problem, string? wayOut) = FindDevices();
        List<string> advice = wayOut is null ? [] : [wayOut];
        // Without a device they would be of no use.
        foreach (LibraryReport missing in libraries.Where(l => l.Path is null && l.Library != CudaLibrary.Driver && devices.Length > 0))
        {
            advice.Add($"{missing.Title}: {CudaLibraries.Problem(missing)} {CudaLibraries.WayOut(missing.Library)}");
            if (missing.Library == CudaLibrary.Nvrtc)
                problem ??= "NVRTC is missing, so that no kernel can be compiled.";
        }
        if (devices.Length > 0 && devices.All(d => d.Problem is not null))
            problem ??= devices[0].Problem;
        var cache = new KernelCache(KernelCache.DefaultFolder);
        (int files, long bytes) = cache.Measure();
        return new CudaDiagnosis(libraries, devices, problem, advice, cache.Folder, files, bytes);
    }

    private static (CudaDeviceReport[] Devices, string? Problem, string? WayOut) FindDevices()
    {
        const string Anyone = "cuda";
        try
        {
            CudaDriver.Initialise(Anyone);
            CudaDriver.RequireOrdinal(Anyone, 0);
            return ([.. Enumerable.Range(0, CudaDriver.Count()).Select(Describe)], null, null);
        }
        catch (DeviceException exception)
        {
            return ([], exception.Message, exception.WayOut);
        }
    }

    private static CudaDeviceReport Describe(int ordinal)
    {
        if (DriverApi.DeviceGet(out int handle, ordinal) != DriverApi.Success)
            return new CudaDeviceReport(new CudaDeviceInfo(ordinal, "unknown", 0, 0, 0, 0, 0), null, "The driver can't open it.");
        CudaDeviceInfo info = CudaDriver.Describe(ordinal, handle);
        try
        {
            using var context = new CudaContext(ordinal);
            string? problem = CudaLibraries.Load(CudaLibrary.Nvrtc).Path is null ? null : CompilerProblem(context);
            return new CudaDeviceReport(info, context.FreeBytes, problem);
        }
        catch (DeviceException exception)
        {
            return new CudaDeviceReport(info, null, exception.Message);
        }
    }

    // Whether NVRTC has anything that this device runs.
    private static string? CompilerProblem(CudaContext context)
    {
        try
        {
            _ = new KernelCompiler(context.Name, context.Info, strict: false);
            return null;
        }
        catch (DeviceException exception)
        {
            return exception.Message;
        }
    }
}
