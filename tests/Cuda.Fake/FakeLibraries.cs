using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace FocalNet.Tests.Cuda.Fake;

/// <summary>
/// False libraries of CUDA, built by g++ from the sources in Native/: libcuda.so.1, libnvrtc.so.12 and libcublas.so.12 with the real
/// prototypes, which run kernels in the host emulator. What loads CUDA at run time loads them by their folder.
/// </summary>
public static class FakeLibraries
{
    /// <summary>The false driver.</summary>
    public const string Driver = "libcuda.so.1";

    /// <summary>The false compiler.</summary>
    public const string Nvrtc = "libnvrtc.so.12";

    /// <summary>The false cuBLAS.</summary>
    public const string Cublas = "libcublas.so.12";

    private static readonly Lazy<string> Built = new(Build);

    private static string EmulatorSources => Path.Combine(AppContext.BaseDirectory, "Cuda.Emulator", "Native");

    private static string Sources => Path.Combine(AppContext.BaseDirectory, "Cuda.Fake", "Native");

    /// <summary>The folder with all three, built at the first call and kept in the temporary folder.</summary>
    /// <exception cref="InvalidOperationException">g++ is missing or fails; see <see cref="CudaTools.EmulatorSkipReason"/>.</exception>
    public static string Folder => Built.Value;

    /// <summary>A folder with some of them only: a CUDA that is half installed.</summary>
    public static string FolderWith(string parent, params string[] libraries)
    {
        string folder = Path.Combine(parent, "cuda-" + string.Join('-', libraries.Select(l => l.Split('.')[0])));
        Directory.CreateDirectory(folder);
        foreach (string library in libraries)
            File.Copy(Path.Combine(Folder, library), Path.Combine(folder, library), overwrite: true);
        return folder;
    }

    private static string Build()
    {
        string[] files = [.. Directory.GetFiles(Sources).Concat(Directory.GetFiles(EmulatorSources)).Order(StringComparer.Ordinal)];
        // The emulator's folder is compiled into the false NVRTC.
        string text = EmulatorSources + string.Concat(files.Select(File.ReadAllText)) + (File.Exists("/proc/cpuinfo") ? FlagsOfProcessor() : "");
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
        string folder = Path.Combine(Path.GetTempPath(), "focalnet-cuda-fake-" + Environment.UserName, hash), temporary = folder + "." + Guid.NewGuid().ToString("N");
        if (Directory.Exists(folder))
            return folder;
        Directory.CreateDirectory(temporary);
        string[] common = ["-std=c++17", "-O2", "-march=native", "-fPIC", "-fno-strict-aliasing", "-fno-extern-tls-init", "-fno-gnu-unique", "-shared", "-I", EmulatorSources];
        Compile([.. common, "-Wl,-soname," + Driver, .. Source("fake_cuda", "fake_streams", "fake_modules", "fake_emulator"), "-ldl", "-o", Path.Combine(temporary, Driver)]);
        Compile([.. common, "-Wl,-soname," + Nvrtc, $"-DFAKE_HEADERS=\"{EmulatorSources}\"", $"-DFAKE_FOLDER=\"{folder}\"", .. Source("fake_nvrtc"), "-o", Path.Combine(temporary, Nvrtc)]);
        Compile([.. common, "-Wl,-soname," + Cublas, .. Source("fake_cublas"), Path.Combine(temporary, Driver), "-Wl,-rpath,$ORIGIN", "-o", Path.Combine(temporary, Cublas)]);
        try
        {
            Directory.Move(temporary, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process was faster; both have built the same.
            Directory.Delete(temporary, recursive: true);
        }
        return folder;
    }

    private static IEnumerable<string> Source(params string[] names) => names.Select(name => Path.Combine(Sources, name + ".cpp"));

    // -march=native: what was built for one processor may not run on another that shares the folder.
    private static string FlagsOfProcessor() => File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal)) ?? "";

    private static void Compile(string[] arguments)
    {
        var start = new ProcessStartInfo(CudaTools.Compiler, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("g++ did not start.");
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException("g++ does not build the false CUDA libraries: " + errors);
    }
}
