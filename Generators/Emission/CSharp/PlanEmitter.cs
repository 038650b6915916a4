using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.CSharp;

/// <summary>Emits a plan as the text that Runtime's <c>PlanText</c> reads, in a method that builds the plan.</summary>
internal static class PlanEmitter
{
    /// <summary>Emits <c>private static ExecutionPlan method()</c> and the text that it parses.</summary>
    /// <param name="code">Receives the text.</param>
    /// <param name="method">Name of the method.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="kernels">Names of the kernels of the prepare steps and steps, in that order.</param>
    /// <param name="cuda">C# that gives the graph's plans for CUDA devices; null where it has none.</param>
    public static void Emit(CodeWriter code, string method, CompiledPlan plan, IReadOnlyList<string> kernels, string? cuda)
    {
        string[] distinct = [.. kernels.Distinct()];
        var numbers = distinct.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i);
        code.Line($"private static ExecutionPlan {method}() => PlanText.Parse(PackedText.Unpack({method}Text), new CpuKernel[]").Open();
        foreach (string kernel in distinct)
            code.Line($"Kernels.{kernel}.Kernel,");
        code.Close(cuda is null ? ");" : $", {cuda});").Line();
        PackedTextEmitter.Emit(code, method + "Text", [.. Lines(plan, [.. kernels.Select(k => numbers[k])])]);
    }

    /// <summary>Emits a property with the UTF-8 of lines: user strings have a limit, and cost twice as much.</summary>
    public static void EmitText(CodeWriter code, string property, IEnumerable<string> lines)
    {
        code.Line($"private static ReadOnlySpan<byte> {property} => \"\"\"\"");
        foreach (string line in lines)
            code.Line(line);
        code.Line("\"\"\"\"u8;");
    }

    private static IEnumerable<string> Lines(CompiledPlan plan, int[] kernels)
    {
        Arena[] arenas = [.. plan.Arenas];
        foreach (string line in PlanLines.Head(plan.Name, plan.Divisor, arenas))
            yield return line;
        foreach (PlannedBuffer b in plan.Buffers)
            yield return $"buffer {Text.Of(Array.IndexOf(arenas, b.Arena))} {Text.Of(b.Offset)} {b.Shape} {b.Name}";
        foreach (string line in PlanLines.Bindings(plan.Inputs, plan.Outputs, plan.States, plan.Gradient, plan.Graph))
            yield return line;
        for (int i = 0; i < plan.Prepare.Count; i++)
            yield return "prepare " + Step(plan.Prepare[i], kernels[i]);
        for (int i = 0; i < plan.Steps.Count; i++)
            yield return "step " + Step(plan.Steps[i], kernels[plan.Prepare.Count + i]);
    }

    private static string Step(PlannedStep step, int kernel)
    {
        // A weight gradient runs over the pixels of its second operand; the shape of its result is in the geometry.
        Shape domain = step.Work is KernelWork { Group: { TakesBody: false, Anchor: { } anchor } } ? anchor.Inputs[1].Shape : step.Work.Domain;
        return $"{Text.Of(kernel)} {string.Join(";", step.Operands.Select(PlanLines.View))} {domain} {step.Input} {ChunkingOf(step)} {Reductions(step)} {NameOf(step)}";
    }

    // A convolution is known by its weight, anything else by the method that declared it.
    private static string NameOf(PlannedStep step)
    {
        if (step.Work is not KernelWork { Group.Anchor: { } anchor })
            return step.Origin.Member.Length == 0 ? "-" : step.Origin.Member;
        ParameterOp? weight = anchor.Inputs.Select(i => i.Op).OfType<ParameterOp>().FirstOrDefault();
        return weight?.ParameterName ?? (step.Origin.Member.Length == 0 ? "-" : step.Origin.Member);
    }

    private static string ChunkingOf(PlannedStep step)
    {
        if (step.Work is not KernelWork kernel || !kernel.Group.TakesBody)
            return "PerThread";
        if (kernel.Body.Reductions.Any(r => r.Mode == ReductionMode.Sequential))
            return "Single";
        if (kernel.Body.Reductions.Any(r => r.Mode == ReductionMode.Chunked))
            return "Fixed";
        // A few thousand elements are done before a second thread has woken up.
        Shape d = kernel.Domain;
        bool small = d.H.IsOne && d.W.IsOne && (!d.N.IsConstant || d.ConstantElements < 16384);
        if (small && kernel.Group.Kind == KernelKind.Map)
            return "Single";
        // A transform makes its table of cosines for each chunk.
        return kernel.Group.Kind == KernelKind.Trig ? "PerThread" : "Fine";
    }

    private static string Reductions(PlannedStep step)
    {
        if (step.Work is not KernelWork kernel)
            return "-";
        string[] chunked = [.. kernel.Body.Reductions.Where(r => r.Mode == ReductionMode.Chunked)
            .Select(r => $"{r.Kind}@{kernel.Body.Operands[r.Operand].Shape}@{PlanLines.View(step.Operands[r.Operand])}")];
        return chunked.Length == 0 ? "-" : string.Join(";", chunked);
    }

    /// <summary>A string literal.</summary>
    public static string Quote(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t") + "\"";
}
