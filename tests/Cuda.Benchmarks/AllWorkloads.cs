using System.Text.Json;
using FocalNet.Runtime;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>Every workload one after the other, for a machine without a peer.</summary>
internal static class AllWorkloads
{
    private const int WarmUps = 50, QuickWarmUps = 5;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Times them.</summary>
    /// <param name="runs">Runs of each.</param>
    /// <param name="quick">The small ones alone, with few runs before.</param>
    public static string Run(int runs, bool quick = false)
    {
        var results = new List<object>();
        foreach (Workload workload in quick ? Workload.Quick : Workload.All)
        {
            try
            {
                using var open = new OpenWorkload(workload);
                open.Time(quick ? QuickWarmUps : WarmUps);
                float[] times = [.. open.Time(runs).Order()];
                results.Add(new { workload = workload.ToString(), facts = Facts(open), median = times[times.Length / 2], p95 = times[Math.Min(times.Length - 1, times.Length * 95 / 100)] });
            }
            catch (DeviceException exception)
            {
                // Too large for this device, say: the others still count.
                results.Add(new { workload = workload.ToString(), error = exception.Message });
            }
        }
        return JsonSerializer.Serialize(new { results }, Indented);
    }

    /// <summary>What is to be known of an open workload beside its times.</summary>
    public static object Facts(OpenWorkload open) => new
    {
        device = open.Description,
        launches = open.Launches,
        bytes = open.Bytes,
        compileSeconds = open.CompileSeconds,
        kernels = open.Kernels.Select(k => new { name = k.Name, seconds = k.Seconds, cached = k.FromCache, registers = k.Registers, spilled = k.LocalBytes, shared = k.StaticSharedBytes }),
    };
}
