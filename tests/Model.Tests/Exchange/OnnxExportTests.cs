using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Plans;
using Microsoft.ML.OnnxRuntime;

namespace FocalNet.Model.Tests.Exchange;

/// <summary>What is exported gives the same pictures in ONNX Runtime.</summary>
public class OnnxExportTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_network_restores_the_same_in_ONNX_Runtime(string name)
    {
        NetworkEntry network = NetworkCatalog.Find(name);
        float[] parameters = Parameters(network);
        using InferenceSession session = Session(OnnxExport.Encode(network, parameters));

        foreach (RunSize size in (RunSize[])[new(2, 32, 40), new(1, 64, 24)])
        {
            float[] image = CpuNetwork.Noise(3 * size.Images * size.Height * size.Width, 7);
            float[] ours = CpuNetwork.Run(name, parameters, image, size);
            float[] theirs = Run(session, "restored", image, size.Images, 3, size.Height, size.Width);
            double largest = LargestDifference(ours, theirs), change = LargestDifference(ours, image);

            Assert.True(largest < 1e-4, $"{name} at {size}: {largest:E2} apart");
            // Else equality would show nothing.
            Assert.True(change > 0.05, $"{name} at {size}: the network changes its input by {change:E2} only");
        }
    }

    /// <summary>Ops and cases that no network of the catalog has.</summary>
    [Fact]
    public void Other_ops_give_what_the_interpreter_gives()
    {
        NetworkEntry network = Entry(DeclareOps);
        float[] image = [.. CpuNetwork.Noise(2 * 3 * 16 * 24, 3).Select(v => v - 0.5f)], parameters = CpuNetwork.Noise(27 + 3 + 24, 5);
        using InferenceSession session = Session(OnnxExport.Encode(network, parameters));
        var interpreter = new Interpreter(network.Build(NetworkMode.Inference));
        interpreter.SetInput("image", new ReferenceTensor([2, 3, 16, 24], [.. image.Select(v => (double)v)]));
        double[] values = [.. parameters.Select(v => (double)v)];
        interpreter.SetParameter("depthwise", values[..27]);
        interpreter.SetParameter("vector", values[27..30]);
        interpreter.SetParameter("transposed", values[30..]);

        IReadOnlyDictionary<string, ReferenceTensor> expected = interpreter.Run(new RunExtents(2, 16, 24));

        Assert.True(expected.Count > 10);
        foreach ((string name, ReferenceTensor tensor) in expected)
        {
            float[] actual = Run(session, name, image, 2, 3, 16, 24);
            Assert.Equal(tensor.Data.Length, actual.Length);
            for (int i = 0; i < actual.Length; i++)
                Assert.True(Math.Abs(tensor.Data[i] - actual[i]) <= 1e-4 * Math.Max(1, Math.Abs(tensor.Data[i])), $"{name}[{i}]: {actual[i]} instead of {tensor.Data[i]}");
        }
    }

    [Fact]
    public void A_file_names_its_network_and_has_the_names_of_the_checkpoints()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.onnx");
        try
        {
            NetworkEntry network = NetworkCatalog.Find("Tiny");
            OnnxExport.Write(path, network, NetworkWeights.Initial(network, 1));
            using var session = new InferenceSession(path);

            Assert.Equal("Tiny", session.ModelMetadata.CustomMetadataMap["network"]);
            Assert.Equal("4", session.ModelMetadata.CustomMetadataMap["divisor"]);
            Assert.Equal(["N", "", "H", "W"], session.InputMetadata["image"].SymbolicDimensions);
            Assert.Equal([-1, 3, -1, -1], session.OutputMetadata["restored"].Dimensions);
            byte[] bytes = File.ReadAllBytes(path);
            // The pictures of the smaller scales are made in training alone.
            Assert.All(NetworkWeights.Signatures(network).Where(s => !s.Name.StartsWith("ConvsOut.", StringComparison.Ordinal)), s => Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(s.Name)) > 0, s.Name));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void What_cannot_be_exported_is_named()
    {
        NetworkEntry fourier = Entry(net => net.Output("out", net.Image("image", 1).CosineTransform(alongHeight: true)));

        Assert.Contains("trig cos axis=H", Assert.Throws<OnnxExportException>(() => OnnxExport.Encode(fourier, [])).Message);
        Assert.Contains("3 were given", Assert.Throws<ArgumentException>(() => OnnxExport.Encode(NetworkCatalog.Find("Tiny"), new float[3])).Message);
    }

    private static void DeclareOps(NetworkBuilder net)
    {
        Tensor x = net.Image("image", 3);
        Tensor depthwise = net.Parameter("depthwise", Initializer.Constant(1), 3, 1, 3, 3), vector = net.Parameter("vector", Initializer.Constant(1), 3);
        Tensor transposed = net.Parameter("transposed", Initializer.Constant(1), 3, 2, 2, 2);
        net.Output("biased", x.Convolution(depthwise, padding: 2, dilation: 2, depthwise: true) + vector);
        net.Output("scaled", vector * x);
        net.Output("strided", vector + x.Convolution(depthwise, stride: 2, padding: 1, depthwise: true));
        net.Output("transposed", x.Resample(ResampleKind.NearestHalf).TransposedConvolution(transposed, stride: 2, padding: 0));
        net.Output("exp", (-x).Exp());
        net.Output("sqrt", x.Abs().Sqrt() + (x + 2).Reciprocal());
        net.Output("erf", (x * 3).Erf() / (x.Max(0.25 * vector) + 1));
        net.Output("minimum", x.Min(x.Max(Axes.Spatial) - x.Sum(Axes.C)));
        net.Output("mean", x.Sum(Axes.N | Axes.H) / x.Size(Axes.N | Axes.H));
        net.Output("half", x.Resample(ResampleKind.BilinearHalf));
        net.Output("quarter", x.Resample(ResampleKind.BilinearQuarter));
        net.Output("double", x.Resample(ResampleKind.BilinearHalf).Resample(ResampleKind.BilinearDouble));
        net.Output("channels", Tensor.Concat(x.Slice(1, 2), x * 2, x.Slice(0, 1)));
        // Masks and repetitions come from gradients.
        net.Output("sign", net.Gradients(x.Abs().Sum(Axes.All), x)[0] * x);
        net.Output("largest", net.Gradients((x.Max(Axes.Spatial) * vector).Sum(Axes.All), x)[0]);
        net.Output("larger", net.Gradients(x.Max(vector * 0.1).Sum(Axes.All), x)[0]);
        net.Output("repeated", net.Gradients(x.Sum(Axes.All), x)[0]);
    }

    private static NetworkEntry Entry(Action<NetworkBuilder> declare) =>
        new("Ops", "for tests", RestorationTask.Dehaze, NetworkCatalog.Find("Tiny").Options, declare);

    // Initial values, but none that take a part of the network out, as a scale of 0 does.
    private static float[] Parameters(NetworkEntry network)
    {
        float[] values = NetworkWeights.Initial(network, 1), noise = CpuNetwork.Noise(values.Length, 11);
        return [.. values.Select((v, i) => v is 0 or 1 ? v + 0.4f * noise[i] - 0.2f : v)];
    }

    private static InferenceSession Session(byte[] model)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 2 };
        return new InferenceSession(model, options);
    }

    private static float[] Run(InferenceSession session, string output, float[] image, params long[] shape)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(image, shape);
        using var run = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["image"], [input], [output]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static double LargestDifference(float[] a, float[] b)
    {
        Assert.Equal(a.Length, b.Length);
        return a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max();
    }
}
