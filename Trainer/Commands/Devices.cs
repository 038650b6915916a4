using System.Text.RegularExpressions;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Trainer.Commands;

/// <summary>How closely arithmetic keeps to its definition.</summary>
internal enum Precision
{
    /// <summary>Convolutions as fast as they get: Winograd's algorithm where it pays.</summary>
    Default,

    /// <summary>Convolutions by their definition alone.</summary>
    Strict,
}

/// <summary>From the options --device, --threads and --precision to a device.</summary>
internal static partial class Devices
{
    /// <exception cref="UsageException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">The device is not there: another is never taken silently.</exception>
    public static IDevice Open(string name, int threads, Precision precision) => name.ToLowerInvariant() switch
    {
        "auto" or "cpu" => new CpuDevice(threads, strict: precision == Precision.Strict),
        var other when CudaName().IsMatch(other) => throw new DeviceException(
            other, "opening the device", "", "this build has no CUDA device yet.", "Use --device cpu, or leave --device out."),
        _ => throw new UsageException($"There is no device '{name}'. The devices are: auto, cpu, cuda, cuda:N."),
    };

    /// <summary>One line that says what was chosen, and why where it was not asked for.</summary>
    public static string Explain(string name, IDevice device) => string.Equals(name, "auto", StringComparison.OrdinalIgnoreCase)
        ? $"{device.Description} (--device auto: the only kind of device in this build)"
        : device.Description;

    [GeneratedRegex(@"^cuda(:\d+)?$")]
    private static partial Regex CudaName();
}
