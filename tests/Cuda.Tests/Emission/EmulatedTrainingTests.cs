using System.Text.Json;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;
using FocalNet.Model;
using FocalNet.Tests.Shared;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>Whole steps of Tiny under the emulator against the values of the reference implementation.</summary>
public sealed class EmulatedTrainingTests(ITestOutputHelper output)
{
    private const double LearningRate = 8e-4, Clip = 0.001;

    private static readonly (string Output, string Key)[] _losses =
    [
        ("loss", "loss"),
        ("loss.l1.full", "l1_full"), ("loss.l1.half", "l1_half"), ("loss.l1.quarter", "l1_quarter"),
        ("loss.fft.full", "fft_full"), ("loss.fft.half", "fft_half"), ("loss.fft.quarter", "fft_quarter"),
    ];

    /// <summary>Tolerances are those of the CPU's test of the same values.</summary>
    [Fact]
    public void Three_steps_in_float32()
    {
        Requires.Emulator();
        JsonElement expected = GoldenData.Json("nr1/train");
        GoldenFile data = GoldenData.Tensors("nr1/train");
        using EmulatedPlan plan = Start(ElementType.Float32);
        var comparisons = new List<Comparison>();
        for (int step = 1; step <= 3; step++)
        {
            JsonElement values = expected.GetProperty("per_step")[step - 1];
            Step(plan, data["x"], data["target"]);
            comparisons.AddRange(CompareStep($"step {step} ", plan, values, step == 1 ? 1e-5 : 1e-4));
            if (step > 1)
                continue;
            comparisons.Add(Compare.MaxAbsolute("restored", plan.ReadOutput("restored"), data["pred2"].Values, 2e-5));
            comparisons.AddRange(CompareGradients(plan, values.GetProperty("clip_coef").GetDouble()));
        }
        foreach (GoldenTensor after in GoldenData.ParametersAfterThreeSteps().Values.Where(p => !IsBeforeNorm(p.Name)))
            comparisons.Add(Compare.MaxAbsolute($"after 3 {after.Name}", Part(plan, StateOp.Parameters, after.Name), after.Values, 1e-5));
        Require(comparisons);
    }

    /// <summary>
    /// bf16 rounds each stored activation to 8 bits: by 2⁻⁹ of it at most. Rounding errors of the some L layers that a value goes through
    /// add up as √L: to √40·2⁻⁹ ≈ 1.2 % of what the network adds to the picture (40 layers), and to √120·2⁻⁹ ≈ 2.1 % of a gradient
    /// (forward, backward and the activations it is multiplied with). Twice that is allowed, for what rounding does to GELU's slope and to the
    /// signs in the loss. Losses are means over many pixels, whose errors cancel.
    /// </summary>
    [Fact]
    public void A_step_in_bf16()
    {
        Requires.Emulator();
        JsonElement expected = GoldenData.Json("nr1/train").GetProperty("per_step")[0];
        GoldenFile data = GoldenData.Tensors("nr1/train");
        using EmulatedPlan plan = Start(ElementType.BFloat16);
        Assert.Contains(plan.Plan.Buffers, b => b.Type == ElementType.BFloat16);
        Step(plan, data["x"], data["target"]);
        float[] image = data["x"].Values;
        float[] Added(float[] restored) => [.. restored.Select((r, i) => r - image[i])];
        double clip = Math.Min(1, Clip / (plan.ReadOutput("gradient_norm")[0] + 1e-6));
        GoldenTensor[] gradients = [.. GoldenData.Tensors("nr1/gradients").Tensors.Where(g => !IsBeforeNorm(g.Name["grad.".Length..]))];
        float[] gradient = [.. gradients.SelectMany(g => Array.ConvertAll(Part(plan, "adam.m", g.Name["grad.".Length..]), m => (float)(m / (0.1 * clip))))];
        Require(
        [
            .. CompareStep("", plan, expected, 5e-3),
            Compare.RelativeL2("what is added to the picture", Added(plan.ReadOutput("restored")), Added(data["pred2"].Values), 2 * Math.Sqrt(40) / 512),
            Compare.RelativeL2("gradient", gradient, [.. gradients.SelectMany(g => g.Values)], 2 * Math.Sqrt(120) / 512),
        ]);
    }

    private static EmulatedPlan Start(ElementType precision)
    {
        EmulatedPlan plan = EmulatedPlan.Of(LaunchCompiler.Compile(NetworkCatalog.Find("Tiny").Build(NetworkMode.Training), precision));
        Dictionary<string, GoldenTensor> parameters = GoldenData.Tensors("nr1/model").Tensors.ToDictionary(t => t.Name);
        plan.LoadParameters(p => parameters[p.ParameterName].Values);
        return plan;
    }

    private static void Step(EmulatedPlan plan, GoldenTensor image, GoldenTensor target)
    {
        plan.Bind(new RunExtents(image.Shape[0], image.Shape[2], image.Shape[3]));
        plan.SetInput("image", image.Values);
        plan.SetInput("target", target.Values);
        plan.SetInput("learning_rate", [(float)LearningRate]);
        plan.SetInput("clip", [(float)Clip]);
        plan.Run();
    }

    private static IEnumerable<Comparison> CompareStep(string name, EmulatedPlan plan, JsonElement expected, double tolerance)
    {
        foreach ((string loss, string key) in _losses)
            yield return Compare.RelativeScalar(name + loss, plan.ReadOutput(loss)[0], expected.GetProperty(key).GetDouble(), tolerance);
        yield return Compare.RelativeScalar(name + "gradient_norm", plan.ReadOutput("gradient_norm")[0], expected.GetProperty("total_grad_norm").GetDouble(), 10 * tolerance);
    }

    // After the first step the first moment is a tenth of the clipped gradient.
    private static IEnumerable<Comparison> CompareGradients(EmulatedPlan plan, double clip)
    {
        foreach (GoldenTensor expected in GoldenData.Tensors("nr1/gradients").Tensors)
        {
            string name = expected.Name["grad.".Length..];
            float[] actual = Array.ConvertAll(Part(plan, "adam.m", name), m => (float)(m / (0.1 * clip)));
            yield return IsBeforeNorm(name)
                ? Compare.MaxAbsolute(expected.Name, actual, new float[actual.Length], 1e-5)
                : Compare.RelativeL2(expected.Name, actual, expected.Values, 1e-3);
        }
    }

    // One parameter's share of a flat state, in the order of weight files.
    private static float[] Part(EmulatedPlan plan, string state, string parameter)
    {
        ParameterOp op = plan.Plan.Graph.Parameters.First(p => p.ParameterName == parameter);
        ReadOnlySpan<float> memory = plan.ReadState(state).AsSpan(op.Offset, op.Shape.ConstantElements);
        int n = op.Shape.N.Value, c = op.Shape.C, pixels = op.Shape.H.Value * op.Shape.W.Value;
        var values = new float[memory.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = memory[(i / (c * pixels) * pixels + i % pixels) * c + i / pixels % c];
        Assert.Equal(n * c * pixels, values.Length);
        return values;
    }

    // Its exact gradient is 0; Adam turns rounding noise into whole steps.
    private static bool IsBeforeNorm(string name) =>
        name.StartsWith("SCM", StringComparison.Ordinal) && name.EndsWith("main.3.main.0.bias", StringComparison.Ordinal);

    private void Require(List<Comparison> comparisons)
    {
        foreach (Comparison comparison in comparisons.OrderByDescending(c => c.PercentOfTolerance).Take(8))
            output.WriteLine(comparison.ToString());
        Comparison.RequireAll(comparisons);
    }
}
