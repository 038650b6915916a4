namespace FocalNet.Trainer.Data.Layouts;

/// <summary>How the two pictures of a pair are named after each other.</summary>
internal enum PairNaming
{
    /// <summary>Alike, but for the extension.</summary>
    Equal,

    /// <summary>The clear picture is called like the degraded one up to its first underscore: several degraded ones share it.</summary>
    Prefix,

    /// <summary>One has a word where the other has another: 01_hazy and 01_GT, 0005_NighttimeHazy_1 and 0005_lowLight_1.</summary>
    Word,
}

/// <summary>A form in which picture pairs come: two folders, or one, and how names in them belong together.</summary>
/// <param name="Name">The data sets that have it.</param>
/// <param name="Input">The folder of degraded pictures.</param>
/// <param name="Target">The folder of clear ones; the same as <paramref name="Input"/>, empty, where all are in one folder.</param>
/// <param name="Namings">How names may belong together, the likeliest first.</param>
internal sealed record DataLayout(string Name, string Input, string Target, params IReadOnlyList<PairNaming> Namings)
{
    /// <summary>The word of degraded pictures in <see cref="PairNaming.Word"/>: at the end of a name, or before its last number.</summary>
    public string InputWord { get; init; } = "_hazy";

    /// <summary>The word of clear ones.</summary>
    public string TargetWord { get; init; } = "_GT";

    /// <summary>Whether all pictures are in one folder, told apart by the words in their names.</summary>
    public bool IsOneFolder => Input.Length == 0;

    /// <summary>As people write it: <c>hazy/ with gt/</c>.</summary>
    public string Folders => IsOneFolder ? $"*{InputWord}* with *{TargetWord}*" : $"{Input}/ with {Target}/";

    /// <summary>Names (without extension) that the target of an input may have, the likeliest first.</summary>
    public IEnumerable<(PairNaming Naming, string Key)> KeysOf(string inputPath)
    {
        var stem = Path.GetFileNameWithoutExtension(inputPath);
        foreach (var naming in Namings)
        {
            if (KeyOf(stem, naming) is { } key)
            {
                yield return (naming, key);
            }
        }
    }

    /// <summary>Whether a file of the one folder is a degraded picture, or else a clear one; null for neither.</summary>
    public bool? IsInput(string path)
    {
        var stem = Path.GetFileNameWithoutExtension(path);
        return PlaceOf(stem, InputWord) is not null ? true : PlaceOf(stem, TargetWord) is not null ? false : null;
    }

    private string? KeyOf(string stem, PairNaming naming) => naming switch
    {
        PairNaming.Prefix => stem.IndexOf('_') is > 0 and var underscore ? stem[..underscore] : null,
        PairNaming.Word => PlaceOf(stem, InputWord) is { } place ? stem[..place] + TargetWord + stem[(place + InputWord.Length)..] : null,
        _ => stem,
    };

    // Where the word stands in a name; null if it does not, or if anything but a number follows it.
    private static int? PlaceOf(string stem, string word)
    {
        var place = stem.LastIndexOf(word, StringComparison.OrdinalIgnoreCase);
        if (place < 0)
        {
            return null;
        }

        var rest = stem.AsSpan(place + word.Length);
        return rest.Length == 0 || (rest.Length > 1 && rest[0] == '_' && !rest[1..].ContainsAnyExceptInRange('0', '9')) ? place : null;
    }
}

/// <summary>The forms that are looked for, and where in a data set.</summary>
internal static class DataLayouts
{
    /// <summary>In this order. Folder names are compared without regard to case.</summary>
    public static IReadOnlyList<DataLayout> All { get; } =
    [
        // RESIDE as most distribute it: 1400_8_0.92.png of 1400.png. O-HAZE, Dense-Haze: 01_outdoor_hazy.jpg of 01_outdoor_GT.jpg. NHR: equal names.
        new("RESIDE, O-HAZE, Dense-Haze, NHR", "hazy", "gt", PairNaming.Word, PairNaming.Prefix, PairNaming.Equal),
        new("RESIDE, Haze4K", "hazy", "clear", PairNaming.Prefix, PairNaming.Equal),
        // RESIDE as its authors pack it.
        new("RESIDE indoor", "ITS_haze", "ITS_clear", PairNaming.Prefix),
        new("RESIDE indoor", "haze", "clear", PairNaming.Prefix, PairNaming.Equal),
        new("RESIDE outdoor", "OTS", "clear_images", PairNaming.Prefix),
        new("pairs", "input", "target", PairNaming.Equal),
        new("CSD, SRRS", "Snow", "Gt", PairNaming.Equal),
        // SRRS as its authors pack it: 46.jpg of 46.jpg, the masks in "Combine Snow" and others; repacked with gt_new.
        new("SRRS", "Syn", "gt", PairNaming.Equal),
        new("SRRS", "Syn", "gt_new", PairNaming.Equal),
        new("Snow100K", "synthetic", "gt", PairNaming.Equal),
        // The combined view; those of the two halves of the sensor lie in folders of their own.
        new("DPDD", "source", "target", PairNaming.Equal),
        new("DPDD", "inputC", "target", PairNaming.Equal),
        new("NH-HAZE", "", "", PairNaming.Word),
        // As its authors' code writes it: the hazy picture and the one by lamplight without haze, in one folder.
        new("NHR", "", "", PairNaming.Word) { InputWord = "_NighttimeHazy", TargetWord = "_lowLight" },
    ];

    /// <summary>Folders that hold the pairs of a part, below the folder that is named; after them, that folder itself.</summary>
    public static IReadOnlyList<string> FoldersOf(DataSplit split) => split == DataSplit.Train
        ? ["train", "train2500", "train_c", "all", "ITS/train", "ITS", "OTS_ALPHA", "OTS", "nighttimeHazy"]
        : ["test", "test2000", "test_c", "test/Snow100K-L", "test/Snow100K-M", "test/Snow100K-S", "SOTS/indoor", "SOTS/outdoor", "indoor", "outdoor", "ITS/val", "val", "val_c", "nighttimeHazy"];
}
