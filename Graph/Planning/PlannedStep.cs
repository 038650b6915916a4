using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Planning;

/// <summary>What a step does.</summary>
public abstract record StepWork(Shape Domain)
{
    /// <summary>Arithmetic and memory traffic are reported under this.</summary>
    public abstract string Description { get; }
}

/// <summary>Runs a fused kernel.</summary>
/// <param name="Group">The nodes it computes.</param>
/// <param name="Body">What it does with each element.</param>
/// <param name="Algorithm">Of a dense convolution.</param>
public sealed record KernelWork(KernelGroup Group, KernelBody Body, ConvolutionAlgorithm Algorithm = ConvolutionAlgorithm.Direct) : StepWork(Group.Domain)
{
    /// <inheritdoc/>
    public override string Description => (Algorithm == ConvolutionAlgorithm.Winograd ? "winograd " : "") + (Group.Anchor?.Op.Signature ?? "map");
}

/// <summary>Rearranges a weight into the order in which a convolution kernel reads it.</summary>
/// <param name="Weight">The weight's shape.</param>
/// <param name="Settings">The convolution's.</param>
/// <param name="Transposed">For the transposed convolution.</param>
/// <param name="Algorithm">That the kernel follows.</param>
public sealed record PackWork(Shape Weight, ConvolutionSettings Settings, bool Transposed, ConvolutionAlgorithm Algorithm) : StepWork(Weight)
{
    /// <inheritdoc/>
    public override string Description => "pack-weight" + (Algorithm == ConvolutionAlgorithm.Winograd ? "-winograd" : "") + (Transposed ? "-transposed" : "");
}

/// <summary>One kernel launch.</summary>
public sealed class PlannedStep
{
    internal PlannedStep(StepWork work, IReadOnlyList<Place> operands, Shape input, Origin origin)
    {
        Work = work;
        Operands = operands;
        Input = input;
        Origin = origin;
    }

    /// <summary>What it does.</summary>
    public StepWork Work { get; }

    /// <summary>Operands in the order that the kernel expects: for kernels those of the body, then the packed weight if there is one.</summary>
    public IReadOnlyList<Place> Operands { get; }

    /// <summary>Shape of the anchor's main operand; the domain where there is no anchor.</summary>
    public Shape Input { get; }

    /// <summary>Where it was declared.</summary>
    public Origin Origin { get; }

    /// <summary>Kernel-number for reports.</summary>
    public int Number { get; internal set; }
}

/// <summary>A named tensor at a place.</summary>
/// <param name="Name">Name in the DSL.</param>
/// <param name="Shape">Logical shape.</param>
/// <param name="Place">Where it lies.</param>
public sealed record Binding(string Name, Shape Shape, Place Place);

/// <summary>
/// Between the steps that compute the gradient of all parameters, which leave every state as it is, and those that use it: there
/// gradients of several batches or processes can be averaged.
/// </summary>
/// <param name="Value">The gradient, a flat vector in the order of the parameters.</param>
/// <param name="Place">Where it lies.</param>
/// <param name="Step">The first step that may use it.</param>
public sealed record GradientCut(Shape Value, Place Place, int Step);

/// <summary>A state at a place.</summary>
/// <param name="Op">The state.</param>
/// <param name="Place">Where it lies.</param>
public sealed record StateBinding(StateOp Op, Place Place);

/// <summary>The compiled graph: what emitters print and reports describe. The same for every device.</summary>
/// <param name="Graph">The graph after all passes.</param>
/// <param name="Fused">Fusion decisions.</param>
/// <param name="Divisor">H and W must be multiples of this.</param>
/// <param name="Arenas">Memory regions.</param>
/// <param name="Buffers">Buffers with their offsets.</param>
/// <param name="Inputs">What the caller fills.</param>
/// <param name="Outputs">What the caller reads.</param>
/// <param name="States">What is kept from run to run.</param>
/// <param name="Prepare">Steps that depend on parameters alone.</param>
/// <param name="Steps">Steps of a run.</param>
/// <param name="Passes">Log of the passes.</param>
public sealed record CompiledPlan(
    NetworkGraph Graph,
    FusedGraph Fused,
    int Divisor,
    IReadOnlyList<Arena> Arenas,
    IReadOnlyList<PlannedBuffer> Buffers,
    IReadOnlyList<Binding> Inputs,
    IReadOnlyList<Binding> Outputs,
    IReadOnlyList<StateBinding> States,
    IReadOnlyList<PlannedStep> Prepare,
    IReadOnlyList<PlannedStep> Steps,
    IReadOnlyList<Passes.PassRecord> Passes)
{
    /// <summary>Name of the network and mode.</summary>
    public string Name => Graph.Name;

    /// <summary>Where a training step can be cut in two; null where it can't.</summary>
    public GradientCut? Gradient { get; init; }
}
