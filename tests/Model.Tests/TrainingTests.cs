using System.Text.Json;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;
using FocalNet.Graph.Tests.Support;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>Whole training steps of the network of one block against those of the reference implementation.</summary>
public class TrainingTests
{
    private static readonly NetworkGraph Graph = NetworkCatalog.Find("Tiny").Build(NetworkMode.Training);

    [Fact]
    public void Three_steps_reproduce_losses_norms_gradients_moments_and_parameters()
    {
        JsonElement expected = GoldenData.Json("nr1/train");
        GoldenTensor x = GoldenData.Tensors("nr1/train")["x"];
        Interpreter interpreter = LoadBatch(x, GoldenData.Tensors("nr1/train")["target"]);
        var comparisons = new List<Comparison>();
        for (int step = 1; step <= 3; step++)
        {
            IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(x.Run());
            comparisons.AddRange(CompareStep(outputs, expected.GetProperty("per_step")[step - 1], $"step {step} "));
            if (step == 1)
            {
                comparisons.Add(Compare.MaxAbsolute("restored", outputs["restored"].ToFloats(), GoldenData.Tensors("nr1/train")["pred2"].Values, 1e-6));
                double clip = expected.GetProperty("per_step")[0].GetProperty("clip_coef").GetDouble();
                comparisons.AddRange(CompareFirstGradients(interpreter.State("adam.m").Data, clip));
                comparisons.AddRange(CompareStatistics("after 1", interpreter.FlatParameters, expected.GetProperty("param_after1_stats"), 1e-9));
            }
        }
        comparisons.AddRange(CompareStatistics("after 3", interpreter.FlatParameters, expected.GetProperty("param_after3_stats"), 1e-9));
        comparisons.AddRange(CompareStatistics("m", interpreter.State("adam.m").Data, expected.GetProperty("adam_exp_avg_after3_stats"), 1e-6));
        comparisons.AddRange(CompareStatistics("v", interpreter.State("adam.v").Data, expected.GetProperty("adam_exp_avg_sq_after3_stats"), 1e-6));
        foreach (GoldenTensor after in GoldenData.ParametersAfterThreeSteps().Values)
            comparisons.Add(Compare.MaxAbsolute($"after 3 {after.Name}", Unpack(interpreter.FlatParameters, after.Name), after.Values, 1e-6));
        Comparison.RequireAll(comparisons);
    }

    /// <summary>Sizes that are no powers of two, at which a Fourier transform is easily wrong.</summary>
    [Fact]
    public void Loss_of_a_batch_of_72_by_88_is_reproduced()
    {
        var net = new NetworkBuilder("Loss", NetworkMode.Inference);
        PicturePyramid restored = FocalNetwork.Forward(net, net.Image("image", 3), Variants.Full(1));
        Losses.MultiScale(net, restored, net.Image("target", 3));
        Interpreter interpreter = ReferenceData.Load(net.Build(), GoldenData.Tensors("nr1/model").Tensors);
        GoldenTensor x = GoldenData.Tensors("loss/batch_72x88")["x"];
        interpreter.SetInput("image", x.ToTensor());
        interpreter.SetInput("target", GoldenData.Tensors("loss/batch_72x88")["target"].ToTensor());

        IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(x.Run());

        Comparison.RequireAll(CompareStep(outputs, GoldenData.Json("nr1/train").GetProperty("non_power_of_two_72x88"), "72×88 "));
    }

    private static Interpreter LoadBatch(GoldenTensor image, GoldenTensor target)
    {
        Interpreter interpreter = ReferenceData.Load(Graph, GoldenData.Tensors("nr1/model").Tensors);
        interpreter.SetInput("image", image.ToTensor());
        interpreter.SetInput("target", target.ToTensor());
        interpreter.SetInput("learning_rate", ReferenceData.Number(8e-4));
        interpreter.SetInput("clip", ReferenceData.Number(0.001));
        return interpreter;
    }

    internal static IEnumerable<Comparison> CompareStep(IReadOnlyDictionary<string, ReferenceTensor> outputs, JsonElement expected, string name)
    {
        (string Output, string Key)[] pairs =
        [
            ("loss", "loss"), ("gradient_norm", "total_grad_norm"),
            ("loss.l1.full", "l1_full"), ("loss.l1.half", "l1_half"), ("loss.l1.quarter", "l1_quarter"),
            ("loss.fft.full", "fft_full"), ("loss.fft.half", "fft_half"), ("loss.fft.quarter", "fft_quarter"),
        ];
        return pairs.Where(p => outputs.ContainsKey(p.Output)).Select(p =>
            Compare.RelativeScalar(name + p.Output, outputs[p.Output].Data[0], expected.GetProperty(p.Key).GetDouble(), 1e-9));
    }

    private static IEnumerable<Comparison> CompareFirstGradients(double[] firstMoment, double clip)
    {
        foreach (GoldenTensor expected in GoldenData.Tensors("nr1/gradients").Tensors)
        {
            string name = expected.Name["grad.".Length..];
            float[] actual = Array.ConvertAll(UnpackExact(firstMoment, name), m => (float)(m / (0.1 * clip)));
            yield return IsBeforeNorm(name)
                ? Compare.MaxAbsolute(expected.Name, actual, new float[actual.Length], 1e-9)
                : Compare.RelativeL2(expected.Name, actual, expected.Values, 2e-4);
        }
    }

    private static IEnumerable<Comparison> CompareStatistics(string name, double[] flat, JsonElement statistics, double tolerance)
    {
        // The bias before an instance norm has an exact gradient of 0; Adam turns its rounding noise into whole steps.
        foreach (JsonProperty expected in statistics.EnumerateObject().Where(p => !IsBeforeNorm(p.Name)))
        {
            double[] actual = UnpackExact(flat, expected.Name);
            double Get(string key) => expected.Value.GetProperty(key).GetDouble();
            string label = $"{name} {expected.Name}";
            double scale = Math.Max(Math.Abs(Get("min")), Math.Abs(Get("max")));
            yield return Compare.RelativeScalar($"{label} l2", Math.Sqrt(actual.Sum(v => v * v)), Get("l2"), tolerance);
            yield return Compare.Scalar($"{label} sum", actual.Sum() / scale, Get("sum") / scale, tolerance * actual.Length);
            yield return Compare.Scalar($"{label} min", actual.Min() / scale, Get("min") / scale, tolerance);
            yield return Compare.Scalar($"{label} max", actual.Max() / scale, Get("max") / scale, tolerance);
            yield return Compare.Scalar($"{label} first", actual[0] / scale, Get("first") / scale, tolerance);
            yield return Compare.Scalar($"{label} mid", actual[actual.Length / 2] / scale, Get("mid") / scale, tolerance);
            yield return Compare.Scalar($"{label} last", actual[^1] / scale, Get("last") / scale, tolerance);
        }
    }

    private static bool IsBeforeNorm(string name) => name.StartsWith("SCM", StringComparison.Ordinal) && name.EndsWith("main.3.main.0.bias", StringComparison.Ordinal);

    private static float[] Unpack(double[] flat, string name) => Array.ConvertAll(UnpackExact(flat, name), v => (float)v);

    private static double[] UnpackExact(double[] flat, string name) => GoldenOp.Unpack(flat, Graph.Parameters.Single(p => p.ParameterName == name));
}
