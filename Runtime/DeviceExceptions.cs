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
        (Device, Operation, Shape, WayOut) = (device, operation, shape, wayOut);

    /// <summary>The device's name.</summary>
    public string Device { get; }

    /// <summary>What was being done.</summary>
    public string Operation { get; }

    /// <summary>Shape or size that it was done at; may be empty.</summary>
    public string Shape { get; }

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
