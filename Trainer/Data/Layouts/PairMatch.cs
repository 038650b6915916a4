using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Data.Layouts;

/// <summary>Which pictures of two folders belong together, and which belong to none.</summary>
/// <param name="Pairs">In the order of the input names.</param>
/// <param name="Problems">One for each picture that makes no pair though it should.</param>
/// <param name="Naming">How the names of most pairs belong together.</param>
internal sealed record PairMatch(IReadOnlyList<PairPaths> Pairs, IReadOnlyList<DataSetException> Problems, PairNaming Naming)
{
    /// <summary>The pairs of a layout under a folder; null if the folder is not laid out so.</summary>
    /// <exception cref="ImageException">A folder of the layout has no pictures.</exception>
    public static PairMatch? TryFind(string root, DataLayout layout)
    {
        if (layout.IsOneFolder)
        {
            var files = Directory.EnumerateFiles(root).Where(ImageFile.HasPictureExtension).ToLookup(layout.IsInput);
            return files[true].Any() && files[false].Any() ? Make(layout, Sorted(files[true]), Sorted(files[false])) : null;
        }

        return PairedFolder.FindFolder(root, layout.Input) is { } inputs && PairedFolder.FindFolder(root, layout.Target) is { } targets
            ? Make(layout, ImageFolder.List(inputs), ImageFolder.List(targets))
            : null;
    }

    private static PairMatch Make(DataLayout layout, IReadOnlyList<string> inputs, IReadOnlyList<string> targets)
    {
        var byStem = targets.ToLookup(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase);
        var pairs = new List<PairPaths>();
        var problems = new List<DataSetException>();
        var namings = new int[Enum.GetValues<PairNaming>().Length];
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var input in inputs)
        {
            var stem = Path.GetFileNameWithoutExtension(input);
            if (!seen.TryAdd(stem, input))
            {
                problems.Add(new DataSetException(input, $"'{Path.GetFileName(seen[stem])}' beside it has the same name but for the extension.", "Keep one of the two."));
                continue;
            }

            var (naming, key) = layout.KeysOf(input).FirstOrDefault(key => byStem.Contains(key.Key));
            if (key is null)
            {
                problems.Add(Missing(layout, input, Path.GetDirectoryName(targets[0])!));
            }
            else if (OneOf(byStem[key], key) is { } target)
            {
                namings[(int)naming]++;
                pairs.Add(new PairPaths(input, target));
            }
            else
            {
                var names = byStem[key].Select(path => $"'{Path.GetFileName(path)}'");
                problems.Add(new DataSetException(input, $"its target could be {string.Join(" or ", names)} in '{Path.GetDirectoryName(targets[0])}'.", "Keep one of them."));
            }
        }

        return new PairMatch(pairs, problems, (PairNaming)Array.IndexOf(namings, namings.Max()));
    }

    /// <summary>The only one, or the only one of the very same case; null if there are more.</summary>
    private static string? OneOf(IEnumerable<string> paths, string key)
    {
        var all = paths.ToList();
        var exact = all.Where(path => Path.GetFileNameWithoutExtension(path) == key).ToList();
        return (all.Count, exact.Count) switch { (1, _) => all[0], (_, 1) => exact[0], _ => null };
    }

    private static DataSetException Missing(DataLayout layout, string input, string folder)
    {
        var wanted = string.Join(" or ", layout.KeysOf(input).Select(key => key.Key + ".*").Distinct());
        return new DataSetException(input, $"it has no target: '{folder}' has no {wanted}.", "Add the target or remove the picture.");
    }

    private static List<string> Sorted(IEnumerable<string> files) => [.. files.Order(StringComparer.Ordinal).Select(Path.GetFullPath)];
}
