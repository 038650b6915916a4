using FocalNet.Trainer.Data.Layouts;
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
/// Pairs of picture files in one of the layouts that restoration data sets come in (<see cref="DataLayouts"/>),
/// directly under a folder or under its train and test folders. Folder names are compared without regard to
/// case, and targets may have any picture extension.
/// </summary>
internal sealed class PairedFolder : IPairSource
{
    private PairedFolder(string root, DataLayout layout, PairMatch match)
    {
        (Root, Layout, Pairs, Problems, Naming) = (root, layout, match.Pairs, match.Problems, match.Naming);
    }

    /// <summary>The folder that holds the two folders.</summary>
    public string Root { get; }

    public DataLayout Layout { get; }

    /// <summary>How the names of most pairs belong together.</summary>
    public PairNaming Naming { get; }

    /// <summary>In the order of the input names.</summary>
    public IReadOnlyList<PairPaths> Pairs { get; }

    /// <summary>Pictures that make no pair, each with its reason: without a partner, or with several.</summary>
    public IReadOnlyList<DataSetException> Problems { get; }

    public int Count => Pairs.Count;

    public string Description => $"{Count} pairs in '{Root}' ({Layout.Folders}, {Layout.Name})";

    /// <summary>Finds the pairs and requires that every picture has its partner.</summary>
    /// <exception cref="DataSetException">No layout is found, or an input has no target, or several.</exception>
    /// <exception cref="ImageException">A folder has no pictures.</exception>
    public static PairedFolder Open(string folder, DataSplit split)
    {
        var pairs = Find(folder, split);
        return pairs.Problems.Count switch
        {
            0 => pairs,
            1 => throw pairs.Problems[0],
            var count => throw new DataSetException(pairs.Root,
                $"{count} of {pairs.Count + count} pictures make no pair: {string.Join(' ', pairs.Problems.Take(5).Select(problem => problem.Message))}{(count > 5 ? $" And {count - 5} more." : "")}",
                "--dry-run lists all of them."),
        };
    }

    /// <summary>Finds the pairs; what makes no pair is in <see cref="Problems"/>.</summary>
    /// <exception cref="DataSetException">No layout is found.</exception>
    /// <exception cref="ImageException">A folder has no pictures.</exception>
    public static PairedFolder Find(string folder, DataSplit split)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataSetException(folder, "there is no such folder.", "Check the path and its spelling.");
        }

        var names = DataLayouts.FoldersOf(split);
        foreach (var root in names.Select(name => FindFolder(folder, name)).OfType<string>().Append(folder))
        {
            foreach (var layout in DataLayouts.All)
            {
                if (PairMatch.TryFind(root, layout) is { } match)
                {
                    return new PairedFolder(root, layout, match);
                }
            }
        }

        throw new DataSetException(folder,
            $"no picture pairs are laid out here: looked for {string.Join(", ", DataLayouts.All.Select(layout => layout.Folders))}, in the folder itself and in {string.Join("/, ", names)}/.",
            "Name the folder above these, or sort the pictures into input/ and target/ under equal names.");
    }

    public PicturePair Load(int index, SeededRandom random)
    {
        var (inputPath, targetPath) = Pairs[index];
        var input = ImageFile.Read(inputPath);
        var target = ImageFile.Read(targetPath);
        RequireEqualSizes(Pairs[index], (input.Width, input.Height), (target.Width, target.Height));
        return new PicturePair(NameOf(index), input, target);
    }

    /// <summary>The input's path within the data set.</summary>
    public string NameOf(int index) => Path.GetRelativePath(Root, Pairs[index].Input).Replace('\\', '/');

    /// <summary>Reads the head of every file, so that hours of training do not end at a pair that could be refused at once.</summary>
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

    /// <exception cref="DataSetException">The sizes differ.</exception>
    public static void RequireEqualSizes(PairPaths pair, (int Width, int Height) input, (int Width, int Height) target)
    {
        if (input != target)
        {
            throw new DataSetException(pair.Input,
                $"the picture is {input.Width}×{input.Height}, but its target '{pair.Target}' is {target.Width}×{target.Height}.",
                "A pair must have one size: cut or replace one of the two, or remove both.");
        }
    }

    /// <summary>A folder below another, by a path whose names are compared without regard to case.</summary>
    internal static string? FindFolder(string parent, string path)
    {
        string? here = parent;
        foreach (var name in path.Split('/'))
        {
            here = here is null ? null : Directory.EnumerateDirectories(here)
                .Where(folder => string.Equals(Path.GetFileName(folder), name, StringComparison.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal).FirstOrDefault();
        }

        return here;
    }
}
