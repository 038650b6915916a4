namespace FocalNet.Runtime.Weights;

/// <summary>Writes a file so that its path holds either the previous or the complete new content, never a part of it.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes to a temporary name in the same folder, flushes to the disk and renames. When anything fails (a full disk,
    /// an exception of <paramref name="write"/>), the previous file stays and the temporary one is removed.
    /// </summary>
    /// <param name="path">The file to create or replace; a symbolic link is followed.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <exception cref="IOException">The disk is full, the folder does not exist, or the file exists and must not be replaced.</exception>
    public static void Write(string path, Action<Stream> write, bool overwrite = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var target = Path.GetFullPath(path);
        if (new FileInfo(target).LinkTarget is not null)
            target = File.ResolveLinkTarget(target, returnFinalTarget: true)?.FullName ?? target;
        var folder = Path.GetDirectoryName(target) ?? throw new IOException($"'{path}' names a drive, not a file.");
        // A leading dot keeps the half-written file out of folder listings.
        var temporary = Path.Combine(folder, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                // A rename may reach the disk before the data does: after a power cut the name would hold nothing.
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, target, overwrite);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // What .NET makes of EFBIG: a limit of the file system or of the process, met while writing.
            RemoveQuietly(temporary);
            throw new IOException($"The file grew too large for the disk or for the limit of the process: '{temporary}'.", exception);
        }
        catch
        {
            RemoveQuietly(temporary);
            throw;
        }
    }

    private static void RemoveQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report.
        }
    }
}
