namespace FocalNet.Trainer.Images;

/// <summary>The pictures of a folder, by extension, in an order that is the same on every machine.</summary>
internal static class ImageFolder
{
    /// <summary>Full paths, ordered by the path within the folder, ordinally; hidden files are left out.</summary>
    /// <exception cref="ImageException">The folder is missing, or has no picture.</exception>
    public static IReadOnlyList<string> List(string folder, bool recursive = false)
    {
        if (!Directory.Exists(folder))
        {
            throw File.Exists(folder)
                ? new ImageException(ImageFailure.NotFound, folder, "this is a file, not a folder.", "Name the folder that holds it.")
                : new ImageException(ImageFailure.NotFound, folder, "there is no such folder.", "Check the path and its spelling.");
        }

        try
        {
            var options = new EnumerationOptions { RecurseSubdirectories = recursive, IgnoreInaccessible = false };
            var files = Directory.EnumerateFiles(folder, "*", options)
                .Where(path => ImageFile.HasPictureExtension(path) && !Path.GetFileName(path).StartsWith('.'))
                .OrderBy(path => Path.GetRelativePath(folder, path).Replace('\\', '/'), StringComparer.Ordinal)
                .Select(Path.GetFullPath)
                .ToList();
            return files.Count > 0 ? files : throw Empty(folder, recursive);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ImageException(ImageFailure.AccessDenied, folder, "access is denied.", "Check the folder's permissions.", e);
        }
    }

    private static ImageException Empty(string folder, bool recursive)
    {
        var depth = recursive ? "there are no pictures in the folder or below it" : "the folder has no pictures";
        var wayOut = recursive ? "" : " Pictures in folders below it are found when listing recursively.";
        return new ImageException(ImageFailure.NoPictures, folder, $"{depth} ({string.Join(", ", ImageFile.Extensions)}).", $"Check the path.{wayOut}");
    }
}
