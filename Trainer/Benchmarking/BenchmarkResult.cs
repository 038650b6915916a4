namespace FocalNet.Trainer.Benchmarking;

/// <summary>What a kernel launch took, the median of all runs.</summary>
/// <param name="Index">Its number in the plan.</param>
/// <param name="Name">Where it comes from in the network.</param>
/// <param name="Kernel">The kernel.</param>
/// <param name="Seconds">Time.</param>
/// <param name="Macs">Multiply-accumulates that the convolution has by its definition; 0 for other steps.</param>
/// <param name="Bytes">Bytes of operands and results, each counted once.</param>
internal sealed record StepTime(int Index, string Name, string Kernel, double Seconds, long Macs, long Bytes)
{
    /// <summary>Operations of direct convolution a second; two for each multiply-accumulate.</summary>
    public double OperationsPerSecond => Seconds > 0 ? 2.0 * Macs / Seconds : 0;

    public double BytesPerSecond => Seconds > 0 ? Bytes / Seconds : 0;
}

/// <summary>What runs of one size took on a number of threads.</summary>
/// <param name="Height">Of the picture.</param>
/// <param name="Width">Of the picture.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Runs">How many were measured.</param>
/// <param name="Seconds">Median of a run.</param>
/// <param name="Fastest">The fastest run, in seconds.</param>
/// <param name="Peak">Fused multiply-adds' operations a second of as many threads, the best that was measured between the runs.</param>
/// <param name="MemoryBytes">What the device holds for it.</param>
/// <param name="Steps">In the order of the plan.</param>
internal sealed record BenchmarkResult(
    int Height, int Width, int Threads, int Runs, double Seconds, double Fastest, double Peak, long MemoryBytes, IReadOnlyList<StepTime> Steps)
{
    public long Macs => Steps.Sum(step => step.Macs);

    public long Bytes => Steps.Sum(step => step.Bytes);

    /// <summary>Time of all steps: a run's, but for medians and for what lies between steps.</summary>
    public double StepSeconds => Steps.Sum(step => step.Seconds);

    /// <summary>Operations of direct convolution, two for each multiply-accumulate.</summary>
    public double Operations => 2.0 * Macs;

    public double OperationsPerSecond => Operations / Seconds;

    /// <summary>Above 1 where Winograd's algorithm saves more than all else costs.</summary>
    public double PeakShare => OperationsPerSecond / Peak;

    public double Share(StepTime step) => StepSeconds > 0 ? step.Seconds / StepSeconds : 0;
}
