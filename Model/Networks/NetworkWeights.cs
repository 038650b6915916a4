using FocalNet.Runtime;
using FocalNet.Runtime.Plans;
using FocalNet.Runtime.Weights;

namespace FocalNet.Model;

/// <summary>Weights of a network as files and as one flat array in checkpoint layout.</summary>
public static class NetworkWeights
{
    /// <summary>The metadata key under which weight files written here name their network.</summary>
    public const string NetworkKey = "network";

    /// <summary>The network of a weight file: the named one, or else the one that the file's metadata name.</summary>
    /// <exception cref="UnknownNetworkException">There is no network of that name.</exception>
    /// <exception cref="WeightFormatException">No name was given and the file does not have one either.</exception>
    public static NetworkEntry NetworkOf(WeightFile file, string? name)
    {
        if (name is not null)
            return NetworkCatalog.Find(name);
        if (file.Metadata.TryGetValue(NetworkKey, out string? stored))
            return NetworkCatalog.Find(stored);
        return NetworkCatalog.All.FirstOrDefault(entry => Fits(file, entry)) ?? throw new WeightFormatException(
            file.Name, "the file does not say which network its weights belong to, and they fit none; name the network (on the command line: --network)");
    }

    /// <summary>All parameters of a network from a file, one after the other in the plan's order.</summary>
    /// <exception cref="WeightMismatchException">A tensor is missing, extra or misshapen.</exception>
    public static float[] Flatten(WeightFile file, NetworkEntry network)
    {
        IReadOnlyList<TensorData> tensors = WeightMatching.Match(file, Signatures(network));
        var parameters = new float[ParameterCount(network)];
        int start = 0;
        foreach (TensorData tensor in tensors)
        {
            tensor.Values.CopyTo(parameters, start);
            start += tensor.Values.Length;
        }
        return parameters;
    }

    /// <summary>Number of parameters of a network.</summary>
    public static int ParameterCount(NetworkEntry network) => checked((int)DeviceLayouts.CheckpointLength(NetworkPlans.Inference(network).Parameters));

    /// <summary>Writes a weight file (safetensors), atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">The network.</param>
    /// <param name="parameters">All parameters, one after the other in the plan's order, in checkpoint layout.</param>
    /// <param name="metadata">What else the file shall say of itself.</param>
    /// <param name="storage">In how many bits numbers are stored.</param>
    /// <exception cref="ArgumentException">The number of parameters is not the network's, or one is too large for its bits.</exception>
    /// <exception cref="IOException">The file can't be written; one that was there before stays as it was.</exception>
    public static void Save(
        string path, NetworkEntry network, ReadOnlySpan<float> parameters, IReadOnlyDictionary<string, string>? metadata = null,
        WeightStorage storage = WeightStorage.Float32)
    {
        WeightFile.Write(path, Tensors(network, parameters), Metadata(network, metadata), storage);
    }

    internal static List<TensorData> Tensors(NetworkEntry network, ReadOnlySpan<float> parameters)
    {
        if (parameters.Length != ParameterCount(network))
            throw new ArgumentException($"The network {network.Name} has {ParameterCount(network)} parameters; {parameters.Length} were given.", nameof(parameters));
        var tensors = new List<TensorData>();
        int start = 0;
        foreach (ParameterSpec parameter in NetworkPlans.Inference(network).Parameters)
        {
            int count = DeviceLayouts.Elements(parameter);
            tensors.Add(new TensorData(parameter.Name, parameter.CheckpointShape, parameters.Slice(start, count).ToArray()));
            start += count;
        }
        return tensors;
    }

    internal static Dictionary<string, string> Metadata(NetworkEntry network, IReadOnlyDictionary<string, string>? metadata) =>
        new(metadata ?? new Dictionary<string, string>()) { [NetworkKey] = network.Name };

    /// <summary>Names and shapes of all parameters of a network.</summary>
    public static IReadOnlyList<TensorSignature> Signatures(NetworkEntry network) =>
        [.. NetworkPlans.Inference(network).Parameters.Select(p => new TensorSignature(p.Name, p.CheckpointShape))];

    /// <summary>
    /// Initial parameters, uniform as each parameter declares: the same for the same seed on every machine.
    /// </summary>
    public static float[] Initial(NetworkEntry network, ulong seed)
    {
        var values = new float[ParameterCount(network)];
        ulong state = seed;
        int start = 0;
        foreach (ParameterSpec parameter in NetworkPlans.Inference(network).Parameters)
        {
            (double middle, double scale) = (parameter.Initial.Base, parameter.Initial.Scale);
            foreach (ref float value in values.AsSpan(start, DeviceLayouts.Elements(parameter)))
                value = (float)(middle + scale * (2 * NextUnit(ref state) - 1));
            start += DeviceLayouts.Elements(parameter);
        }
        return values;
    }

    private static bool Fits(WeightFile file, NetworkEntry network)
    {
        IReadOnlyList<TensorSignature> signatures = Signatures(network);
        return signatures.Count == file.Tensors.Count &&
            signatures.All(s => file.TryGet(s.Name, out TensorData? tensor) && tensor.Shape.SequenceEqual(s.Shape));
    }

    // SplitMix64 (Steele, Lea and Flood 2014): 53 bits of it, as a number in [0, 1).
    private static double NextUnit(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
