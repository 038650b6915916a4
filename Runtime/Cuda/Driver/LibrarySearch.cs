using System.Globalization;
using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cuda.Driver;

/// <summary>The libraries that a CUDA device needs.</summary>
public enum CudaLibrary
{
    /// <summary>The driver, which comes with the graphics driver.</summary>
    Driver,

    /// <summary>NVRTC, which compiles kernels.</summary>
    Nvrtc,

    /// <summary>cuBLAS, which multiplies large matrices.</summary>
    Cublas,
}

/// <summary>Where libraries are looked for: file names by CUDA version, and folders in their order.</summary>
/// <remarks>
/// No part of this loads anything. <see cref="PathVariable"/> names the only folders to look in; else come the system's own search, the
/// folders of CUDA_PATH and CUDA_HOME, /usr/local/cuda*, and those into which Python packages put the same libraries.
/// </remarks>
internal sealed class LibrarySearch(Func<string, string?> environment, bool isWindows)
{
    /// <summary>Environment variable with the only folders to look in, separated as in PATH.</summary>
    public const string PathVariable = "FOCALNET_CUDA_PATH";

    private static readonly int[] Majors = [13, 12, 11];

    /// <summary>The search of this process.</summary>
    public static LibrarySearch OfProcess { get; } = new(Environment.GetEnvironmentVariable, OperatingSystem.IsWindows());

    /// <summary>Paths and bare names to try, the best first.</summary>
    /// <param name="library">The library.</param>
    /// <param name="driverMajor">CUDA version of the driver, which takes no code of a later one; 0 if unknown.</param>
    public IEnumerable<string> Candidates(CudaLibrary library, int driverMajor)
    {
        string[] folders = [.. Folders(library).Distinct()];
        bool isOnly = environment(PathVariable) is { Length: > 0 };
        foreach (string name in Names(library, driverMajor))
        {
            if (!isOnly)
                yield return name;
            foreach (string folder in folders)
                yield return Path.Combine(folder, name);
        }
    }

    /// <summary>File names of a library, those of the newest CUDA that the driver takes first.</summary>
    public IEnumerable<string> Names(CudaLibrary library, int driverMajor)
    {
        if (library == CudaLibrary.Driver)
            return isWindows ? ["nvcuda.dll"] : ["libcuda.so.1"];
        return Majors.OrderBy(major => driverMajor > 0 && major > driverMajor).Select(major => (library, isWindows) switch
        {
            (CudaLibrary.Nvrtc, true) => major == 11 ? "nvrtc64_112_0.dll" : $"nvrtc64_{major}0_0.dll",
            (CudaLibrary.Nvrtc, false) => major == 11 ? "libnvrtc.so.11.2" : $"libnvrtc.so.{major}",
            (_, true) => $"cublas64_{major}.dll",
            _ => $"libcublas.so.{major}",
        });
    }

    /// <summary>
    /// What must be in the process before a library is used, because the library opens it by its bare name: NVRTC its built-in
    /// functions, cuBLAS its second half. In the library's own folder.
    /// </summary>
    public IEnumerable<string> Companions(CudaLibrary library, string path)
    {
        string pattern = library switch
        {
            CudaLibrary.Nvrtc => isWindows ? "nvrtc-builtins64_*.dll" : "libnvrtc-builtins.so*",
            CudaLibrary.Cublas => isWindows ? "cublasLt64_*.dll" : "libcublasLt.so*",
            _ => "",
        };
        string? folder = Path.GetDirectoryName(path);
        return pattern.Length == 0 || string.IsNullOrEmpty(folder) || !Directory.Exists(folder) ? [] : Directory.GetFiles(folder, pattern);
    }

    private IEnumerable<string> Folders(CudaLibrary library)
    {
        if (environment(PathVariable) is { Length: > 0 } only)
            return only.Split(isWindows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries);
        if (library == CudaLibrary.Driver)
            return isWindows ? [] : ["/usr/lib/wsl/lib", "/usr/local/nvidia/lib64"];
        return [.. Toolkits().SelectMany(LibraryFoldersOf), .. SitePackages().SelectMany(site => WheelFolders(library, site))];
    }

    private IEnumerable<string> Toolkits()
    {
        foreach (string variable in (string[])["CUDA_PATH", "CUDA_HOME"])
        {
            if (environment(variable) is { Length: > 0 } folder)
                yield return folder;
        }
        if (isWindows)
        {
            string root = Path.Combine(environment("ProgramFiles") ?? @"C:\Program Files", "NVIDIA GPU Computing Toolkit", "CUDA");
            foreach (string folder in Newest(root, "v*"))
                yield return folder;
        }
        else
        {
            foreach (string folder in Newest("/usr/local", "cuda*"))
                yield return folder;
        }
    }

    private IEnumerable<string> LibraryFoldersOf(string toolkit) => isWindows
        ? [Path.Combine(toolkit, "bin"), Path.Combine(toolkit, "bin", "x64")]
        : [Path.Combine(toolkit, "lib64"), Path.Combine(toolkit, "lib"), Path.Combine(toolkit, "targets", Target, "lib")];

    private static string Target => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "sbsa-linux" : "x86_64-linux";

    // Where Python keeps packages: of an active environment, of the user, of the system.
    private IEnumerable<string> SitePackages()
    {
        foreach (string variable in (string[])["VIRTUAL_ENV", "CONDA_PREFIX"])
        {
            if (environment(variable) is not { Length: > 0 } root)
                continue;
            yield return Path.Combine(root, "Lib", "site-packages");
            foreach (string python in Newest(Path.Combine(root, "lib"), "python3*"))
                yield return Path.Combine(python, "site-packages");
        }
        string[] roots = isWindows
            ? [Path.Combine(environment("LOCALAPPDATA") ?? "", "Programs", "Python"), Path.Combine(environment("APPDATA") ?? "", "Python")]
            : [Path.Combine(environment("HOME") ?? "", ".local", "lib"), "/usr/local/lib", "/usr/lib"];
        foreach (string python in roots.SelectMany(root => Newest(root, isWindows ? "Python3*" : "python3*")))
        {
            if (isWindows)
                yield return Path.Combine(python, "Lib", "site-packages");
            yield return Path.Combine(python, "site-packages");
            yield return Path.Combine(python, "dist-packages");
        }
    }

    private IEnumerable<string> WheelFolders(CudaLibrary library, string site)
    {
        string nvidia = Path.Combine(site, "nvidia"), package = library == CudaLibrary.Nvrtc ? "cuda_nvrtc" : "cublas";
        return isWindows
            ? [Path.Combine(nvidia, "cu13", "bin", "x86_64"), Path.Combine(nvidia, package, "bin")]
            : [Path.Combine(nvidia, "cu13", "lib"), Path.Combine(nvidia, package, "lib")];
    }

    // The highest version first: cuda-12.10 after cuda-12.9 in the alphabet, so names are compared by their numbers.
    private static IEnumerable<string> Newest(string root, string pattern)
    {
        try
        {
            return Directory.Exists(root) ? [.. Directory.GetDirectories(root, pattern).OrderByDescending(VersionOf).ThenBy(folder => folder, StringComparer.Ordinal)] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static Version VersionOf(string folder)
    {
        string digits = Path.GetFileName(folder).TrimStart("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-".ToCharArray());
        if (Version.TryParse(digits, out Version? version))
            return version;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? new Version(major, 0) : new Version(0, 0);
    }
}
