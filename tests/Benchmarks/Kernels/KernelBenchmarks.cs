namespace FocalNet.Benchmarks;

/// <summary>The rows of the tables of docs/benchmarks/cpu-kernels.md.</summary>
internal static class KernelBenchmarks
{
    public static void Run(IReadOnlyList<string> which)
    {
        if (IsWanted("forward"))
        {
            ConvolutionBenchmark.Forward(16, 16, 256, 256, gelu: true);
            ConvolutionBenchmark.Forward(16, 16, 128, 128, gelu: true);
            ConvolutionBenchmark.Forward(64, 64, 128, 128, gelu: true);
            ConvolutionBenchmark.Forward(128, 128, 64, 64, gelu: true);
            ConvolutionBenchmark.Forward(128, 64, 128, 128, gelu: false);
            ConvolutionBenchmark.Forward(256, 128, 64, 64, gelu: false);
            ConvolutionBenchmark.Forward(32, 32, 256, 256, gelu: false);
        }

        if (IsWanted("gradient"))
        {
            ConvolutionBenchmark.WeightGradient(16, 16, 256, 256);
            ConvolutionBenchmark.WeightGradient(64, 64, 128, 128);
            ConvolutionBenchmark.WeightGradient(128, 128, 64, 64);
            ConvolutionBenchmark.WeightGradient(32, 32, 256, 256);
        }

        if (IsWanted("accuracy"))
        {
            foreach (int channels in new[] { 16, 64, 256 })
                ConvolutionBenchmark.Accuracy(channels);
        }

        bool IsWanted(string name) => which.Count == 0 || which.Contains(name);
    }
}
