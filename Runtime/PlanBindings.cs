using System.Globalization;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime;

/// <summary>Names and sizes of a plan, checked in the same way and with the same words on every device.</summary>
/// <param name="device">The device's name.</param>
/// <param name="plan">The plan.</param>
internal sealed class PlanBindings(string device, PlanLayout plan)
{
    private readonly Dictionary<string, BindingSpec> inputs = plan.Inputs.ToDictionary(b => b.Name), outputs = plan.Outputs.ToDictionary(b => b.Name);
    private readonly Dictionary<string, StateSpec> states = plan.States.ToDictionary(s => s.Name);

    public BindingSpec Input(string name) => Find(inputs, name, "input");

    public BindingSpec Output(string name) => Find(outputs, name, "output");

    public StateSpec State(string name) => Find(states, name, "state");

    /// <exception cref="DeviceException">The size is not positive, or not divisible by the plan's divisor.</exception>
    public void CheckSize(RunSize size) => CheckSize(device, plan, size);

    /// <exception cref="DeviceException">The size is not positive, or not divisible by the plan's divisor.</exception>
    public static void CheckSize(string device, PlanLayout plan, RunSize size)
    {
        if (size.Images < 1 || size.Height < 1 || size.Width < 1 || size.Height % plan.Divisor != 0 || size.Width % plan.Divisor != 0)
            throw new DeviceException(device, $"bind {plan.Name}", Text(size), $"N, H and W must be positive, H and W multiples of {plan.Divisor}.", "Pad the picture.");
    }

    /// <exception cref="DeviceException">No size is bound.</exception>
    public void CheckBound(RunSize size, string operation, string subject)
    {
        if (size == default)
            throw new DeviceException(device, $"{operation} '{subject}'", string.Empty, "No run size is bound.", "Call Bind first.");
    }

    /// <exception cref="DeviceException">A span does not fit.</exception>
    public void CheckLength(RunSize size, string operation, string tensor, long expected, long given)
    {
        if (expected != given)
            throw new DeviceException(device, $"{operation} '{tensor}' of {plan.Name}", Text(size), $"{given} floats were given.", string.Create(CultureInfo.InvariantCulture, $"Give {expected}."));
    }

    /// <summary>A size, for people.</summary>
    public static string Text(RunSize size) =>
        size == default ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"N = {size.Images}, H = {size.Height}, W = {size.Width}");

    private T Find<T>(Dictionary<string, T> table, string name, string kind) => table.TryGetValue(name, out T? found)
        ? found
        : throw new DeviceException(device, $"find {kind} '{name}' of {plan.Name}", string.Empty, $"There is no such {kind}.", $"Use one of: {string.Join(", ", table.Keys)}.");
}
