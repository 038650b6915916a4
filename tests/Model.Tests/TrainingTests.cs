using System.Text.Json;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Reference;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>Three whole training steps of the network of one block against those of the reference implementation.</summary>
public class TrainingTests
{
    private static readonly NetworkGraph Graph = NetworkCatalog.Find("Tiny").Build(NetworkMode.Training);

    [Fact]
    public void Three_steps_reproduce_loss_norm_gradients_and_parameters()
    {
        JsonElement expected = GoldenData.Json("nr1/train");
        GoldenTensor x = GoldenData.Tensors("nr1/train")["x"];
        Interpreter interpreter = Reference.Load(Graph, GoldenData.Tensors("nr1/model").Tensors);
        interpreter.SetInput("image", x.ToTensor());
        interpreter.SetInput("target", GoldenData.Tensors("nr1/train")["target"].ToTensor());
        interpreter.SetInput("learning_rate", Number(8e-4));
        interpreter.SetInput("clip", Number(0.001));
        var comparisons = new List<Comparison>();
        for (int step = 1; step <= 3; step++)
        {
            IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(x.Run());
            Console.WriteLine(System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 / 1e9);
            foreach (Comparison c in CompareStep(outputs, expected.GetProperty("per_step")[step - 1])) { comparisons.Add(c); Console.WriteLine(c); }
        }
        Comparison.RequireAll(comparisons);
    }

    private static IEnumerable<Comparison> CompareStep(IReadOnlyDictionary<string, ReferenceTensor> outputs, JsonElement expected)
    {
        (string Output, string Key)[] pairs =
        [
            ("loss", "loss"), ("gradient_norm", "total_grad_norm"),
            ("loss.l1.full", "l1_full"), ("loss.l1.half", "l1_half"), ("loss.l1.quarter", "l1_quarter"),
            ("loss.fft.full", "fft_full"), ("loss.fft.half", "fft_half"), ("loss.fft.quarter", "fft_quarter"),
        ];
        return pairs.Select(p => Compare.RelativeScalar(
            $"step {expected.GetProperty("step").GetInt32()} {p.Output}", outputs[p.Output].Data[0], expected.GetProperty(p.Key).GetDouble(), 1e-6));
    }

    private static ReferenceTensor Number(double value) => new([1, 1, 1, 1], [value]);
}
