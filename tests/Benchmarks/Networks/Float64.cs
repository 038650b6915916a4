using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;
using FocalNet.Model;
using FocalNet.Runtime.Plans;

namespace FocalNet.Benchmarks;

/// <summary>Largest errors against float64, over the largest value of the restored picture.</summary>
/// <param name="Ours">Of our default.</param>
/// <param name="Strict">Of ours without Winograd's algorithm.</param>
/// <param name="Theirs">Of ONNX Runtime.</param>
internal sealed record Errors(double Ours, double Strict, double Theirs);

/// <summary>
/// A network in float64, node by node: the interpreter of Graph, which the tests hold to the float64 values of the reference
/// implementation. It is slow, so the picture is small.
/// </summary>
internal static class Float64
{
    /// <summary>Height and width of the picture.</summary>
    public const int Extent = 64;

    private static readonly Dictionary<string, Errors> Known = [];

    /// <summary>The errors of a network; computed once.</summary>
    public static Errors ErrorsOf(NetworkEntry network)
    {
        if (Known.TryGetValue(network.Name, out Errors? known))
            return known;
        var what = new NetworkCase(network, new RunSize(1, Extent, Extent), 1);
        double[] exact = Restore(what);
        using OwnNetwork ours = new(what), strict = new(what, strict: true);
        using OnnxRuntimeNetwork theirs = OnnxRuntimeNetwork.Create(what);
        ours.Run();
        strict.Run();
        theirs.Run();
        return Known[network.Name] = new Errors(Largest(ours.Restored, exact), Largest(strict.Restored, exact), Largest(theirs.Restored, exact));
    }

    private static double[] Restore(NetworkCase what)
    {
        var interpreter = new Interpreter(what.Network.Build(NetworkMode.Inference));
        foreach ((string name, float[] values) in NetworkCase.WeightsByName(what.Network))
            interpreter.SetParameter(name, Array.ConvertAll(values, v => (double)v));
        interpreter.SetInput("image", new ReferenceTensor([1, 3, what.Size.Height, what.Size.Width], Array.ConvertAll(what.Image(), v => (double)v)));
        return interpreter.Run(new RunExtents(1, what.Size.Height, what.Size.Width))["restored"].Data;
    }

    private static double Largest(float[] actual, double[] exact) =>
        actual.Zip(exact, (a, e) => Math.Abs(a - e)).Max() / exact.Max(Math.Abs);
}
