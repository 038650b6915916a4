namespace FocalNet.Trainer.Files;

/// <summary>Whether two paths are the same file.</summary>
internal static class FilePaths
{
    /// <summary>As file systems of this system usually compare names.</summary>
    public static StringComparison Comparison { get; } =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>The full path with every symbolic link in it followed; what does not exist is kept as it is.</summary>
    public static string Resolve(string path)
    {
        var full = Path.GetFullPath(path);
        var parent = Path.GetDirectoryName(full);
        if (parent is null)
        {
            return full;
        }

        var here = Path.Combine(Resolve(parent), Path.GetFileName(full));
        try
        {
            FileSystemInfo entry = Directory.Exists(here) ? new DirectoryInfo(here) : new FileInfo(here);
            return entry.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? here;
        }
        catch (IOException)
        {
            // A cycle of links leads nowhere; opening it will say so.
            return here;
        }
    }
}
