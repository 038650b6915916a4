using FocalNet.Graph.Dsl;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Model.Tests;

/// <summary>
/// The memory plan of every network, checked by other means than those that made it: lifetimes are taken from the steps,
/// sizes from the shapes.
/// </summary>
public sealed class PlanTests
{
    private static readonly Dictionary<(string, NetworkMode), CompiledPlan> _plans = [];

    public static TheoryData<string, NetworkMode> AllPlans()
    {
        var data = new TheoryData<string, NetworkMode>();
        foreach (NetworkEntry entry in NetworkCatalog.All)
        {
            data.Add(entry.Name, NetworkMode.Inference);
            data.Add(entry.Name, NetworkMode.Training);
        }
        return data;
    }

    private static CompiledPlan Plan(string network, NetworkMode mode)
    {
        if (!_plans.TryGetValue((network, mode), out CompiledPlan? plan))
            _plans.Add((network, mode), plan = NetworkCompiler.Compile(NetworkCatalog.Find(network).Build(mode), schedule: ConvolutionSchedule.Cpu));
        return plan;
    }

    [Theory]
    [MemberData(nameof(AllPlans))]
    public void Buffers_that_live_together_share_no_byte(string network, NetworkMode mode)
    {
        CompiledPlan plan = Plan(network, mode);
        Life[] lives = Lives(plan);
        foreach (RunExtents run in (RunExtents[])[new(1, plan.Divisor, plan.Divisor), new(3, 5 * plan.Divisor, 7 * plan.Divisor)])
        {
            for (int i = 0; i < lives.Length; i++)
            {
                (long start, long end) = Floats(plan, lives[i].Buffer, run);
                Assert.InRange(end, start + 1, ArenaFloats(plan, lives[i].Buffer.Arena, run));
                for (int j = 0; j < i; j++)
                {
                    bool together = lives[i].Buffer.Arena == lives[j].Buffer.Arena && lives[i].First <= lives[j].Last && lives[j].First <= lives[i].Last;
                    (long otherStart, long otherEnd) = Floats(plan, lives[j].Buffer, run);
                    Assert.False(
                        together && start < otherEnd && otherStart < end,
                        $"{plan.Name}: buffers {lives[i].Buffer.Id} {lives[i].Buffer.Name} and {lives[j].Buffer.Id} {lives[j].Buffer.Name} overlap.");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllPlans))]
    public void Operands_lie_within_their_buffers(string network, NetworkMode mode)
    {
        CompiledPlan plan = Plan(network, mode);
        var run = new RunExtents(2, 2 * plan.Divisor, 3 * plan.Divisor);
        foreach (PlannedStep step in plan.Prepare.Concat(plan.Steps))
        {
            for (int i = 0; i < step.Operands.Count; i++)
            {
                (PlannedBuffer buffer, int channel) = step.Operands[i];
                if (step.Work is KernelWork kernel && !IsPackedWeight(kernel, i))
                {
                    Shape shape = kernel.Body.Operands[i].Shape;
                    Assert.Equal(shape with { C = 1 }, buffer.Shape with { C = 1 });
                    Assert.InRange(channel + shape.C, 1, buffer.Shape.C);
                }
                if (buffer.Whole is { } whole)
                {
                    Assert.Equal(whole.Offset + buffer.OffsetInWhole, buffer.Offset);
                    Assert.InRange(buffer.OffsetInWhole + buffer.Shape.Elements(run), 1, whole.Shape.Elements(run));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllPlans))]
    public void What_is_read_was_written_before(string network, NetworkMode mode)
    {
        CompiledPlan plan = Plan(network, mode);
        var written = new HashSet<PlannedBuffer>(plan.Inputs.Select(i => i.Place.Buffer).Concat(plan.States.Select(s => s.Place.Buffer)));
        foreach (PlannedStep step in plan.Prepare.Concat(plan.Steps))
        {
            Assert.All(Reads(step), place => Assert.Contains(Root(place.Buffer), written));
            written.UnionWith(Writes(step).Select(p => Root(p.Buffer)));
        }
        Assert.All(plan.Outputs, o => Assert.Contains(Root(o.Place.Buffer), written));
    }

    [Theory]
    [MemberData(nameof(AllPlans))]
    public void The_peak_is_near_the_largest_live_set(string network, NetworkMode mode)
    {
        CompiledPlan plan = Plan(network, mode);
        Life[] lives = Lives(plan);
        foreach (Arena arena in plan.Arenas)
        {
            Life[] own = [.. lives.Where(l => l.Buffer.Arena == arena)];
            long largest = Enumerable.Range(-1, plan.Steps.Count + 2).Max(t => own.Where(l => l.First <= t && t <= l.Last).Sum(l => l.Buffer.Units));
            Assert.Equal(largest, arena.LargestLiveSet);
            Assert.InRange(arena.Units, largest, 1.10 * largest);
        }
    }

    [Theory]
    [MemberData(nameof(AllPlans))]
    public void States_keep_their_value_until_all_have_read_it(string network, NetworkMode mode)
    {
        CompiledPlan plan = Plan(network, mode);
        Assert.Equal(mode == NetworkMode.Training ? 5 : 0, plan.Graph.Assignments.Count);
        foreach (Assignment assignment in plan.Graph.Assignments)
        {
            PlannedBuffer state = plan.States.Single(s => s.Op == assignment.State.Op || (s.Op.StateName == StateOp.Parameters && IsParameters(assignment.State))).Place.Buffer;
            PlannedStep writer = Assert.Single(plan.Steps, s => Writes(s).Any(p => Root(p.Buffer) == state));
            foreach (PlannedStep step in plan.Steps)
            {
                if (ReadsOld(step, assignment.State, state))
                    Assert.InRange(step.Number, 0, writer.Number);
            }
            // The writer reads the state, if at all, at the very element that it writes.
            var kernel = (KernelWork)writer.Work;
            Assert.Equal(KernelKind.Map, kernel.Group.Kind);
            Assert.All(
                kernel.Body.Values.OfType<LoadValue>().Where(l => IsOld(kernel.Body.Operands[l.Operand], assignment.State)), l => Assert.True(l.Access.IsFull));
        }
    }

    private static bool ReadsOld(PlannedStep step, Node state, PlannedBuffer buffer) => step.Work is KernelWork kernel
        ? kernel.Body.Operands.Where((_, i) => !IsOutput(kernel, i)).Any(n => IsOld(n, state))
        : Root(step.Operands[0].Buffer) == buffer;

    private static bool IsOld(Node node, Node state) => node == state || (node.Op is ParameterOp && IsParameters(state)) ||
        (node.Op is SliceOp or UnpackOp or ConcatOp or PackOp && node.Inputs.Any(i => IsOld(i, state)));

    private static bool IsParameters(Node state) => state.Op is StateOp { StateName: StateOp.Parameters };

    private static bool IsPackedWeight(KernelWork kernel, int operand) =>
        operand == 1 && kernel.Group.Kind is KernelKind.Convolution or KernelKind.TransposedConvolution;

    private static bool IsOutput(KernelWork kernel, int operand) =>
        kernel.Body.Stores.Any(s => s.Operand == operand) || kernel.Body.Reductions.Any(r => r.Operand == operand);

    private static IEnumerable<Place> Writes(PlannedStep step) =>
        step.Operands.Where((_, i) => step.Work is KernelWork kernel ? IsOutput(kernel, i) : i == 1);

    private static IEnumerable<Place> Reads(PlannedStep step) =>
        step.Operands.Where((_, i) => step.Work is KernelWork kernel ? !IsOutput(kernel, i) : i == 0);

    private static PlannedBuffer Root(PlannedBuffer buffer)
    {
        while (buffer.Whole is { } whole)
            buffer = whole;
        return buffer;
    }

    private sealed record Life(PlannedBuffer Buffer, int First, int Last);

    // From the first step that touches a buffer to the last; inputs live from before the run, outputs until after it, and
    // what is persistent always.
    private static Life[] Lives(CompiledPlan plan)
    {
        var touches = new List<(PlannedBuffer Buffer, int Step)>();
        touches.AddRange(plan.Inputs.Select(i => (i.Place.Buffer, -1)));
        touches.AddRange(plan.Inputs.Select(i => (i.Place.Buffer, 0)));
        touches.AddRange(plan.Outputs.Select(o => (o.Place.Buffer, plan.Steps.Count)));
        for (int i = 0; i < plan.Steps.Count; i++)
            touches.AddRange(plan.Steps[i].Operands.Select(p => (p.Buffer, i)));
        touches.AddRange(plan.Prepare.SelectMany(s => s.Operands).Concat(plan.States.Select(s => s.Place)).Select(p => (p.Buffer, -1)));
        return [.. touches.GroupBy(t => Root(t.Buffer), t => t.Step).Select(g => g.Key.Arena.Persistent
            ? new Life(g.Key, -1, plan.Steps.Count)
            : new Life(g.Key, g.Min(), g.Max()))];
    }

    private static (long Start, long End) Floats(CompiledPlan plan, PlannedBuffer buffer, RunExtents run)
    {
        long start = buffer.Offset * Unit(plan, buffer.Arena, run);
        return (start, start + buffer.Shape.Elements(run));
    }

    private static long ArenaFloats(CompiledPlan plan, Arena arena, RunExtents run) => arena.Units * Unit(plan, arena, run);

    private static long Unit(CompiledPlan plan, Arena arena, RunExtents run) =>
        (arena.HasN ? run.N : 1L) * (arena.HasH ? run.H / plan.Divisor : 1) * (arena.HasW ? run.W / plan.Divisor : 1);
}
