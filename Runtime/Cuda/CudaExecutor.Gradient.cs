using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <content>A training step in two halves, with the gradient between them.</content>
public sealed partial class CudaExecutor
{
    // Between the halves: the gradient is in memory, and the optimizer has not used it yet.
    private bool atGradient;

    /// <inheritdoc/>
    public void RunToGradient(CancellationToken cancellation = default)
    {
        lock (gate)
        {
            Begin();
            int cut = FindGradient().Step;
            RunGuarded(
                () =>
                {
                    MakeReady(poison: Poison);
                    LaunchParts(0, cut, cancellation, null);
                    transfer.Synchronise($"run {Plan.Name} to its gradient", Size);
                },
                cancellation);
            atGradient = true;
        }
    }

    /// <inheritdoc/>
    public void ReadGradient(Span<float> values)
    {
        lock (gate)
            transfer.ReadState(Gradient(values.Length), values);
    }

    /// <inheritdoc/>
    public void WriteGradient(ReadOnlySpan<float> values)
    {
        lock (gate)
            transfer.WriteState(Gradient(values.Length), values);
    }

    /// <inheritdoc/>
    public void RunFromGradient()
    {
        lock (gate)
        {
            Begin();
            int cut = FindGradient().Step;
            CheckAtGradient();
            RunGuarded(
                () =>
                {
                    LaunchPart(cut, Plan.Steps.Length, default);
                    transfer.Synchronise($"run {Plan.Name} from its gradient", Size);
                },
                default);
        }
    }

    // Flat and dense, as a state is.
    private StateSpec Gradient(int given)
    {
        Begin();
        GradientSpec gradient = FindGradient();
        CheckAtGradient();
        bindings.CheckLength(Size, "copy", "gradient", gradient.Shape.Elements(default), given);
        return new StateSpec("gradient", gradient.View, gradient.Shape, 0);
    }

    private GradientSpec FindGradient() => Plan.Gradient ?? throw new DeviceException(
        context.Name, $"stop at the gradient of {Plan.Name}", string.Empty, "The plan has none: it is not one of training, or its optimizer changes states before all of the gradient is there.",
        "Run the plan whole.");

    private void CheckAtGradient()
    {
        bindings.CheckBound(Size, "access the gradient of", Plan.Name);
        if (!atGradient)
            throw new DeviceException(context.Name, $"use the gradient of {Plan.Name}", PlanBindings.Text(Size), "It has not been computed, or has been used up.", "Call RunToGradient first.");
    }
}
