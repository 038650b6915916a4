using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Kernels;

namespace FocalNet.Trainer.Benchmarking;

/// <summary>Times a network's plan on the processor: whole runs and each step of them.</summary>
/// <param name="network">The network; its weights are random.</param>
/// <param name="mode">Restoring a picture, or a training step on a batch of one.</param>
/// <param name="duration">For how long at least the runs of one size are measured.</param>
internal sealed class CpuBenchmark(NetworkEntry network, PlanMode mode, TimeSpan duration)
{
    private const int WarmUps = 3;
    private const int LeastRuns = 5;

    /// <exception cref="DeviceException">The size can't be run.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public BenchmarkResult Run(CpuDevice device, int height, int width, CancellationToken cancellation)
    {
        var size = new RunSize(1, height, width);
        using var executor = device.CreateExecutor(mode == PlanMode.Inference ? NetworkPlans.Inference(network) : NetworkPlans.Training(network));
        executor.LoadParameters(NetworkWeights.Initial(network, seed: 1));
        executor.Bind(size);
        FillInputs(executor);
        for (var i = 0; i < WarmUps; i++)
        {
            executor.Run(cancellation);
        }

        executor.Profile = true;
        var runs = new List<double>();
        var steps = executor.Plan.Steps.Select(_ => new List<double>()).ToArray();
        var peak = 0.0;
        var watch = Stopwatch.StartNew();
        while (runs.Count < LeastRuns || watch.Elapsed < duration)
        {
            // Between the runs, so that what else the machine does disturbs both alike.
            peak = Math.Max(peak, FmaPeak.Measure(device));
            Array.Clear(executor.StepTicks);
            var start = Stopwatch.GetTimestamp();
            executor.Run(cancellation);
            runs.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            for (var i = 0; i < steps.Length; i++)
            {
                steps[i].Add((double)executor.StepTicks[i] / Stopwatch.Frequency);
            }
        }

        return new BenchmarkResult(
            height, width, device.Threads, runs.Count, Median(runs), runs.Min(), peak, executor.RequiredBytes(size), [.. Times(executor, steps, size)]);
    }

    private IEnumerable<StepTime> Times(CpuExecutor executor, List<double>[] seconds, RunSize size)
    {
        var reports = mode == PlanMode.Inference
            ? NetworkReports.Inference(network, size.Images, size.Height, size.Width)
            : NetworkReports.Training(network, size.Images, size.Height, size.Width);
        var costs = reports.StepCosts;
        return executor.Plan.Steps.Select((step, i) => new StepTime(i, step.Name, step.Kernel.Name, Median(seconds[i]), costs[i].ConvolutionMacs, costs[i].Bytes));
    }

    // Noise, the same every time. Every network's inputs are pictures; when training also two numbers.
    private static void FillInputs(CpuExecutor executor)
    {
        var random = new SeededRandom(1);
        foreach (var input in executor.Plan.Inputs)
        {
            var values = new float[input.Shape.Elements(executor.Size)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = values.Length == 1 ? 1e-3f : (float)random.NextDouble();
            }

            executor.SetInput(input.Name, values);
        }
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
