using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;
using FocalNet.Tests.Shared;

namespace FocalNet.Graph.Tests.Support;

/// <summary>Between reference data and the float64 interpreter.</summary>
internal static class ReferenceData
{
    /// <summary>A tensor of up to four extents; a vector becomes channels, as parameters do.</summary>
    public static ReferenceTensor ToTensor(this GoldenTensor golden) =>
        new(FourExtents(golden.Shape), Array.ConvertAll(golden.Values, v => (double)v));

    /// <summary>Values rounded to float32, as reference data are.</summary>
    public static float[] ToFloats(this ReferenceTensor tensor) => Array.ConvertAll(tensor.Data, v => (float)v);

    /// <summary>An interpreter with given parameters.</summary>
    public static Interpreter Load(NetworkGraph graph, IEnumerable<GoldenTensor> parameters)
    {
        var interpreter = new Interpreter(graph);
        foreach (GoldenTensor parameter in parameters)
            interpreter.SetParameter(parameter.Name, Array.ConvertAll(parameter.Values, v => (double)v));
        return interpreter;
    }

    /// <summary>A scalar.</summary>
    public static ReferenceTensor Number(double value) => new([1, 1, 1, 1], [value]);

    /// <summary>The extents of a run on a picture tensor.</summary>
    public static RunExtents Run(this GoldenTensor picture) => new(picture.Shape[0], picture.Shape[2], picture.Shape[3]);

    private static int[] FourExtents(int[] shape) => shape.Length switch
    {
        4 => shape,
        3 => [1, .. shape],
        2 => [1, .. shape, 1],
        1 => [1, shape[0], 1, 1],
        _ => [1, 1, 1, 1],
    };
}
