using System.Security.Cryptography;
using System.Text;

namespace FocalNet.Tests.Cuda;

/// <summary>Compiled modules on disk, named by the hash of everything that went into them.</summary>
internal static class CompileCache
{
    internal const string FolderVariable = "FOCALNET_CUDA_CACHE";
    private static readonly Lazy<string> FolderOnce = new(CreateFolder);

    internal static string Folder => FolderOnce.Value;

    internal static string Hash(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }

    /// <summary>The file of this name, made by <paramref name="make"/> under a temporary name if it is not there.</summary>
    internal static string GetOrMake(string name, Action<string> make)
    {
        var path = Path.Combine(Folder, name);
        if (File.Exists(path)) return path;
        var temporary = Path.Combine(Folder, $"{Guid.NewGuid():N}{Path.GetExtension(name)}.tmp");
        try
        {
            make(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
        return path;
    }

    private static string CreateFolder()
    {
        var chosen = Environment.GetEnvironmentVariable(FolderVariable);
        var folder = string.IsNullOrEmpty(chosen)
            ? Path.Combine(Path.GetTempPath(), "focalnet-cuda-emulator-" + Environment.UserName)
            : chosen;
        Directory.CreateDirectory(folder);
        var oldest = DateTime.UtcNow.AddDays(-7);
        foreach (var file in Directory.EnumerateFiles(folder))
            if (File.GetLastWriteTimeUtc(file) < oldest) TryDelete(file);
        return folder;
    }

    // Another process may be at the same file: then it is that one's business.
    private static void TryDelete(string file)
    {
        try { File.Delete(file); }
        catch (IOException) { }
        catch (UnauthorizedAccessException) { }
    }
}
