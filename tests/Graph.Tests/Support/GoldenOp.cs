using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Tests.Shared;

namespace FocalNet.Graph.Tests.Support;

/// <summary>Compares a layer with an entry of the reference data <c>ops</c>: result, gradients of inputs and of parameters.</summary>
internal static class GoldenOp
{
    /// <summary>Requires that all stored tensors are reproduced to float32 rounding.</summary>
    /// <param name="op">Name of the entry.</param>
    /// <param name="declare">Declares the layer on the entry's inputs; its parameters are to be called <c>{op}.param.{name}</c>.</param>
    public static void Require(string op, Func<NetworkBuilder, Tensor[], Tensor> declare)
    {
        GoldenFile data = GoldenData.Tensors("ops/ops");
        var net = new NetworkBuilder(op, NetworkMode.Training);
        Tensor[] inputs = [.. Enumerable.Range(0, 2).Select(i => $"{op}.in{i}").Where(data.Contains).Select(name => Input(net, data[name]))];
        Tensor result = declare(net, inputs);
        Tensor scalar = (result * Input(net, data[$"{op}.upstream0"])).Sum(Axes.All);
        Tensor[] gradients = net.Gradients(scalar, inputs);
        net.Output("result", result);
        for (int i = 0; i < inputs.Length; i++)
            net.Output($"gradient{i}", gradients[i]);
        bool trainable = data.Names.Any(n => n.StartsWith($"{op}.param.", StringComparison.Ordinal));
        if (trainable)
            net.Output("parameters", net.GradientOfParameters(scalar));
        NetworkGraph graph = net.Build();

        Interpreter interpreter = ReferenceData.Load(graph, data.Tensors.Where(t => t.Name.StartsWith($"{op}.param.", StringComparison.Ordinal)));
        foreach (InputOp input in graph.Nodes.Select(n => n.Op).OfType<InputOp>())
            interpreter.SetInput(input.InputName, data[input.InputName].ToTensor());
        IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(default);

        Assert.Equal(data.Names.Count(n => n.StartsWith($"{op}.param.", StringComparison.Ordinal)), graph.Parameters.Count);
        var comparisons = new List<Comparison> { Same(data[$"{op}.out0"], outputs["result"].Data) };
        for (int i = 0; i < inputs.Length; i++)
            comparisons.Add(Same(data[$"{op}.grad_in{i}"], outputs[$"gradient{i}"].Data));
        foreach (ParameterOp parameter in graph.Parameters)
            comparisons.Add(Same(data[parameter.ParameterName.Replace(".param.", ".grad_param.")], Unpack(outputs["parameters"].Data, parameter)));
        Comparison.RequireAll(comparisons);
    }

    /// <summary>A parameter's part of a flat vector, in checkpoint order.</summary>
    public static double[] Unpack(double[] flat, ParameterOp parameter)
    {
        var tensor = new ReferenceTensor(parameter.Shape.At(default));
        tensor.ForEach((i, n, c, h, w) => tensor.Data[i] = flat[parameter.Offset + tensor.MemoryIndex(n, c, h, w)]);
        return tensor.Data;
    }

    // A gradient that is exactly zero (a bias before a norm) is stored as rounding noise.
    private static Comparison Same(GoldenTensor expected, double[] actual) => expected.Values.All(v => Math.Abs(v) < 1e-12)
        ? Compare.MaxAbsolute(expected.Name, Array.ConvertAll(actual, v => (float)v), new float[actual.Length], 1e-12)
        : Compare.RelativeToMaximum(expected.Name, Array.ConvertAll(actual, v => (float)v), expected.Values, 2e-7);

    private static Tensor Input(NetworkBuilder net, GoldenTensor golden)
    {
        int[] extents = golden.ToTensor().Extents;
        return net.Input(golden.Name, extents[0], extents[1], extents[2], extents[3]);
    }
}
