using System.Globalization;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;
using FocalNet.Runtime.Weights;

namespace FocalNet.Model;

/// <summary>A network has an op for which the export has no counterpart in ONNX.</summary>
public sealed class OnnxExportException(string message) : Exception(message);

/// <summary>Exports a network with its weights to ONNX, which other runtimes read.</summary>
/// <remarks>
/// The model has the network's own inputs and outputs, for FocalNet <c>image</c> and <c>restored</c>, [N, 3, H, W] with all of N, H
/// and W free; H and W must be multiples of the model's metadata value <c>divisor</c>. Initializers have the names and shapes of the
/// checkpoints; parameters that inference does not use are left out. Written for operator set 20, the first that has GELU.
/// </remarks>
public static class OnnxExport
{
    /// <summary>Writes a file, atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">The network; of the catalog, or any other.</param>
    /// <param name="parameters">All parameters, one after the other in order of declaration, in checkpoint layout; see <see cref="NetworkWeights"/>.</param>
    /// <exception cref="ArgumentException">The number of parameters is not the network's.</exception>
    /// <exception cref="OnnxExportException">The network has an op that can't be exported; the message names it.</exception>
    /// <exception cref="IOException">The file can't be written; one that was there before stays as it was.</exception>
    public static void Write(string path, NetworkEntry network, ReadOnlySpan<float> parameters)
    {
        byte[] model = Encode(network, parameters);
        AtomicFile.Write(path, stream => stream.Write(model));
    }

    /// <summary>The content of the file, which runtimes also take from memory.</summary>
    /// <inheritdoc cref="Write" path="/param"/>
    /// <exception cref="ArgumentException">The number of parameters is not the network's.</exception>
    /// <exception cref="OnnxExportException">The network has an op that can't be exported; the message names it.</exception>
    public static byte[] Encode(NetworkEntry network, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(network);
        NetworkGraph graph = PassPipeline.Run(network.Build(NetworkMode.Inference)).Graph;
        int expected = graph.Parameters.Sum(p => p.Shape.ConstantElements);
        if (parameters.Length != expected)
            throw new ArgumentException($"The network {network.Name} has {expected} parameters; {parameters.Length} were given.", nameof(parameters));

        var writer = new OnnxGraphWriter();
        var translation = new OnnxTranslation(network.Name, graph, writer);
        AddParameters(graph, parameters, writer);
        translation.Run();
        string divisor = graph.Divisor.ToString(CultureInfo.InvariantCulture);
        return writer.Model(
            network.Name,
            $"{network.Description}. H and W must be multiples of {divisor}; values are 0 (black) to 1 (white), channels red, green, blue.",
            graph.Nodes.Select(n => n.Op).OfType<InputOp>().Select(i => (i.InputName, i.Shape)),
            graph.Outputs.Select(o => (o.Name, o.Value.Shape)),
            [(NetworkWeights.NetworkKey, network.Name), ("divisor", divisor)]).ToArray();
    }

    private static void AddParameters(NetworkGraph graph, ReadOnlySpan<float> parameters, OnnxGraphWriter writer)
    {
        HashSet<string> used = [.. graph.Nodes.Select(n => n.Op).OfType<ParameterOp>().Select(p => p.ParameterName)];
        int start = 0;
        foreach (ParameterOp parameter in graph.Parameters)
        {
            int count = parameter.Shape.ConstantElements;
            if (used.Contains(parameter.ParameterName))
                writer.Floats(OnnxTranslation.CheckpointShape(parameter), parameters.Slice(start, count), OnnxTranslation.NameOf(parameter, graph));
            start += count;
        }
    }
}
