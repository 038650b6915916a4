using System.Text;

namespace FocalNet.Runtime.Weights;

/// <summary>A tensor a network asks for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its extents.</param>
public sealed record TensorSignature(string Name, IReadOnlyList<int> Shape);

/// <summary>The tensors of a file are not those of the network.</summary>
public sealed class WeightMismatchException : Exception
{
    internal WeightMismatchException(string message, IReadOnlyList<string> missing, IReadOnlyList<string> extra, IReadOnlyList<string> misshapen)
        : base(message)
    {
        Missing = missing;
        Extra = extra;
        Misshapen = misshapen;
    }

    /// <summary>Names the network has and the file has not.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Names the file has and the network has not.</summary>
    public IReadOnlyList<string> Extra { get; }

    /// <summary>Names whose shapes differ.</summary>
    public IReadOnlyList<string> Misshapen { get; }
}

/// <summary>Brings a file's tensors into a network's order.</summary>
public static class WeightMatching
{
    private const int ShownNames = 10;

    /// <summary>The file's tensors in the order of <paramref name="expected"/>.</summary>
    /// <param name="file">The file read.</param>
    /// <param name="expected">All tensors of the network.</param>
    /// <exception cref="WeightMismatchException">Tensors are missing, extra or of another shape; the message names them.</exception>
    public static IReadOnlyList<TensorData> Match(WeightFile file, IReadOnlyList<TensorSignature> expected)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(expected);
        var result = new List<TensorData>(expected.Count);
        var missing = new List<string>();
        var misshapen = new List<(string Name, string Detail)>();
        foreach (var signature in expected)
        {
            if (!file.TryGet(signature.Name, out var tensor)) missing.Add(signature.Name);
            else if (!tensor.Shape.SequenceEqual(signature.Shape)) misshapen.Add((signature.Name, Difference(tensor, signature)));
            else result.Add(tensor);
        }
        var wanted = expected.Select(signature => signature.Name).ToHashSet(StringComparer.Ordinal);
        var extra = file.Tensors.Select(tensor => tensor.Name).Where(name => !wanted.Contains(name)).ToList();
        if (missing.Count + extra.Count + misshapen.Count == 0) return result;

        var text = new StringBuilder($"{file.Name} does not fit the network.");
        Append(text, "missing in the file", missing);
        Append(text, "unknown to the network", extra);
        Append(text, "of another shape", misshapen.ConvertAll(item => item.Detail));
        text.Append(Hint(file, expected, missing.Count, extra.Count, misshapen.Count));
        throw new WeightMismatchException(text.ToString(), missing, extra, misshapen.ConvertAll(item => item.Name));
    }

    private static string Difference(TensorData tensor, TensorSignature signature)
        => $"{tensor.Name} (file {TensorData.ShapeText(tensor.Shape)}, network {TensorData.ShapeText(signature.Shape)})";

    private static void Append(StringBuilder text, string title, List<string> names)
    {
        if (names.Count == 0) return;
        text.Append($"\n{names.Count} {title}:");
        foreach (var name in names.Take(ShownNames)) text.Append("\n  ").Append(WeightFormatException.Printable(name));
        if (names.Count > ShownNames) text.Append($"\n  … and {names.Count - ShownNames} more");
    }

    private static string Hint(WeightFile file, IReadOnlyList<TensorSignature> expected, int missing, int extra, int misshapen)
    {
        if (missing == expected.Count)
            return "\nNo name is the same: the file seems to belong to another network.";
        if (missing + extra == 0)
            return 2 * misshapen > expected.Count ? "\nThe names are the same: the file seems to belong to a network of another width." : "";
        var fileCount = file.Tensors.Count;
        var samePatterns = Patterns(file.Tensors.Select(tensor => tensor.Name)).SetEquals(Patterns(expected.Select(signature => signature.Name)));
        return samePatterns && fileCount != expected.Count
            ? $"\nThe names differ only in their numbers ({fileCount} tensors in the file, {expected.Count} in the network): "
                + "the file seems to belong to the same network with another number of residual blocks."
            : "\nThe file seems to belong to another variant of the network.";
    }

    /// <summary>Names with each number replaced: layers.3.weight and layers.12.weight have the same pattern.</summary>
    private static HashSet<string> Patterns(IEnumerable<string> names)
        => [.. names.Select(name => string.Join('.', name.Split('.').Select(part => part.All(char.IsAsciiDigit) ? "#" : part)))];
}
