using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Tests.Emission.Random;

/// <summary>The graphs that every test run tries reach every op, kernel, access and reduction that there is.</summary>
public sealed class RandomGraphCoverageTests
{
    [Fact]
    public void Every_op_and_kernel_is_reached()
    {
        CompiledPlan[] plans = [.. Enumerable.Range(0, RandomGraphTests.DefaultCount).Select(seed => NetworkCompiler.Compile(RandomGraph.Make(seed)))];
        Node[] nodes = [.. plans.SelectMany(p => p.Graph.Nodes)];
        KernelWork[] kernels = [.. plans.SelectMany(p => p.Steps).Select(s => s.Work).OfType<KernelWork>()];

        Type[] ops = [.. typeof(Op).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Op)) && !t.IsAbstract)];
        Assert.Empty(ops.Except(nodes.Select(n => n.Op.GetType())));
        AllReached<UnaryKind>(nodes.Select(n => n.Op).OfType<UnaryOp>().Select(o => o.Kind));
        AllReached<BinaryKind>(nodes.Select(n => n.Op).OfType<BinaryOp>().Select(o => o.Kind));
        AllReached<ReduceKind>(nodes.Select(n => n.Op).OfType<ReduceOp>().Select(o => o.Kind));
        AllReached<ResampleKind>(nodes.Select(n => n.Op).OfType<ResampleOp>().Where(o => o.Adjoint).Select(o => o.Kind));
        AllReached<ResampleKind>(nodes.Select(n => n.Op).OfType<ResampleOp>().Where(o => !o.Adjoint).Select(o => o.Kind));
        Assert.Equal(15, nodes.Select(n => n.Op).OfType<ReduceOp>().Select(o => o.Over).Distinct().Count());
        Assert.Equal(4, nodes.Select(n => n.Op).OfType<TrigTransformOp>().Distinct().Count());
        AllReached<KernelKind>(kernels.Select(k => k.Group.Kind));
        AllReached<ReductionMode>(kernels.SelectMany(k => k.Body.Reductions).Select(r => r.Mode));

        Assert.Contains(nodes, n => n.Op is ConcatOp && n.Inputs.Any(i => i.Op is ConcatOp));
        Assert.Contains(plans, p => p.Prepare.Count > 0);
        Assert.Contains(plans, p => p.Steps.Any(s => s.Work is PackWork));
        Assert.Contains(plans, p => p.Graph.Assignments.Any(a => a.State.Op is StateOp { StateName: StateOp.Parameters }));
        Assert.Contains(plans, p => p.Graph.Assignments.Count(a => ((StateOp)a.State.Op).StateName != StateOp.Parameters) > 1);
    }

    private static void AllReached<T>(IEnumerable<T> reached)
        where T : struct, Enum => Assert.Empty(Enum.GetValues<T>().Except(reached));
}
