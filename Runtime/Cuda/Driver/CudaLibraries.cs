using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cuda.Driver;

/// <summary>One place where a library was looked for.</summary>
/// <param name="Path">A path, or a bare name that the system looked for.</param>
/// <param name="Outcome">What came of it.</param>
public sealed record LibraryAttempt(string Path, string Outcome);

/// <summary>What became of the search for a library.</summary>
/// <param name="Library">The library.</param>
/// <param name="Path">What was loaded: a path, or a bare name where the system found it; null if nothing was.</param>
/// <param name="Version">Its version, such as 12.8; null if it was not loaded.</param>
/// <param name="Attempts">Every place that was tried, in order.</param>
public sealed record LibraryReport(CudaLibrary Library, string? Path, Version? Version, IReadOnlyList<LibraryAttempt> Attempts)
{
    /// <summary>What people call it.</summary>
    public string Title => Library switch { CudaLibrary.Driver => "the CUDA driver", CudaLibrary.Nvrtc => "NVRTC", _ => "cuBLAS" };
}

/// <summary>Loads the driver, NVRTC and cuBLAS, each when it is first asked for, once in a process.</summary>
internal static class CudaLibraries
{
    private static readonly Lazy<LibraryReport>[] Reports = [Search(CudaLibrary.Driver), Search(CudaLibrary.Nvrtc), Search(CudaLibrary.Cublas)];
    private static readonly nint[] Handles = new nint[3];

    static CudaLibraries() => NativeLibrary.SetDllImportResolver(typeof(CudaLibraries).Assembly, (name, _, _) => name switch
    {
        DriverApi.Library => Handles[(int)CudaLibrary.Driver],
        Nvrtc.Library => Handles[(int)CudaLibrary.Nvrtc],
        Cublas.Library => Handles[(int)CudaLibrary.Cublas],
        _ => 0,
    });

    /// <summary>Loads a library if that has not happened yet, and says what came of it.</summary>
    public static LibraryReport Load(CudaLibrary library) => Reports[(int)library].Value;

    /// <summary>Loads a library.</summary>
    /// <exception cref="DeviceLibraryException">It is not there, or can't be loaded; the message says what to install.</exception>
    public static LibraryReport Require(string device, CudaLibrary library)
    {
        LibraryReport report = Load(library);
        return report.Path is not null ? report : throw new DeviceLibraryException(device, report.Title, Problem(report), WayOut(library));
    }

    /// <summary>What someone who lacks a library can do.</summary>
    public static string WayOut(CudaLibrary library) => library switch
    {
        CudaLibrary.Driver => "Install NVIDIA's driver, or use --device cpu.",
        CudaLibrary.Nvrtc => $"Install the CUDA toolkit 11.4 to 13, or `pip install nvidia-cuda-nvrtc-cu12`, or name its folder in {LibrarySearch.PathVariable}; or use --device cpu.",
        _ => $"Install the CUDA toolkit 11.4 to 13, or `pip install nvidia-cublas-cu12`, or name its folder in {LibrarySearch.PathVariable}; or use --device cpu.",
    };

    /// <summary>Why a library is not there: what stands in the way where a file was found, else how many places were looked at.</summary>
    public static string Problem(LibraryReport report)
    {
        LibraryAttempt[] broken = [.. report.Attempts.Where(a => a.Outcome != NotThere)];
        return broken.Length > 0
            ? $"{broken[0].Path} was found, but {broken[0].Outcome}."
            : FormattableString.Invariant($"It was not found in any of {report.Attempts.Count} places (doctor lists them).");
    }

    private const string NotThere = "not there";

    private static Lazy<LibraryReport> Search(CudaLibrary library) => new(() => Find(library, LibrarySearch.OfProcess));

    private static LibraryReport Find(CudaLibrary library, LibrarySearch search)
    {
        int driverMajor = library == CudaLibrary.Driver ? 0 : Load(CudaLibrary.Driver).Version?.Major ?? 0;
        var attempts = new List<LibraryAttempt>();
        foreach (string candidate in search.Candidates(library, driverMajor))
        {
            string? problem = TryLoad(library, candidate, search, out nint handle);
            attempts.Add(new LibraryAttempt(candidate, problem ?? "loaded"));
            if (problem is not null)
                continue;
            Handles[(int)library] = handle;
            return new LibraryReport(library, candidate, VersionOf(library), attempts);
        }
        return new LibraryReport(library, null, null, attempts);
    }

    // The problem, or null.
    private static string? TryLoad(CudaLibrary library, string candidate, LibrarySearch search, out nint handle)
    {
        handle = 0;
        bool isPath = Path.IsPathRooted(candidate);
        if (isPath && !File.Exists(candidate))
            return NotThere;
        if (isPath)
        {
            foreach (string companion in search.Companions(library, candidate))
                NativeLibrary.TryLoad(companion, out _);
        }
        try
        {
            handle = NativeLibrary.Load(candidate);
            return null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            // A bare name that is nowhere, and a file that lacks what it depends on, give the same exception.
            return isPath ? "it can't be loaded: " + exception.Message.ReplaceLineEndings(" ").Trim() : NotThere;
        }
    }

    private static Version? VersionOf(CudaLibrary library)
    {
        switch (library)
        {
            case CudaLibrary.Driver:
                return DriverApi.DriverGetVersion(out int driver) == DriverApi.Success ? new Version(driver / 1000, driver % 1000 / 10) : null;
            case CudaLibrary.Nvrtc:
                return Nvrtc.Version(out int major, out int minor) == Nvrtc.Success ? new Version(major, minor) : null;
            default:
                return Cublas.GetProperty(0, out int first) == Cublas.Success && Cublas.GetProperty(1, out int second) == Cublas.Success ? new Version(first, second) : null;
        }
    }
}
