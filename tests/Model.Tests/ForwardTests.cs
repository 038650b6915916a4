using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;
using FocalNet.Graph.Tests.Support;
using FocalNet.Model.Tests.Support;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>Forward passes, in float64, against those of the reference implementation.</summary>
public class ForwardTests
{
    [Theory]
    [InlineData("Dehaze", "focalnet_n4")]
    [InlineData("FocalNetS", "focalnet_s_n4")]
    [InlineData("NoMResBlock", "no_mresblock_n4")]
    [InlineData("Table5a", "t5a")]
    [InlineData("Table5b", "t5b")]
    [InlineData("Table5c", "t5c")]
    [InlineData("Table5d", "t5d")]
    [InlineData("Table5e", "t5e")]
    [InlineData("Table5f", "t5f")]
    [InlineData("Table5g", "t5g")]
    public void Outputs_of_a_variant(string network, string variant)
    {
        GoldenFile data = GoldenData.Tensors("variants/io");

        RequireOutputs(network, GoldenParameters.OfVariant(variant), data["x"], [data[$"{variant}.out0"], data[$"{variant}.out1"], data[$"{variant}.out2"]]);
    }

    /// <summary>A mean taken over the whole batch shows only with two pictures.</summary>
    [Fact]
    public void Outputs_of_a_batch_of_two()
    {
        GoldenFile data = GoldenData.Tensors("nr1/io");

        RequireOutputs("Tiny", GoldenData.Tensors("nr1/model").Tensors, data["in.x72"], [data["out0.x72"], data["out1.x72"], data["out2.x72"]]);
    }

    [Fact]
    public void Outputs_of_sixteen_blocks()
    {
        GoldenFile data = GoldenData.Tensors("nr16/io");

        RequireOutputs("Deblur", GoldenParameters.OfSixteenBlocks(), data["x"], [data["out0"], data["out1"], data["out2"]]);
    }

    [Fact]
    public void Activations_of_every_layer()
    {
        GoldenFile data = GoldenData.Tensors("nr1/activations");
        NetworkGraph graph = Declare("Tiny");
        Interpreter interpreter = ReferenceData.Load(graph, GoldenData.Tensors("nr1/model").Tensors);
        interpreter.SetInput("image", data["in"].ToTensor());

        IReadOnlyDictionary<Node, ReferenceTensor> values = interpreter.Evaluate(data["in"].Run());

        var comparisons = new List<Comparison>();
        foreach (GoldenTensor expected in data.Tensors.Where(t => t.Name.EndsWith(":out", StringComparison.Ordinal)))
        {
            if (LayerResults.Find(graph, expected.Name[..^":out".Length]) is { } node)
                comparisons.Add(Compare.RelativeToMaximum(expected.Name, values[node].ToFloats(), expected.Values, 2e-5));
        }
        Assert.Equal(46, comparisons.Count);
        Comparison.RequireAll(comparisons);
    }

    private static void RequireOutputs(string network, IEnumerable<GoldenTensor> parameters, GoldenTensor image, GoldenTensor[] expected)
    {
        Interpreter interpreter = ReferenceData.Load(Declare(network), parameters);
        interpreter.SetInput("image", image.ToTensor());

        IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(image.Run());

        Comparison.RequireAll(
        [
            Compare.MaxAbsolute("quarter", outputs["quarter"].ToFloats(), expected[0].Values, 1e-6),
            Compare.MaxAbsolute("half", outputs["half"].ToFloats(), expected[1].Values, 1e-6),
            Compare.MaxAbsolute("full", outputs["full"].ToFloats(), expected[2].Values, 1e-6),
        ]);
    }

    private static NetworkGraph Declare(string network)
    {
        var net = new NetworkBuilder(network, NetworkMode.Inference);
        PicturePyramid restored = FocalNetwork.Forward(net, net.Image("image", 3), NetworkCatalog.Find(network).Options);
        net.Output("full", restored.Full);
        net.Output("half", restored.Half);
        net.Output("quarter", restored.Quarter);
        return net.Build();
    }
}
