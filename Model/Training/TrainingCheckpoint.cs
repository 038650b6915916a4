using FocalNet.Runtime.Weights;

namespace FocalNet.Model;

/// <summary>All that a training session and its average know, as one safetensors file from which training goes on to the bit.</summary>
/// <remarks>
/// The network's weights have their own names, so that the file can be restored with: those of the average where there is one. What
/// only training needs stands under <c>optimizer.</c>: the states (<c>optimizer.adam.m</c> …), and beside an average the parameters of
/// the last step (<c>optimizer.parameters</c>), each a flat vector in the order of the weights. Readers of weights skip that prefix.
/// </remarks>
public sealed class TrainingCheckpoint
{
    /// <summary>Stands before the name of each tensor that only training needs.</summary>
    public const string Prefix = WeightFile.TrainingPrefix;

    private const string ParametersName = Prefix + "parameters";

    private readonly string _path;

    private TrainingCheckpoint(
        string path, float[] parameters, float[]? average, IReadOnlyDictionary<string, float[]> states, IReadOnlyDictionary<string, string> metadata) =>
        (_path, Parameters, Average, States, Metadata) = (path, parameters, average, states, metadata);

    /// <summary>Parameters of the last step, in the order of <see cref="TrainingSession.ReadParameters()"/>.</summary>
    public float[] Parameters { get; }

    /// <summary>Their moving average; null where none is kept.</summary>
    public float[]? Average { get; }

    /// <summary>The optimizer's states by name.</summary>
    public IReadOnlyDictionary<string, float[]> States { get; }

    /// <summary>What the file says of itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Writes a checkpoint, atomically. Equal sessions and metadata give equal bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="session">The session.</param>
    /// <param name="average">The average of its parameters, if one is kept.</param>
    /// <param name="metadata">What else the file shall say of itself.</param>
    /// <exception cref="IOException">The file can't be written; one that was there before stays as it was.</exception>
    public static void Save(string path, TrainingSession session, ParameterAverage? average, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        float[] parameters = session.ReadParameters();
        List<TensorData> tensors = NetworkWeights.Tensors(session.Network, average is null ? parameters : average.Values);
        if (average is not null)
            tensors.Add(Flat(ParametersName, parameters));
        foreach (string name in session.StateNames)
            tensors.Add(Flat(Prefix + name, session.ReadState(name)));
        WeightFile.Write(path, tensors, NetworkWeights.Metadata(session.Network, metadata));
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">The network that is trained.</param>
    /// <exception cref="WeightFormatException">The file is damaged, or holds weights alone.</exception>
    /// <exception cref="WeightMismatchException">The weights are another network's.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static TrainingCheckpoint Read(string path, NetworkEntry network)
    {
        WeightFile file = WeightFile.Read(path, WeightSelection.Everything);
        var states = file.Tensors.Where(t => t.Name.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(t => t.Name[Prefix.Length..], t => t.Values);
        if (states.Count == 0)
            throw new WeightFormatException(path, "the file has weights alone and no state of training to go on from; start a new training from it (on the command line: --weights).");
        float[] weights = NetworkWeights.Flatten(WeightFile.Read(path), network);
        return states.Remove(ParametersName[Prefix.Length..], out float[]? parameters)
            ? new TrainingCheckpoint(path, parameters, weights, states, file.Metadata)
            : new TrainingCheckpoint(path, weights, null, states, file.Metadata);
    }

    /// <summary>Puts a session into the state that was saved.</summary>
    /// <exception cref="WeightFormatException">A state is missing, unknown or of another length.</exception>
    public void Restore(TrainingSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (!session.StateNames.Order(StringComparer.Ordinal).SequenceEqual(States.Keys.Order(StringComparer.Ordinal)))
        {
            throw new WeightFormatException(
                _path, $"it holds the states {string.Join(", ", States.Keys)}; the training of {session.Network.Name} keeps {string.Join(", ", session.StateNames)}.");
        }
        if (Parameters.Length != session.ParameterCount)
            throw new WeightFormatException(_path, $"{Parameters.Length} numbers, where the network {session.Network.Name} has {session.ParameterCount} parameters.", ParametersName);
        session.WriteParameters(Parameters);
        foreach ((string name, float[] values) in States)
        {
            int expected = session.ReadState(name).Length;
            if (values.Length != expected)
                throw new WeightFormatException(_path, $"{values.Length} numbers, where the training of {session.Network.Name} keeps {expected}.", Prefix + name);
            session.WriteState(name, values);
        }
    }

    private static TensorData Flat(string name, float[] values) => new(name, [values.Length], values);
}
