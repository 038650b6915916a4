using System.Text.Json;
using FocalNet.Graph.Ir;
using FocalNet.Model;
using FocalNet.Runtime.Plans;
using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class BenchCommandTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Json_has_every_step_of_the_plan_with_its_cost(bool isTraining)
    {
        string[] mode = isTraining ? ["--training"] : [];
        var outcome = Shell.Run(["bench", "tiny", "--size", "16x16", "--size", "16x32", "--threads", "2", "--seconds", "0", "--json", .. mode]);
        outcome.RequireSuccess();
        using var document = JsonDocument.Parse(outcome.Output);
        Assert.Equal("Tiny", document.RootElement.GetProperty("network").GetString());
        JsonElement[] results = [.. document.RootElement.GetProperty("results").EnumerateArray()];
        Assert.Equal([(16, 16, 1), (16, 16, 2), (16, 32, 1), (16, 32, 2)], results.Select(r => (Integer(r, "height"), Integer(r, "width"), Integer(r, "threads"))));
        Assert.All(results, result => CheckResult(result, isTraining ? NetworkPlans.Training(TinyNetwork.Entry) : NetworkPlans.Inference(TinyNetwork.Entry)));
        // Twice the pixels, twice the work.
        Assert.Equal(2 * Whole(results[0], "macs"), Whole(results[2], "macs"));
    }

    /// <summary>By its definition a forward pass has as many multiply-accumulates as the graph's convolutions.</summary>
    [Fact]
    public void The_steps_costs_are_those_of_the_network()
    {
        using var document = JsonDocument.Parse(Bench("--json").Output);
        var result = document.RootElement.GetProperty("results")[0];
        var graph = TinyNetwork.Entry.Build(FocalNet.Graph.Dsl.NetworkMode.Inference);
        Assert.Equal(PaperCount.ConvolutionMacs(graph, new RunExtents(1, 16, 16)), Whole(result, "macs"));
    }

    [Fact]
    public void The_table_has_every_layer_and_a_summary()
    {
        var outcome = Bench();
        outcome.RequireSuccess();
        Assert.All(NetworkPlans.Inference(TinyNetwork.Entry).Steps, step => Assert.Contains(step.Kernel.Name, outcome.Output, StringComparison.Ordinal));
        Assert.All(["Tiny, inference, on ", "16×16", "FMA peak", "16×16, 1 thread: ", "median, ms"], text => Assert.Contains(text, outcome.Output, StringComparison.Ordinal));
        Assert.Contains(", strict", Bench("--precision", "strict").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Nonsense_is_a_usage_error()
    {
        Shell.Run("bench", "tiny", "--size", "17x16").RequireFailure(ExitCodes.Usage, "'17x16'", "multiples of 4");
        Shell.Run("bench", "tinny").RequireFailure(ExitCodes.Usage, "'tinny'", "Tiny");
        Shell.Run("bench", "tiny", "--seconds", "-1").RequireFailure(ExitCodes.Usage, "--seconds", "'-1'");
    }

    private static void CheckResult(JsonElement result, ExecutionPlan plan)
    {
        JsonElement[] steps = [.. result.GetProperty("steps").EnumerateArray()];
        Assert.Equal(plan.Steps.Select(s => (s.Name, s.Kernel.Name)), steps.Select(s => (s.GetProperty("name").GetString()!, s.GetProperty("kernel").GetString()!)));
        Assert.Equal(1, steps.Sum(s => s.GetProperty("share").GetDouble()), 1e-9);
        Assert.Equal(Whole(result, "macs"), steps.Sum(s => Whole(s, "macs")));
        Assert.Equal(Whole(result, "bytes"), steps.Sum(s => Whole(s, "bytes")));
        Assert.All(steps, step => Assert.True(Whole(step, "bytes") > 0));
        // Costs come from compiling anew: kernels that convolve, and no others, have products only if the order is the same.
        Assert.All(steps, step => Assert.Equal(IsConvolution(step.GetProperty("kernel").GetString()!), Whole(step, "macs") > 0));
        Assert.InRange(result.GetProperty("runs").GetInt32(), 5, 1000);
        Assert.InRange(result.GetProperty("fastestSeconds").GetDouble(), 1e-7, result.GetProperty("medianSeconds").GetDouble());
        Assert.InRange(result.GetProperty("fmaPeakFlopsPerSecond").GetDouble(), 1e7, 1e14);
        Assert.Equal(2.0 * Whole(result, "macs") / result.GetProperty("medianSeconds").GetDouble(), result.GetProperty("flopsPerSecond").GetDouble(), 1.0);
    }

    private static bool IsConvolution(string kernel) =>
        kernel.Contains("Convolution", StringComparison.Ordinal) || kernel.Contains("WeightGradient", StringComparison.Ordinal) || kernel.Contains("Depthwise", StringComparison.Ordinal);

    private static CommandOutcome Bench(params string[] more) => Shell.Run(["bench", "tiny", "--size", "16x16", "--threads", "1", "--seconds", "0", .. more]);

    private static int Integer(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static long Whole(JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
