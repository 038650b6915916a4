using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Data;

/// <summary>What was found in a data set.</summary>
/// <param name="Description">What it is, and where.</param>
/// <param name="Pairs">Pairs that were found.</param>
/// <param name="Smallest">The pair of the smallest area; null if none could be read.</param>
/// <param name="Median">The pair of the median area.</param>
/// <param name="Largest">The pair of the largest area.</param>
/// <param name="BitDepths">Pictures by bits a sample.</param>
/// <param name="Problems">What keeps it from being trained on or scored, each with the file, the reason and the way out.</param>
/// <param name="Notes">What one should know and can live with.</param>
internal sealed record DataSetReport(
    string Description, int Pairs, PictureHead? Smallest, PictureHead? Median, PictureHead? Largest, IReadOnlyDictionary<int, int> BitDepths,
    IReadOnlyList<string> Problems, IReadOnlyList<string> Notes);

/// <summary>Looks at every pair of a data set before hours are spent on it.</summary>
internal static class DataSetInspection
{
    /// <summary>How many pairs too small for the crop are named.</summary>
    private const int NamedPairs = 3;

    /// <param name="pairs">The data set.</param>
    /// <param name="crop">Side of the crops, 0 for whole pictures; null where nothing is cropped.</param>
    /// <param name="batch">Pairs in a batch.</param>
    /// <param name="isThorough">Whether pictures are decoded to their end; otherwise their heads are read, and damage further on goes unseen.</param>
    /// <param name="progress">Is told how many pairs were looked at, one call at a time.</param>
    /// <param name="cancellation">Stops it.</param>
    public static DataSetReport Inspect(PairedFolder pairs, int? crop, int batch, bool isThorough, IProgress<int>? progress, CancellationToken cancellation)
    {
        var heads = new PictureHead?[pairs.Count];
        var depths = new (int Input, int Target)[pairs.Count];
        var failures = new string?[pairs.Count];
        var reporting = new Lock();
        var done = 0;
        Parallel.For(0, pairs.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            try
            {
                var (input, target) = Look(pairs.Pairs[i], isThorough);
                (heads[i], depths[i]) = (input, (input.BitDepth, target.BitDepth));
            }
            catch (Exception e) when (e is ImageException or DataSetException)
            {
                failures[i] = e.Message;
            }

            lock (reporting)
            {
                progress?.Report(++done);
            }
        });

        var readable = heads.OfType<PictureHead>().OrderBy(head => (long)head.Width * head.Height).ToList();
        var problems = pairs.Problems.Select(problem => problem.Message).Concat(failures.OfType<string>()).ToList();
        if (crop == 0 && batch > 1 && readable.Select(head => (head.Width, head.Height)).Distinct().Count() > 1)
        {
            problems.Add($"'{pairs.Root}': whole pictures of different sizes cannot share a batch. Set a --crop, or --batch 1.");
        }

        var counts = depths.Where((_, i) => heads[i] is not null).SelectMany(depth => (int[])[depth.Input, depth.Target])
            .CountBy(depth => depth).OrderBy(depth => depth.Key).ToDictionary(depth => depth.Key, depth => depth.Value);
        return new DataSetReport(
            pairs.Description, pairs.Count, At(readable, 0), At(readable, readable.Count / 2), At(readable, readable.Count - 1), counts, problems, [.. Notes(pairs, heads, crop)]);
    }

    private static PictureHead? At(List<PictureHead> heads, int index) => heads.Count == 0 ? null : heads[index];

    private static (PictureHead Input, PictureHead Target) Look(PairPaths pair, bool isThorough)
    {
        var (input, target) = (ImageFile.ReadHead(pair.Input), ImageFile.ReadHead(pair.Target));
        PairedFolder.RequireEqualSizes(pair, (input.Width, input.Height), (target.Width, target.Height));
        if (isThorough)
        {
            ImageFile.Read(pair.Input);
            ImageFile.Read(pair.Target);
        }

        return (input, target);
    }

    private static IEnumerable<string> Notes(PairedFolder pairs, PictureHead?[] heads, int? crop)
    {
        var small = Enumerable.Range(0, heads.Length).Where(i => heads[i] is { } head && (head.Width < crop || head.Height < crop)).ToList();
        if (small.Count > 0)
        {
            var named = string.Join(", ", small.Take(NamedPairs).Select(i => FormattableString.Invariant($"'{pairs.Pairs[i].Input}' ({heads[i]!.Value.Width}×{heads[i]!.Value.Height})")));
            yield return FormattableString.Invariant(
                $"{small.Count} of {heads.Length} pairs are smaller than the crop of {crop} and are continued by reflection: {named}{(small.Count > NamedPairs ? " …" : "")}");
        }
    }
}
