using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;

namespace FocalNet.Model;

/// <summary>What a network restores.</summary>
public enum RestorationTask
{
    /// <summary>Removes haze.</summary>
    Dehaze,

    /// <summary>Removes snow.</summary>
    Desnow,

    /// <summary>Removes defocus blur.</summary>
    Deblur,
}

/// <summary>A network by name.</summary>
/// <param name="Name">Name on the command line and in reports.</param>
/// <param name="Description">One line for people.</param>
/// <param name="Task">What it was designed or studied for.</param>
/// <param name="Options">What distinguishes it.</param>
/// <param name="Declare">Declares its graph.</param>
public sealed record NetworkEntry(
    string Name, string Description, RestorationTask Task, FocalNetOptions Options, Action<NetworkBuilder> Declare)
{
    /// <summary>Runs the declaration and gives the graph.</summary>
    public NetworkGraph Build(NetworkMode mode)
    {
        var net = new NetworkBuilder(Name, mode);
        Declare(net);
        return net.Build();
    }
}

/// <summary>All networks, by name.</summary>
public static class NetworkCatalog
{
    /// <summary>All networks, the main ones first.</summary>
    public static IReadOnlyList<NetworkEntry> All { get; } =
    [
        new("Tiny", "FocalNet with 1 residual block a stage (table 5g)", RestorationTask.Dehaze, Variants.Full(1), Networks.Tiny),
        new("Dehaze", "FocalNet for dehazing, 4 residual blocks a stage", RestorationTask.Dehaze, Variants.Full(4), Networks.Dehaze),
        new("Desnow", "FocalNet for desnowing, the same graph as Dehaze", RestorationTask.Desnow, Variants.Full(4), Networks.Desnow),
        new("Deblur", "FocalNet for defocus deblurring, 16 residual blocks a stage", RestorationTask.Deblur, Variants.Full(16), Networks.Deblur),
        new("FocalNetS", "FocalNet-S: MResBlock in every stage (table 7)", RestorationTask.Dehaze, Variants.Small(), Networks.FocalNetS),
        new("NoMResBlock", "FocalNet without MResBlock (table 7)", RestorationTask.Dehaze, Variants.WithoutMultiScale(), Networks.NoMResBlock),
        Ablation("Table5a", "table 5a: baseline", false, SelectionParts.None, Networks.Table5a),
        Ablation("Table5b", "table 5b: SSM", false, SelectionParts.Spatial, Networks.Table5b),
        Ablation("Table5c", "table 5c: FSM", false, SelectionParts.Frequency, Networks.Table5c),
        Ablation("Table5d", "table 5d: SSM and FSM", false, SelectionParts.Both, Networks.Table5d),
        Ablation("Table5e", "table 5e: MResBlock and SSM", true, SelectionParts.Spatial, Networks.Table5e),
        Ablation("Table5f", "table 5f: MResBlock and FSM", true, SelectionParts.Frequency, Networks.Table5f),
        Ablation("Table5g", "table 5g: MResBlock, SSM and FSM, the same graph as Tiny", true, SelectionParts.Both, Networks.Table5g),
        Ablation("MResBlockOnly", "MResBlock alone, the combination that table 5 leaves out", true, SelectionParts.None, Networks.MResBlockOnly),
    ];

    /// <summary>The network of that name; upper and lower case are the same.</summary>
    /// <exception cref="UnknownNetworkException">There is none; the message has the nearest name.</exception>
    public static NetworkEntry Find(string name) => TryFind(name) ?? throw new UnknownNetworkException(name, Nearest(name));

    /// <summary>The network of that name, or null.</summary>
    public static NetworkEntry? TryFind(string name) =>
        All.FirstOrDefault(entry => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase));

    private static string Nearest(string name) => All.MinBy(entry => EditDistance(entry.Name.ToLowerInvariant(), name.ToLowerInvariant()))!.Name;

    private static NetworkEntry Ablation(
        string name, string description, bool multiScale, SelectionParts selection, Action<NetworkBuilder> declare) =>
        new(name, $"Ablation, 1 residual block a stage; {description}", RestorationTask.Dehaze, Variants.Ablation(multiScale, selection), declare);

    // Levenshtein: insertions, deletions and replacements that turn one text into the other, a row of the table at a time.
    private static int EditDistance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[b.Length];
    }
}

/// <summary>No network has that name.</summary>
/// <param name="name">The name asked for.</param>
/// <param name="nearest">The most similar name that exists.</param>
public sealed class UnknownNetworkException(string name, string nearest)
    : Exception($"There is no network '{name}'. Did you mean '{nearest}'? The networks are: {string.Join(", ", NetworkCatalog.All.Select(e => e.Name))}.")
{
    /// <summary>The name asked for.</summary>
    public string Name { get; } = name;

    /// <summary>The most similar name that exists.</summary>
    public string Nearest { get; } = nearest;
}
