using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Data;

/// <summary>Which part of a data set.</summary>
internal enum DataSplit
{
    Train,
    Test,
}

/// <summary>The paths of a pair.</summary>
internal sealed record PairPaths(string Input, string Target);

/// <summary>
/// Pairs of picture files in one of the layouts that restoration data sets come in (<see cref="Layouts"/>),
/// directly under a folder or under its train and test folders. Folder names are compared without regard to
/// case, and targets may have any picture extension.
/// </summary>
internal sealed class PairedFolder : IPairSource
{
    private PairedFolder(string root, FolderLayout layout, IReadOnlyList<PairPaths> pairs)
    {
        Root = root;
        Layout = layout;
        Pairs = pairs;
    }

    /// <summary>The layouts looked for, in this order.</summary>
    public static IReadOnlyList<FolderLayout> Layouts { get; } =
    [
        // RESIDE: several hazy pictures per clear one, as "1400_8_0.92.png" of "1400.png".
        new("hazy", "gt", IsNumberedByPrefix: true),
        new("input", "target", IsNumberedByPrefix: false),
        // CSD, SRRS, Snow100K.
        new("Snow", "Gt", IsNumberedByPrefix: false),
        // DPDD, its centre views.
        new("source", "target", IsNumberedByPrefix: false),
    ];

    /// <summary>The folder that holds the two folders.</summary>
    public string Root { get; }

    public FolderLayout Layout { get; }

    /// <summary>In the order of the input names.</summary>
    public IReadOnlyList<PairPaths> Pairs { get; }

    public int Count => Pairs.Count;

    public string Description => $"{Count} pairs in '{Root}' ({Layout.Input}/ and {Layout.Target}/)";

    /// <exception cref="DataSetException">No layout is found, or an input has no target.</exception>
    /// <exception cref="ImageException">A folder has no pictures.</exception>
    public static PairedFolder Open(string folder, DataSplit split)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataSetException(folder, "there is no such folder.", "Check the path and its spelling.");
        }

        string[] splitNames = split == DataSplit.Train ? ["train", "train2500", "train_c"] : ["test", "test2000", "test_c"];
        var roots = splitNames.Select(name => FindFolder(folder, name)).OfType<string>().Append(folder).ToList();
        foreach (var root in roots)
        {
            foreach (var layout in Layouts)
            {
                if (FindFolder(root, layout.Input) is { } inputs && FindFolder(root, layout.Target) is { } targets)
                {
                    return new PairedFolder(root, layout, Match(layout, inputs, targets));
                }
            }
        }

        var wanted = string.Join(", ", Layouts.Select(layout => $"{layout.Input}/ with {layout.Target}/"));
        throw new DataSetException(folder, $"no picture pairs are laid out here: looked for {wanted}, in the folder itself and in {string.Join("/, ", splitNames)}/.",
            "Name the folder above these, or sort the pictures into input/ and target/ under equal names.");
    }

    public PicturePair Load(int index, SeededRandom random)
    {
        var (inputPath, targetPath) = Pairs[index];
        var input = ImageFile.Read(inputPath);
        var target = ImageFile.Read(targetPath);
        RequireEqualSizes(Pairs[index], (input.Width, input.Height), (target.Width, target.Height));
        return new PicturePair(Path.GetRelativePath(Root, inputPath).Replace('\\', '/'), input, target);
    }

    /// <summary>Reads the head of every file: what a dry run does before hours of training.</summary>
    /// <exception cref="DataSetException">The sizes of a pair differ.</exception>
    /// <exception cref="ImageException">A file is missing, empty or no picture.</exception>
    public void RequireEqualSizes(IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        for (var i = 0; i < Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            RequireEqualSizes(Pairs[i], ImageFile.ReadSize(Pairs[i].Input), ImageFile.ReadSize(Pairs[i].Target));
            progress?.Report(i + 1);
        }
    }

    private static void RequireEqualSizes(PairPaths pair, (int Width, int Height) input, (int Width, int Height) target)
    {
        if (input != target)
        {
            throw new DataSetException(pair.Input,
                $"the picture is {input.Width}×{input.Height}, but its target '{pair.Target}' is {target.Width}×{target.Height}.",
                "A pair must have one size: cut or replace one of the two, or remove both.");
        }
    }

    private static List<PairPaths> Match(FolderLayout layout, string inputs, string targets)
    {
        var byStem = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in ImageFolder.List(targets))
        {
            var stem = Path.GetFileNameWithoutExtension(path);
            if (!byStem.TryAdd(stem, path))
            {
                throw new DataSetException(path, $"'{Path.GetFileName(byStem[stem])}' has the same name but for the extension.", "Keep one of the two.");
            }
        }

        var pairs = new List<PairPaths>();
        var missing = new List<string>();
        foreach (var path in ImageFolder.List(inputs))
        {
            if (layout.KeysOf(path).Select(byStem.GetValueOrDefault).FirstOrDefault(found => found is not null) is { } target)
            {
                pairs.Add(new PairPaths(path, target));
            }
            else
            {
                missing.Add($"{Path.GetFileName(path)} (wants {layout.KeysOf(path).First()}.*)");
            }
        }

        if (missing.Count == 0)
        {
            return pairs;
        }

        var named = string.Join(", ", missing.Take(5)) + (missing.Count > 5 ? $" and {missing.Count - 5} more" : "");
        throw new DataSetException(targets, $"{missing.Count} of {pairs.Count + missing.Count} pictures in '{inputs}' have no target here: {named}.",
            "Add the missing targets or remove these inputs.");
    }

    private static string? FindFolder(string parent, string name) => Directory.EnumerateDirectories(parent)
        .Where(path => string.Equals(Path.GetFileName(path), name, StringComparison.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal).FirstOrDefault();
}

/// <summary>Two folders and how names in them belong together.</summary>
/// <param name="Input">The folder of degraded pictures.</param>
/// <param name="Target">The folder of clear ones.</param>
/// <param name="IsNumberedByPrefix">Whether the target is called like the input up to its first underscore.</param>
internal sealed record FolderLayout(string Input, string Target, bool IsNumberedByPrefix)
{
    /// <summary>Names (without extension) that the target of an input may have, the likeliest first.</summary>
    public IEnumerable<string> KeysOf(string inputPath)
    {
        var stem = Path.GetFileNameWithoutExtension(inputPath);
        if (IsNumberedByPrefix && stem.IndexOf('_') is > 0 and var underscore)
        {
            yield return stem[..underscore];
        }

        yield return stem;
    }
}
