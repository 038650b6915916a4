using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using FocalNet.Runtime.Weights;

namespace FocalNet.Runtime.Cuda.Compilation;

/// <summary>
/// Compiled kernels on disk, in files named by the SHA-256 of everything that went into them. A file that is damaged counts as not there.
/// Where nothing can be written, nothing is kept. The least recently used files go when the folder grows beyond its limit.
/// </summary>
/// <param name="folder">The folder; made when the first kernel is kept.</param>
/// <param name="limitBytes">How large it may grow.</param>
internal sealed class KernelCache(string folder, long limitBytes = KernelCache.DefaultLimitBytes)
{
    /// <summary>Environment variable that names another folder.</summary>
    public const string FolderVariable = "FOCALNET_KERNEL_CACHE";

    /// <summary>All kernels of all networks for one device take a tenth of it.</summary>
    public const long DefaultLimitBytes = 512L << 20;

    private const string Extension = ".kernel";
    private static readonly byte[] Magic = "FNK1"u8.ToArray();

    // Changes with every commit, and so with how the runtime launches what it finds.
    private static readonly string RuntimeIdentity =
        typeof(KernelCache).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>Where kernels are kept unless told otherwise: the system's place for what can be made anew.</summary>
    public static string DefaultFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } chosen)
                return chosen;
            if (OperatingSystem.IsWindows())
                return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "FocalNet", "kernels");
            string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            string root = !string.IsNullOrEmpty(cache) && Path.IsPathRooted(cache)
                ? cache
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(root, "focalnet", "kernels");
        }
    }

    /// <summary>The name of what a compiler makes of a text.</summary>
    public static string Key(string text, string compiler) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{RuntimeIdentity}\0{compiler}\0{text}")));

    /// <summary>Files and bytes in the folder.</summary>
    public (int Files, long Bytes) Measure()
    {
        FileInfo[] files = Files();
        return (files.Length, files.Sum(f => f.Length));
    }

    /// <summary>A kernel, or null if it is not there or damaged.</summary>
    public KernelImage? TryRead(string key)
    {
        string path = PathOf(key);
        try
        {
            if (!File.Exists(path))
                return null;
            byte[] file = File.ReadAllBytes(path);
            int header = Magic.Length + SHA256.HashSizeInBytes + 1;
            if (file.Length <= header || !file.AsSpan(0, Magic.Length).SequenceEqual(Magic) || file[header - 1] > 1)
                return null;
            // The kind of image stands behind the hash and is hashed with the image.
            if (!SHA256.HashData(file.AsSpan(header - 1)).AsSpan().SequenceEqual(file.AsSpan(Magic.Length, SHA256.HashSizeInBytes)))
                return null;
            Touch(path);
            return new KernelImage(file[header..], file[header - 1] == 1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps a kernel, if it can.</summary>
    public void Write(string key, KernelImage image)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            byte[] hashed = [(byte)(image.IsPtx ? 1 : 0), .. image.Bytes];
            AtomicFile.Write(PathOf(key), stream =>
            {
                stream.Write(Magic);
                stream.Write(SHA256.HashData(hashed));
                stream.Write(hashed);
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that is read-only or full costs compilation each time, nothing else.
        }
    }

    /// <summary>Removes the least recently used files if there is more than the limit.</summary>
    public void Trim()
    {
        FileInfo[] files = Files();
        long bytes = files.Sum(f => f.Length);
        if (bytes <= limitBytes)
            return;
        // A quarter below the limit, so that it is not reached again at the next kernel.
        foreach (FileInfo file in files.OrderBy(f => f.LastWriteTimeUtc))
        {
            if (bytes <= limitBytes / 4 * 3)
                break;
            try
            {
                long length = file.Length;
                file.Delete();
                bytes -= length;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another process uses it, so it is not the least recently used one.
            }
        }
    }

    private string PathOf(string key) => Path.Combine(Folder, key + Extension);

    private FileInfo[] Files()
    {
        try
        {
            var info = new DirectoryInfo(Folder);
            return info.Exists ? info.GetFiles("*" + Extension) : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // The time of the last change is that of the last use: systems do not keep the latter reliably.
    private static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Read-only: it is then nobody's to trim either.
        }
    }
}
