using FocalNet.Runtime.Cpu;
using FocalNet.Trainer.Benchmarking;
using FocalNet.Trainer.Kernels;

namespace FocalNet.Benchmarks;

/// <summary>
/// A training step (forward, backward, clipping, optimizer) on a batch of one: its rate by the operations of direct convolution
/// over the FMA peak measured between the steps, as <c>bench --training</c> of the command line has it.
/// </summary>
internal static class TrainingBenchmark
{
    public static void Run(IReadOnlyList<NetworkCase> rows, double seconds, ResultTable table)
    {
        foreach (NetworkCase row in rows)
        {
            using var device = new CpuDevice(row.Threads);
            BenchmarkResult step = new CpuBenchmark(row.Network, PlanMode.Training, TimeSpan.FromSeconds(seconds)).Run(device, row.Size.Height, row.Size.Width, default);
            table.Add(
                Figure.Of("network", row.Network.Name), Figure.Of("size", OnnxRuntimeBenchmark.SizeText(row)), Figure.Of("threads", row.Threads), Figure.Of("runs", step.Runs),
                Figure.Milliseconds("step", "step", step.Seconds), Figure.Giga("GFLOP", "operations", step.Operations),
                Figure.Giga("GFLOP/s", "operationsPerSecond", step.OperationsPerSecond), Figure.Giga("FMA peak", "peakOperationsPerSecond", step.Peak),
                Figure.Share("of peak", "peakShare", step.PeakShare), Figure.Megabytes("memory", "memory", step.MemoryBytes));
        }
    }
}
