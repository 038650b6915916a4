using System.Text.Json;
using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests.Cpu;

/// <summary>Compiled training plans on the processor against the steps of the reference implementation.</summary>
public class CpuTrainingTests(ITestOutputHelper report)
{
    private const double LearningRate = 8e-4, Clip = 0.001;

    [Fact]
    public void Three_steps_of_one_block()
    {
        JsonElement expected = GoldenData.Json("nr1/train");
        GoldenFile data = GoldenData.Tensors("nr1/train");
        using var device = new CpuDevice();
        using TrainingSession session = Start("Tiny", device, GoldenData.Tensors("nr1/model").Tensors);
        var comparisons = new List<Comparison>();
        for (int step = 1; step <= 3; step++)
        {
            JsonElement values = expected.GetProperty("per_step")[step - 1];
            StepResult result = Step(session, data["x"], data["target"]);
            comparisons.AddRange(CompareStep($"step {step} ", result, values, step == 1 ? 1e-5 : 1e-4));
            if (step > 1)
                continue;
            var restored = new float[data["x"].Count];
            session.ReadRestored(restored);
            comparisons.Add(Compare.MaxAbsolute("restored", restored, data["pred2"].Values, 2e-5));
            comparisons.AddRange(CompareGradients("Tiny", session.ReadState("adam.m"), ClipFactor(values)));
            comparisons.AddRange(CompareL2("after 1", "Tiny", session.ReadParameters(), expected.GetProperty("param_after1_stats"), 1e-5));
        }
        float[] parameters = session.ReadParameters();
        comparisons.AddRange(CompareL2("after 3", "Tiny", parameters, expected.GetProperty("param_after3_stats"), 1e-5));
        comparisons.AddRange(CompareL2("m", "Tiny", session.ReadState("adam.m"), expected.GetProperty("adam_exp_avg_after3_stats"), 1e-3));
        comparisons.AddRange(CompareL2("v", "Tiny", session.ReadState("adam.v"), expected.GetProperty("adam_exp_avg_sq_after3_stats"), 2e-3));
        foreach (GoldenTensor after in GoldenData.ParametersAfterThreeSteps().Values.Where(p => !IsBeforeNorm(p.Name)))
            comparisons.Add(Compare.MaxAbsolute($"after 3 {after.Name}", CpuNetwork.Part("Tiny", parameters, after.Name), after.Values, 1e-5));
        Require(comparisons);
    }

    /// <summary>Sizes that are no powers of two, at which a Fourier transform is easily wrong.</summary>
    [Fact]
    public void A_batch_of_72_by_88()
    {
        JsonElement expected = GoldenData.Json("nr1/train").GetProperty("non_power_of_two_72x88");
        GoldenFile data = GoldenData.Tensors("loss/batch_72x88");
        using var device = new CpuDevice();
        using TrainingSession session = Start("Tiny", device, GoldenData.Tensors("nr1/model").Tensors);

        StepResult result = Step(session, data["x"], data["target"]);

        Require(
        [
            .. CompareStep("", result, expected, 1e-5),
            .. CompareGradientNorms("Tiny", session.ReadState("adam.m"), result.GradientNorm, expected.GetProperty("grad_l2")),
        ]);
    }

    [Fact]
    public void A_step_of_sixteen_blocks()
    {
        JsonElement expected = GoldenData.Json("nr16/nr16");
        GoldenFile data = GoldenData.Tensors("nr16/io");
        using var device = new CpuDevice();
        using TrainingSession session = Start("Deblur", device, GoldenParameters.OfSixteenBlocks());

        StepResult result = Step(session, data["x"], data["target"]);

        Require(
        [
            .. CompareStep("", result, expected.GetProperty("loss"), 1e-5),
            Compare.RelativeScalar("gradient norm", result.GradientNorm, expected.GetProperty("total_grad_norm").GetDouble(), 1e-4),
            .. CompareGradientNorms("Deblur", session.ReadState("adam.m"), result.GradientNorm, expected.GetProperty("grad_l2")),
        ]);
    }

    private static TrainingSession Start(string network, CpuDevice device, IEnumerable<GoldenTensor> parameters) =>
        new(CpuNetwork.Find(network), device, CpuNetwork.Flatten(network, parameters));

    private static StepResult Step(TrainingSession session, GoldenTensor image, GoldenTensor target)
    {
        RunSize size = image.Size();
        return session.Step(image.Values, target.Values, size.Images, size.Height, size.Width, LearningRate, Clip);
    }

    private static double ClipFactor(JsonElement step) => step.GetProperty("clip_coef").GetDouble();

    private static IEnumerable<Comparison> CompareStep(string name, StepResult result, JsonElement expected, double tolerance)
    {
        (string Output, string Key)[] pairs =
        [
            ("loss", "loss"),
            ("loss.l1.full", "l1_full"), ("loss.l1.half", "l1_half"), ("loss.l1.quarter", "l1_quarter"),
            ("loss.fft.full", "fft_full"), ("loss.fft.half", "fft_half"), ("loss.fft.quarter", "fft_quarter"),
        ];
        foreach ((string output, string key) in pairs)
            yield return Compare.RelativeScalar(name + output, result.Losses[output], expected.GetProperty(key).GetDouble(), tolerance);
        if (expected.TryGetProperty("total_grad_norm", out JsonElement norm))
            yield return Compare.RelativeScalar(name + "gradient_norm", result.GradientNorm, norm.GetDouble(), 1e-4);
    }

    // After the first step the first moment is a tenth of the clipped gradient.
    private static IEnumerable<Comparison> CompareGradients(string network, float[] moment, double clip)
    {
        foreach (GoldenTensor expected in GoldenData.Tensors("nr1/gradients").Tensors)
        {
            string name = expected.Name["grad.".Length..];
            float[] actual = Array.ConvertAll(CpuNetwork.Part(network, moment, name).ToArray(), m => (float)(m / (0.1 * clip)));
            yield return IsBeforeNorm(name)
                ? Compare.MaxAbsolute(expected.Name, actual, new float[actual.Length], 1e-5)
                : Compare.RelativeL2(expected.Name, actual, expected.Values, 1e-3);
        }
    }

    private static IEnumerable<Comparison> CompareGradientNorms(string network, float[] moment, double norm, JsonElement expected)
    {
        double clip = Math.Min(1, Clip / (norm + 1e-6));
        foreach (JsonProperty tensor in expected.EnumerateObject())
        {
            double actual = Norm(CpuNetwork.Part(network, moment, tensor.Name)) / (0.1 * clip);
            yield return IsBeforeNorm(tensor.Name)
                ? Compare.Scalar($"gradient {tensor.Name}", actual, 0, 1e-4)
                : Compare.RelativeScalar($"gradient {tensor.Name}", actual, tensor.Value.GetDouble(), 1e-4);
        }
    }

    private static IEnumerable<Comparison> CompareL2(string name, string network, float[] flat, JsonElement statistics, double tolerance) =>
        statistics.EnumerateObject().Where(p => !IsBeforeNorm(p.Name)).Select(p => Compare.RelativeScalar(
            $"{name} {p.Name}", Norm(CpuNetwork.Part(network, flat, p.Name)), p.Value.GetProperty("l2").GetDouble(), tolerance));

    private static double Norm(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += (double)value * value;
        return Math.Sqrt(sum);
    }

    // Its exact gradient is 0; Adam turns rounding noise into whole steps.
    private static bool IsBeforeNorm(string name) =>
        name.StartsWith("SCM", StringComparison.Ordinal) && name.EndsWith("main.3.main.0.bias", StringComparison.Ordinal);

    private void Require(List<Comparison> comparisons)
    {
        foreach (Comparison comparison in comparisons.OrderByDescending(c => c.PercentOfTolerance).Take(8))
            report.WriteLine(comparison.ToString());
        Comparison.RequireAll(comparisons);
    }
}
