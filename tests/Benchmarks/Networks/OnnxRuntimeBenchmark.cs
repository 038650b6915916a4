using System.Globalization;

namespace FocalNet.Benchmarks;

/// <summary>
/// Whole networks against ONNX Runtime: the same weights and picture, turn by turn in one process, from NCHW floats to NCHW
/// floats; and how far both are from float64.
/// </summary>
internal static class OnnxRuntimeBenchmark
{
    public static void Run(IReadOnlyList<NetworkCase> rows, double seconds, ResultTable table)
    {
        foreach (NetworkCase row in rows)
        {
            Turns turns;
            using (var ours = new OwnNetwork(row))
            using (OnnxRuntimeNetwork theirs = OnnxRuntimeNetwork.Create(row))
                turns = Timing.TakeTurns(ours.Run, theirs.Run, seconds);
            Errors errors = Float64.ErrorsOf(row.Network);
            table.Add(
                Figure.Of("network", row.Network.Name), Figure.Of("size", SizeText(row)), Figure.Of("threads", row.Threads), Figure.Of("runs", turns.Runs),
                Figure.Milliseconds("FocalNet.Compiler", "ours", turns.FirstMedian), Figure.Milliseconds("ONNX Runtime", "onnxRuntime", turns.SecondMedian),
                Figure.Ratio("ratio", turns.SecondMedian / turns.FirstMedian),
                Figure.Error("error, ours", "errorOurs", errors.Ours), Figure.Error("strict", "errorStrict", errors.Strict), Figure.Error("ONNX Runtime", "errorOnnxRuntime", errors.Theirs));
        }
    }

    public static string SizeText(NetworkCase row) => string.Create(CultureInfo.InvariantCulture, $"{row.Size.Height}×{row.Size.Width}");
}
