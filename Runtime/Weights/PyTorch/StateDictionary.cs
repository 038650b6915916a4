using System.Globalization;

namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>Finds the wanted tensors in what a checkpoint's pickle built.</summary>
internal static class StateDictionary
{
    private const int MaxDepth = 16;

    /// <summary>Hostile pickles contain the same dictionary many times on each level.</summary>
    private const int MaxVisits = 1_000_000;

    /// <summary>Longer names occur only in files made to exhaust the reader.</summary>
    private const int MaxNameLength = 1000;

    /// <summary>Where training scripts keep the model's weights; the exponential moving average is what one evaluates.</summary>
    private static readonly string[] ModelKeys =
        ["model", "state_dict", "model_state_dict", "net", "network", "params_ema", "params", "generator", "weights"];

    /// <summary>What the wrappers DataParallel and torch.compile put before every name.</summary>
    private static readonly string[] WrapperPrefixes = ["module.", "_orig_mod."];

    internal static List<(string Name, TensorReference Tensor)> Select(object? root, WeightSelection selection, string file)
    {
        var tensors = selection == WeightSelection.Everything ? Everything(root, file) : Model(root, file);
        return tensors.Count > 0 ? tensors : throw new WeightFormatException(file, "the file holds no tensors.");
    }

    private static List<(string, TensorReference)> Model(object? root, string file)
    {
        var top = root as PickleDictionary
            ?? throw new WeightFormatException(file, "the file holds no dictionary of tensors; expected a state_dict, or a checkpoint with one under 'model'.");
        var current = top;
        for (var depth = 0; depth < MaxDepth; depth++)
        {
            var child = ModelKeys.Select(key => current.TryGet(key, out var value) ? value as PickleDictionary : null)
                .FirstOrDefault(candidate => candidate is not null);
            if (child is null) break;
            current = child;
        }
        // A name set twice keeps its last value, as in Python.
        var tensors = new Dictionary<string, TensorReference>(StringComparer.Ordinal);
        foreach (var (key, value) in current.Entries)
            if (key is string name && value is TensorReference tensor)
                tensors[RequireShort(name, file)] = tensor;
        if (tensors.Count == 0)
            throw new WeightFormatException(file, $"no state_dict found; the top level holds: {Keys(top)}.");
        return StripPrefixes([.. tensors.Select(pair => (pair.Key, pair.Value))]);
    }

    private static string RequireShort(string name, string file)
        => name.Length <= MaxNameLength ? name : throw new WeightFormatException(file, $"the name has {name.Length} characters.", name);

    private static string Keys(PickleDictionary dictionary)
        => string.Join(", ", dictionary.Entries.Take(10).Select(entry => entry.Key is string text ? WeightFormatException.Printable(text) : "?"));

    private static List<(string Name, TensorReference Tensor)> StripPrefixes(List<(string Name, TensorReference Tensor)> tensors)
    {
        foreach (var prefix in WrapperPrefixes)
            if (tensors.TrueForAll(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
                tensors = tensors.ConvertAll(tensor => (tensor.Name[prefix.Length..], tensor.Tensor));
        return tensors;
    }

    private static List<(string, TensorReference)> Everything(object? root, string file)
    {
        var tensors = new Dictionary<string, TensorReference>(StringComparer.Ordinal);
        var visits = 0;
        Visit(root, "", 0);
        return [.. tensors.Select(pair => (pair.Key, pair.Value))];

        void Visit(object? value, string path, int depth)
        {
            if (depth > MaxDepth || ++visits > MaxVisits)
                throw new WeightFormatException(file, $"the file nests more than {MaxDepth} levels, or more than {MaxVisits} values.");
            if (value is TensorReference tensor) tensors[path] = tensor;
            else foreach (var (key, child) in Children(value)) Visit(child, RequireShort(path.Length == 0 ? key : $"{path}.{key}", file), depth + 1);
        }
    }

    private static IEnumerable<(string Key, object? Child)> Children(object? value)
    {
        switch (value)
        {
            case PickleDictionary dictionary:
                foreach (var (key, child) in dictionary.Entries)
                    if (key is string or long)
                        yield return (Convert.ToString(key, CultureInfo.InvariantCulture)!, child);
                break;
            case PickleList list:
                for (var i = 0; i < list.Items.Count; i++) yield return (i.ToString(CultureInfo.InvariantCulture), list.Items[i]);
                break;
            case PickleTuple tuple:
                for (var i = 0; i < tuple.Items.Length; i++) yield return (i.ToString(CultureInfo.InvariantCulture), tuple.Items[i]);
                break;
        }
    }
}
