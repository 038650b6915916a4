using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Planning;

/// <summary>What a step costs at given extents.</summary>
/// <param name="Macs">Multiply-accumulates of its anchor.</param>
/// <param name="Flops">Floating-point operations, the anchor's and those of the body, recomputed values included.</param>
/// <param name="BytesRead">Bytes of its operands, each counted once.</param>
/// <param name="BytesWritten">Bytes of its results.</param>
public readonly record struct StepCost(long Macs, long Flops, long BytesRead, long BytesWritten)
{
    /// <summary>Bytes moved.</summary>
    public long Bytes => BytesRead + BytesWritten;

    /// <summary>The cost of a step.</summary>
    public static StepCost Of(PlannedStep step, RunExtents run)
    {
        if (step.Work is not KernelWork kernel)
            return new StepCost(0, 0, 4 * step.Work.Domain.Elements(run), 4 * step.Operands[1].Buffer.Shape.Elements(run));
        return Of(kernel.Group, kernel.Body, run);
    }

    /// <summary>The cost of a kernel with this body.</summary>
    public static StepCost Of(KernelGroup group, KernelBody body, RunExtents run)
    {
        var outputs = new HashSet<int>(body.Stores.Select(s => s.Operand).Concat(body.Reductions.Select(r => r.Operand)));
        long read = 0, written = 0;
        for (int i = 0; i < body.Operands.Count; i++)
        {
            if (outputs.Contains(i))
                written += 4 * body.Operands[i].Shape.Elements(run);
            else
                read += 4 * body.Operands[i].Shape.Elements(run);
        }
        OpCost anchor = group.Anchor is { } node ? node.Op.Cost([.. node.Inputs.Select(i => i.Shape)], node.Shape, run) : OpCost.Free;
        long perElement = body.Values.Sum(v => v switch
        {
            UnaryValue { Kind: UnaryKind.Exp or UnaryKind.Erf } => 20,
            UnaryValue or BinaryValue => 1,
            _ => 0,
        }) + body.Reductions.Count;
        return new StepCost(anchor.Macs, anchor.Flops + perElement * group.Domain.Elements(run), read, written);
    }
}
