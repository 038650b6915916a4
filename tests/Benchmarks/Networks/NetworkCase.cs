using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Plans;

namespace FocalNet.Benchmarks;

/// <summary>What is run: a network on a picture.</summary>
/// <param name="Network">The network.</param>
/// <param name="Size">One picture.</param>
/// <param name="Threads">Threads.</param>
internal sealed record NetworkCase(NetworkEntry Network, RunSize Size, int Threads)
{
    /// <summary>The picture, NCHW.</summary>
    public float[] Image() => Noise(3 * Size.Height * Size.Width, 1);

    /// <summary>
    /// The rows of the table, or those of them that are asked for; a network and a size that are both named are a row
    /// whether they are in the table or not.
    /// </summary>
    public static IReadOnlyList<NetworkCase> Select(IReadOnlyList<string> networks, IReadOnlyList<RunSize> sizes, IReadOnlyList<int> threads)
    {
        (string Network, RunSize Size)[] table =
        [
            ("Tiny", new(1, 64, 64)), ("Dehaze", new(1, 256, 256)), ("Dehaze", new(1, 460, 620)), ("Deblur", new(1, 256, 256)), ("Dehaze", new(1, 1080, 1920)),
        ];
        NetworkEntry[] wanted = [.. networks.Select(NetworkCatalog.Find)];
        IEnumerable<(NetworkEntry Network, RunSize Size)> rows = wanted.Length > 0 && sizes.Count > 0
            ? wanted.SelectMany(n => sizes.Select(s => (n, s)))
            : table.Select(r => (Network: NetworkCatalog.Find(r.Network), r.Size))
                .Where(r => (wanted.Length == 0 || wanted.Contains(r.Network)) && (sizes.Count == 0 || sizes.Contains(r.Size)));
        IReadOnlyList<int> counts = threads.Count > 0 ? threads : [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
        return [.. rows.SelectMany(r => counts.Select(t => new NetworkCase(r.Network, r.Size, t)))];
    }

    /// <summary>
    /// Weights: initial ones, but none that takes a part of the network out, as a scale of 0 does. Speed does not depend on
    /// them; errors do.
    /// </summary>
    public static float[] Weights(NetworkEntry network)
    {
        float[] values = NetworkWeights.Initial(network, 1), noise = Noise(values.Length, 11);
        return [.. values.Select((v, i) => v is 0 or 1 ? v + (0.4f * noise[i]) - 0.2f : v)];
    }

    /// <summary>The same weights by parameter, in checkpoint layout.</summary>
    public static IEnumerable<(string Name, float[] Values)> WeightsByName(NetworkEntry network)
    {
        float[] weights = Weights(network);
        int start = 0;
        foreach (ParameterSpec parameter in NetworkPlans.Inference(network).Parameters)
        {
            int count = DeviceLayouts.Elements(parameter);
            yield return (parameter.Name, weights[start..(start + count)]);
            start += count;
        }
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = random.NextSingle();
        return values;
    }
}
