using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Reference;

/// <summary>What a reference rule is given.</summary>
/// <param name="Node">The node to evaluate.</param>
/// <param name="Inputs">Values of its operands.</param>
/// <param name="Run">The run's extents.</param>
/// <param name="Values">Values of leaves.</param>
public sealed record EvaluationContext(Node Node, IReadOnlyList<ReferenceTensor> Inputs, RunExtents Run, IReferenceValues Values)
{
    /// <summary>A tensor of zeros of the result's shape.</summary>
    public ReferenceTensor NewResult() => new(Node.Shape.At(Run));
}

/// <summary>Values of leaves.</summary>
public interface IReferenceValues
{
    /// <summary>Value of an input.</summary>
    ReferenceTensor Input(string name);

    /// <summary>Value of a parameter.</summary>
    ReferenceTensor Parameter(ParameterOp parameter);

    /// <summary>Value of a state.</summary>
    ReferenceTensor State(StateOp state);
}
