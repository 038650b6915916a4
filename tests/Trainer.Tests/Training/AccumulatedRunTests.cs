using FocalNet.Model;
using FocalNet.Tests.Shared;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Training;

public sealed class AccumulatedRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The same pictures in the same steps: weights differ by rounding alone.</summary>
    [Fact]
    public void A_run_of_small_batches_accumulated_is_one_of_large_batches()
    {
        var options = TinyNetwork.ShortRun(_folder["large"]) with { Steps = 3, Batch = 4 };
        TinyNetwork.Train(options);
        TinyNetwork.Train(options with { Out = _folder["small"], Batch = 1, Accumulate = 4 });
        RunComparison.RequireClose(_folder["large"], _folder["small"]);
    }
}

/// <summary>Compares runs that take the same steps in another order of sums.</summary>
internal static class RunComparison
{
    /// <summary>
    /// Losses agree to rounding; so do weights, but for the few whose gradient is rounding noise, which Adam turns into whole steps: their
    /// distance stays far below what the steps moved.
    /// </summary>
    public static void RequireClose(string expected, string actual)
    {
        var (one, two) = (Read(expected), Read(actual));
        var start = NetworkWeights.Initial(TinyNetwork.Entry, 1);
        var moved = Math.Sqrt(start.Zip(one.Parameters, (a, b) => (double)(b - a) * (b - a)).Sum());
        var apart = Math.Sqrt(two.Parameters.Zip(one.Parameters, (a, b) => (double)(b - a) * (b - a)).Sum());
        Assert.True(apart < 0.02 * moved, $"The weights are {apart} apart after moving by {moved}.");
        Compare.RelativeL2("second moments", two.States["adam.v"], one.States["adam.v"], 1e-2).Require();
        var (first, second) = (Losses(expected), Losses(actual));
        Assert.Equal(first.Length, second.Length);
        for (var i = 0; i < first.Length; i++)
        {
            Compare.RelativeScalar($"loss of step {i + 1}", second[i], first[i], i == 0 ? 1e-6 : 1e-3).Require();
        }
    }

    private static TrainingCheckpoint Read(string run) => TrainingCheckpoint.Read(Path.Combine(run, "last.safetensors"), TinyNetwork.Entry);

    private static double[] Losses(string run) =>
    [
        .. File.ReadLines(Path.Combine(run, "steps.jsonl")).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("loss").GetProperty("total").GetDouble()),
    ];
}
