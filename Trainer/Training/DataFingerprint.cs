using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FocalNet.Trainer.Data;

namespace FocalNet.Trainer.Training;

/// <summary>
/// Tells whether a data set is still the one that a run began with: the names and lengths of its files in their order, or what
/// scenes are drawn. Where the folder lies does not matter, and no file is read.
/// </summary>
internal static class DataFingerprint
{
    public static string Of(TrainingData data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, data.Train);
        Add(hash, data.Held);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private static void Add(IncrementalHash hash, IPairSource source)
    {
        if (source is not PairedFolder folder)
        {
            Append(hash, source.Description);
            return;
        }

        foreach (var pair in folder.Pairs)
        {
            foreach (var path in new[] { pair.Input, pair.Target })
            {
                var name = Path.GetRelativePath(folder.Root, path).Replace('\\', '/');
                Append(hash, string.Create(CultureInfo.InvariantCulture, $"{name}\t{new FileInfo(path).Length}"));
            }
        }
    }

    private static void Append(IncrementalHash hash, string line) => hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
}
