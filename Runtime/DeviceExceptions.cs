using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime;

/// <summary>Something that a device could not do: its message names device, operation, shape and the way out.</summary>
public class DeviceException : Exception
{
    /// <summary>An error of a device.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="operation">What was being done.</param>
    /// <param name="shape">Shape or size that it was done at; may be empty.</param>
    /// <param name="problem">What is wrong.</param>
    /// <param name="wayOut">What the reader can do about it.</param>
    /// <param name="inner">The cause, if it was an exception.</param>
    public DeviceException(string device, string operation, string shape, string problem, string wayOut, Exception? inner = null)
        : base($"{device}: {operation}{(shape.Length == 0 ? string.Empty : " at " + shape)}: {problem} {wayOut}", inner) =>
        (Device, Operation, Shape, Problem, WayOut) = (device, operation, shape, problem, wayOut);

    /// <summary>The device's name.</summary>
    public string Device { get; }

    /// <summary>What was being done.</summary>
    public string Operation { get; }

    /// <summary>Shape or size that it was done at; may be empty.</summary>
    public string Shape { get; }

    /// <summary>What is wrong.</summary>
    public string Problem { get; }

    /// <summary>What the reader can do about it.</summary>
    public string WayOut { get; }
}

/// <summary>A run size needs more memory than there is.</summary>
public sealed class DeviceMemoryException : DeviceException
{
    /// <summary>An error of memory.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="plan">The plan's name.</param>
    /// <param name="size">The run size.</param>
    /// <param name="needed">Bytes needed; <see cref="long.MaxValue"/> if they do not fit a number.</param>
    /// <param name="available">Bytes available, as far as known.</param>
    /// <param name="inner">The cause, if it was an exception.</param>
    /// <param name="wayOut">What the reader can do about it; null names the usual.</param>
    public DeviceMemoryException(string device, string plan, RunSize size, long needed, long available, Exception? inner = null, string? wayOut = null)
        : base(
            device, $"memory of {plan}", $"N = {size.Images}, H = {size.Height}, W = {size.Width}",
            $"{needed} bytes are needed and {available} are available.", wayOut ?? "Use fewer images a run or smaller tiles.", inner) =>
        (NeededBytes, AvailableBytes) = (needed, available);

    /// <summary>Bytes needed; <see cref="long.MaxValue"/> if they do not fit a number.</summary>
    public long NeededBytes { get; }

    /// <summary>Bytes available, as far as known.</summary>
    public long AvailableBytes { get; }
}

/// <summary>There is no such device in this machine, or it can't be used.</summary>
/// <param name="device">The device's name.</param>
/// <param name="problem">What is wrong.</param>
/// <param name="wayOut">What the reader can do about it.</param>
public sealed class DeviceNotFoundException(string device, string problem, string wayOut)
    : DeviceException(device, "open the device", string.Empty, problem, wayOut);

/// <summary>A native library that the device needs is missing or can't be used.</summary>
/// <param name="device">The device's name.</param>
/// <param name="library">What people call the library.</param>
/// <param name="problem">What is wrong.</param>
/// <param name="wayOut">What to install.</param>
public sealed class DeviceLibraryException(string device, string library, string problem, string wayOut)
    : DeviceException(device, "load " + library, string.Empty, problem, wayOut)
{
    /// <summary>What people call the library.</summary>
    public string Library { get; } = library;
}

/// <summary>
/// The device failed in mid-run and is of no use any more: executors on it can only be disposed. Memory on it is lost.
/// </summary>
/// <param name="device">The device's name.</param>
/// <param name="operation">What was being done.</param>
/// <param name="shape">Shape or size that it was done at.</param>
/// <param name="problem">What the driver says.</param>
public sealed class DeviceLostException(string device, string operation, string shape, string problem)
    : DeviceException(device, operation, shape, problem, "Start the program again; if it comes back, run with FOCALNET_CUDA_SYNC=1, which names the kernel, and report it.");

/// <summary>The compiler on the user's machine refused a generated kernel.</summary>
/// <param name="device">The device's name.</param>
/// <param name="kernel">The kernel's name.</param>
/// <param name="problem">The first error with the line that it is in.</param>
/// <param name="log">All that the compiler said.</param>
public sealed class KernelCompilationException(string device, string kernel, string problem, string log)
    : DeviceException(device, "compile kernel " + kernel, string.Empty, problem, "This is an error of the compiler that made the kernel: report it with the log.")
{
    /// <summary>The kernel's name.</summary>
    public string Kernel { get; } = kernel;

    /// <summary>All that the compiler said.</summary>
    public string Log { get; } = log;
}
