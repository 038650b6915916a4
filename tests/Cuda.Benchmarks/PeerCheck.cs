using System.Text.Json;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>Compares results alone: ours and PyTorch's model with float64, on the processor where PyTorch has no GPU.</summary>
internal static class PeerCheck
{
    // What float32 sums in another order may differ by, of the largest value; bfloat16 has 8 bits.
    private const double Float32 = 2e-5, BFloat16 = 2e-2;

    /// <summary>Compares each workload, and writes a line for each.</summary>
    /// <returns>Whether all errors are as small as the precision lets them be.</returns>
    /// <exception cref="SideException">A side fails.</exception>
    public static bool Run(BenchmarkOptions options, TextWriter log)
    {
        string[] peer = options.Peer ?? throw new FormatException("check needs --peer.");
        using var ours = new Side(Comparison.Ours, Environment.ProcessPath!, "serve");
        using var theirs = new Side("eager", peer[0], [.. peer[1..], "serve", "eager"]);
        bool right = true;
        foreach (Workload workload in options.Workloads ?? (options.Quick ? Workload.Quick : Workload.All))
        {
            string folder = Directory.CreateTempSubdirectory("focalnet-check-").FullName;
            try
            {
                ours.Ask($"open {workload}", options.Limit);
                ours.Ask($"write {folder}", options.Limit);
                double own = Error($"reference {workload} {folder}"), single = Error($"float32 {workload} {folder}");
                log.WriteLine(FormattableString.Invariant($"{workload}: ours {own:0.0e-00}, PyTorch in float32 {single:0.0e-00} of the largest value"));
                right &= own <= (workload.Precision == "bf16" ? BFloat16 : Float32) && single <= Float32;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        return right;

        double Error(string command)
        {
            JsonElement answer = theirs.Ask(command, options.Limit);
            return Times.FromJson<double>(answer.GetProperty("deviation"));
        }
    }
}
