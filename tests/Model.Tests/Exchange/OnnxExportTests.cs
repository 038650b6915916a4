using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ops;
using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Plans;
using Microsoft.ML.OnnxRuntime;

namespace FocalNet.Model.Tests.Exchange;

/// <summary>What is exported gives the same pictures in ONNX Runtime.</summary>
public class OnnxExportTests
{
    private static readonly FocalNetOptions NoOptions = NetworkCatalog.Find("Tiny").Options;

    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_network_restores_the_same_in_ONNX_Runtime(string name)
    {
        NetworkEntry network = NetworkCatalog.Find(name);
        float[] parameters = Parameters(network);
        using InferenceSession session = Session(OnnxExport.Encode(network, parameters));

        foreach (RunSize size in (RunSize[])[new(2, 32, 40), new(1, 64, 20)])
        {
            float[] image = CpuNetwork.Noise(3 * size.Images * size.Height * size.Width, 7);
            float[] ours = CpuNetwork.Run(name, parameters, image, size);
            float[] theirs = Run(session, [size.Images, 3, size.Height, size.Width], ("image", image));
            double largest = ours.Zip(theirs, (a, b) => Math.Abs((double)a - b)).Max();
            double change = ours.Zip(image, (a, b) => Math.Abs((double)a - b)).Max();

            Assert.True(largest < 1e-4, $"{name} at {size}: {largest:E2} apart");
            // Else equality would show nothing.
            Assert.True(change > 0.05, $"{name} at {size}: the network changes its input by {change:E2} only");
        }
    }

    /// <summary>Ops and cases that no network of the catalog has.</summary>
    [Fact]
    public void Other_ops_give_what_the_interpreter_gives()
    {
        var network = new NetworkEntry("Ops", "all ops", RestorationTask.Dehaze, NoOptions, DeclareOps);
        float[] image = [.. CpuNetwork.Noise(2 * 3 * 16 * 24, 3).Select(v => v - 0.5f)];
        float[] parameters = CpuNetwork.Noise(3 * 3 * 3, 5);
        using InferenceSession session = Session(OnnxExport.Encode(network, parameters));
        float[] theirs = Run(session, [2, 3, 16, 24], ("image", image));

        var values = new Dictionary<string, float[]> { ["image"] = image };
        double[] expected = Interpret(network, image, parameters);
        Assert.NotEmpty(values);
        Assert.Equal(expected.Length, theirs.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], theirs[i], 1e-4 * Math.Max(1, Math.Abs(expected[i])));
    }
}
