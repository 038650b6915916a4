namespace FocalNet.Trainer.Files;

/// <summary>
/// Writes a file so that nobody ever sees half of it: into a temporary name in the same folder, flushed to
/// the disk, then renamed. On any failure (a full disk, a cancelled run) the temporary file is removed and
/// what was there before is untouched.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Writes <paramref name="path"/> with <paramref name="write"/>; creates its folder if needed.</summary>
    /// <exception cref="IOException">The disk is full, or the file exists and <paramref name="overwrite"/> is false.</exception>
    public static void Write(string path, bool overwrite, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full) ?? throw new IOException($"'{path}' names a drive, not a file.");
        Directory.CreateDirectory(folder);
        // A leading dot keeps the half-written file out of folder listings, ours and the shell's.
        var temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one worth reporting; a leftover dot file is harmless.
        }
    }
}
