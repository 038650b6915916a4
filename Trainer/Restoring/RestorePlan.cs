using FocalNet.Trainer.Files;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Restoring;

/// <summary>A picture to restore and where the result goes.</summary>
internal sealed record RestoreItem(string Input, string Output);

/// <summary>Which files are restored, from what was named: files and folders.</summary>
internal static class RestorePlan
{
    /// <summary>
    /// Files as they were named, and the pictures of folders. A file that is missing stays in the list, so that the others
    /// are restored all the same.
    /// </summary>
    /// <exception cref="ImageException">A folder has no pictures, or the output is a file.</exception>
    /// <exception cref="RestorePlanException">Two inputs would give one output.</exception>
    public static IReadOnlyList<RestoreItem> Make(IEnumerable<string> inputs, string outputFolder)
    {
        if (File.Exists(outputFolder))
        {
            throw new ImageException(ImageFailure.WouldOverwrite, outputFolder, "this is a file, not a folder.", "Name a folder for the restored pictures with --out.");
        }

        var items = new List<RestoreItem>();
        var byOutput = new Dictionary<string, string>(StringComparer.FromComparison(FilePaths.Comparison));
        foreach (var input in inputs.SelectMany(PicturesOf))
        {
            var output = Path.Combine(outputFolder, Path.GetFileName(input));
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

    private static IEnumerable<string> PicturesOf(string input) => Directory.Exists(input)
        ? ImageFolder.List(input).Select(path => Path.Combine(input, Path.GetFileName(path)))
        : [input];
}

/// <summary>The pictures named can't be restored into one folder.</summary>
internal sealed class RestorePlanException(string message) : Exception(message);
