using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cpu;

/// <content>A training step in two halves, with the gradient between them.</content>
public sealed unsafe partial class CpuExecutor
{
    // Between the halves: the gradient is in memory, and the optimizer has not used it yet.
    private bool atGradient;

    /// <inheritdoc/>
    public void RunToGradient(CancellationToken cancellation = default)
    {
        lock (gate)
        {
            int cut = FindGradient().Step;
            BeginRun(cancellation);
            try
            {
                RunSteps(0, cut, cancellation, null);
                atGradient = true;
            }
            finally
            {
                running = false;
            }
        }
    }

    /// <inheritdoc/>
    public void ReadGradient(Span<float> values)
    {
        lock (gate)
        {
            Span<float> gradient = GradientMemory();
            CheckLength("copy", "gradient", gradient.Length, values.Length);
            gradient.CopyTo(values);
        }
    }

    /// <inheritdoc/>
    public void WriteGradient(ReadOnlySpan<float> values)
    {
        lock (gate)
        {
            Span<float> gradient = GradientMemory();
            CheckLength("copy", "gradient", gradient.Length, values.Length);
            values.CopyTo(gradient);
        }
    }

    /// <inheritdoc/>
    public void RunFromGradient()
    {
        lock (gate)
        {
            int cut = FindGradient().Step;
            CheckAtGradient();
            BeginRun(CancellationToken.None);
            try
            {
                RunSteps(cut, steps!.Count, CancellationToken.None, null);
            }
            finally
            {
                running = false;
            }
        }
    }

    private Span<float> GradientMemory()
    {
        GradientSpec gradient = FindGradient();
        CheckAtGradient();
        return new(memory.Address(gradient.View, Size), checked((int)gradient.Shape.Elements(Size)));
    }

    private GradientSpec FindGradient() => Plan.Gradient ?? throw new DeviceException(
        "cpu", $"stop at the gradient of {Plan.Name}", string.Empty, "The plan has none: it is not one of training, or its optimizer changes states before all of the gradient is there.",
        "Run the plan whole.");

    private void CheckAtGradient()
    {
        CheckBound("access the gradient of", Plan.Name);
        if (!atGradient)
            throw new DeviceException("cpu", $"use the gradient of {Plan.Name}", PlanBindings.Text(Size), "It has not been computed, or has been used up.", "Call RunToGradient first.");
    }
}
