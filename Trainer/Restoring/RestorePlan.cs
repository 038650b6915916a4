using FocalNet.Trainer.Files;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Restoring;

/// <summary>A picture to restore and where the result goes.</summary>
internal sealed record RestoreItem(string Input, string Output);

/// <summary>Which files are restored, from what was named: files, folders with all below them, and patterns.</summary>
internal static class RestorePlan
{
    /// <summary>
    /// Files as they were named, the pictures of folders and of the folders in these, and those that a pattern with *, ? or **
    /// matches. Results of folders and patterns keep the tree. A file that is missing stays in the list, so that the others
    /// are restored all the same.
    /// </summary>
    /// <param name="inputs">Files, folders, patterns.</param>
    /// <param name="outputFolder">Where results go; what is in it already is no input of a folder or pattern around it.</param>
    /// <param name="extension">Extension of the results, such as <c>.png</c>; null keeps that of the input.</param>
    /// <exception cref="ImageException">A folder or pattern has no pictures, or the output is a file.</exception>
    /// <exception cref="RestorePlanException">Two inputs would give one output.</exception>
    public static IReadOnlyList<RestoreItem> Make(IEnumerable<string> inputs, string outputFolder, string? extension = null)
    {
        if (File.Exists(outputFolder))
        {
            throw new ImageException(ImageFailure.WouldOverwrite, outputFolder, "this is a file, not a folder.", "Name a folder for the restored pictures with --out.");
        }

        var items = new List<RestoreItem>();
        var byOutput = new Dictionary<string, string>(StringComparer.FromComparison(FilePaths.Comparison));
        foreach (var (root, name) in inputs.SelectMany(input => PicturesOf(input, outputFolder)))
        {
            var input = Path.Combine(root, name);
            var output = Path.Combine(outputFolder, extension is null ? name : Path.ChangeExtension(name, extension));
            if (byOutput.TryGetValue(output, out var other))
            {
                if (string.Equals(FilePaths.Resolve(other), FilePaths.Resolve(input), FilePaths.Comparison))
                {
                    continue;
                }

                throw new RestorePlanException($"'{other}' and '{input}' have the same name and would both become '{output}'. Restore them into different folders.");
            }

            byOutput.Add(output, input);
            items.Add(new RestoreItem(input, output));
        }

        return items;
    }

    // A folder and the path in it, of which the latter is kept.
    private static IEnumerable<(string Root, string Name)> PicturesOf(string input, string outputFolder)
    {
        if (Directory.Exists(input))
        {
            return ImageFolder.List(input, recursive: true).Where(path => !IsResult(path, input, outputFolder)).Select(path => (input, Path.GetRelativePath(input, path)));
        }

        if (FilePattern.Parse(input) is not { } pattern || File.Exists(input))
        {
            return [(Path.GetDirectoryName(input) ?? "", Path.GetFileName(input))];
        }

        var root = pattern.Root;
        var found = pattern.Matches()
            .Where(path => ImageFile.HasPictureExtension(path) && !Path.GetFileName(path).StartsWith('.') && !IsResult(path, root, outputFolder))
            .Select(path => Path.GetRelativePath(root.Length == 0 ? "." : root, path))
            .OrderBy(path => path, StringComparer.Ordinal).ToList();
        return found.Count > 0 ? found.Select(name => (root, name)) : throw new ImageException(
            ImageFailure.NoPictures, input, $"no picture ({string.Join(", ", ImageFile.Extensions)}) matches.", "* stands for any part of a name, ? for one character, ** for any folders; check the path.");
    }

    // Results of an earlier time that lie below the inputs; with results beside the inputs nothing can be told apart.
    private static bool IsResult(string path, string inputFolder, string outputFolder)
    {
        var (root, results) = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(inputFolder.Length == 0 ? "." : inputFolder)), Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputFolder)));
        return IsBelow(results, root) && IsBelow(Path.GetFullPath(path), results);

        static bool IsBelow(string path, string folder) => path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, FilePaths.Comparison);
    }
}

/// <summary>The pictures named can't be restored into one folder.</summary>
internal sealed class RestorePlanException(string message) : Exception(message);
