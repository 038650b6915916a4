using System.Globalization;
using System.Text.RegularExpressions;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Cuda;
using FocalNet.Trainer.Display;

namespace FocalNet.Trainer.Commands;

/// <summary>From the options --device, --threads and --precision to a device.</summary>
internal static partial class Devices
{
    private const string Auto = "auto", Cpu = "cpu";

    /// <param name="name">auto, cpu, cuda or cuda:N.</param>
    /// <param name="threads">Threads on the processor.</param>
    /// <param name="precision">How closely arithmetic keeps to its definition.</param>
    /// <param name="terminal">Hears of kernels that are compiled, where that takes time.</param>
    /// <param name="cancellation">Stops the compilation of kernels.</param>
    /// <exception cref="UsageException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">The device is not there: another is never taken silently.</exception>
    public static IDevice Open(string name, int threads, Precision precision, Terminal? terminal = null, CancellationToken cancellation = default)
    {
        switch (name.ToLowerInvariant())
        {
            case Cpu:
                return OpenCpu(threads, precision, "it is of CUDA devices.");
            case Auto:
                return Problem(OnCuda(precision)) is { } problem ? OpenCpu(threads, precision, problem) : OpenCuda(0, precision, terminal, cancellation);
            case var other when CudaName().Match(other) is { Success: true } match:
                string number = match.Groups[1].Value;
                return OpenCuda(number.Length == 0 ? 0 : int.Parse(number, CultureInfo.InvariantCulture), precision, terminal, cancellation);
            default:
                throw new UsageException($"There is no device '{name}'. The devices are: auto, cpu, cuda, cuda:N.");
        }
    }

    /// <summary>One line that says what was chosen, and why where it was not asked for.</summary>
    public static string Explain(string name, IDevice device)
    {
        if (!string.Equals(name, Auto, StringComparison.OrdinalIgnoreCase))
        {
            return device.Description;
        }

        return $"{device.Description} (--device auto: {(device is CudaDevice ? "the first CUDA device" : "no CUDA; " + Problem()?.TrimEnd('.'))})";
    }

    // Why the first CUDA device can't be used; null if it can. A build that left CUDA out has nothing to run there.
    private static string? Problem(CudaPrecision precision = CudaPrecision.Fast) => CudaDevice.Problem(0, precision)
        ?? (NetworkPlans.Inference(NetworkCatalog.All[0]).Cuda is null ? "This program was built with FocalNetCuda=false, without plans for CUDA." : null);

    private static CpuDevice OpenCpu(int threads, Precision precision, string problem) => precision == Precision.Bf16
        ? throw new DeviceException(Cpu, "open the device", "", $"The processor computes in float32 alone; bf16 is not there: {problem}", "Leave --precision out, or use --device cuda.")
        : new CpuDevice(threads, strict: precision == Precision.Strict);

    private static CudaDevice OpenCuda(int ordinal, Precision precision, Terminal? terminal, CancellationToken cancellation) => new(ordinal, new CudaOptions
    {
        Precision = OnCuda(precision),
        Compilation = terminal is null ? null : new CompilationNote(terminal, TimeProvider.System),
        Cancellation = cancellation,
    });

    private static CudaPrecision OnCuda(Precision precision) => precision switch
    {
        Precision.Strict => CudaPrecision.Strict,
        Precision.Bf16 => CudaPrecision.BFloat16,
        _ => CudaPrecision.Fast,
    };

    [GeneratedRegex(@"^cuda(?::(\d{1,4}))?$")]
    private static partial Regex CudaName();
}
