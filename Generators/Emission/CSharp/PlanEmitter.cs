using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.CSharp;

/// <summary>Emits a plan as a method that builds Runtime's <c>ExecutionPlan</c>.</summary>
internal static class PlanEmitter
{
    /// <summary>Emits <c>private static ExecutionPlan method()</c>.</summary>
    /// <param name="code">Receives the text.</param>
    /// <param name="method">Name of the method.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="kernels">Names of the kernels of the prepare steps and steps, in that order.</param>
    public static void Emit(CodeWriter code, string method, CompiledPlan plan, IReadOnlyList<string> kernels)
    {
        Arena[] arenas = [.. plan.Arenas];
        code.Line($"private static ExecutionPlan {method}()").Open();
        code.Line("return new ExecutionPlan").Open();
        code.Line($"Name = \"{plan.Name}\",").Line($"Divisor = {Text.Of(plan.Divisor)},");
        List("Arenas", arenas.Select(a => $"new({Bool(a.HasN)}, {Bool(a.HasH)}, {Bool(a.HasW)}, {Text.Of(a.Units)}),"));
        code.Line($"PersistentArena = {Text.Of(Array.FindIndex(arenas, a => a.Persistent))},");
        List("Buffers", plan.Buffers.Select(b => $"new({Text.Of(Array.IndexOf(arenas, b.Arena))}, {Text.Of(b.Offset)}, {Spec(b.Shape)}), // {Text.Of(b.Id)} {b.Name}"));
        List("Inputs", plan.Inputs.Select(Bind));
        List("Outputs", plan.Outputs.Select(Bind));
        List("States", plan.States.Select(s => $"new({Quote(s.Op.StateName)}, {View(s.Place)}, {Spec(s.Op.Shape)}, {CSharpExpressionPrinter.Scalar((float)s.Op.Initial)}),"));
        List("Parameters", plan.Graph.Parameters.Select(Parameter));
        List("Prepare", plan.Prepare.Select((s, i) => Step(s, kernels[i])));
        List("Steps", plan.Steps.Select((s, i) => Step(s, kernels[plan.Prepare.Count + i])));
        code.Close(";");
        code.Close();

        void List(string name, IEnumerable<string> items)
        {
            code.Line($"{name} =").Line("[");
            foreach (string item in items)
                code.Line("    " + item);
            code.Line("],");
        }
    }

    private static string Step(PlannedStep step, string kernel)
    {
        string views = string.Join(", ", step.Operands.Select(View));
        // A weight gradient runs over the pixels of its second operand; the shape of its result is in the geometry.
        Shape domain = step.Work is KernelWork { Group: { TakesBody: false, Anchor: { } anchor } } ? anchor.Inputs[1].Shape : step.Work.Domain;
        return $"new(Kernels.{kernel}.Kernel, [{views}], {Spec(domain)}, {Spec(step.Input)}, Chunking.{ChunkingOf(step)}, [{Reductions(step)}], {Quote(NameOf(step))}),";
    }

    // A convolution is known by its weight, anything else by the method that declared it.
    private static string NameOf(PlannedStep step)
    {
        if (step.Work is not KernelWork { Group.Anchor: { } anchor })
            return step.Origin.Member;
        ParameterOp? weight = anchor.Inputs.Select(i => i.Op).OfType<ParameterOp>().FirstOrDefault();
        return weight?.ParameterName ?? step.Origin.Member;
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
        return small && kernel.Group.Kind == KernelKind.Map ? "Single" : "PerThread";
    }

    private static string Reductions(PlannedStep step) => step.Work is not KernelWork kernel ? "" : string.Join(", ", kernel.Body.Reductions
        .Where(r => r.Mode == ReductionMode.Chunked)
        .Select(r => $"new(ReductionKind.{r.Kind}, {Spec(kernel.Body.Operands[r.Operand].Shape)}, {View(step.Operands[r.Operand])})"));

    private static string Bind(Binding binding) => $"new({Quote(binding.Name)}, {Spec(binding.Shape)}, {View(binding.Place)}),";

    private static string Parameter(ParameterOp p) =>
        $"new({Quote(p.ParameterName)}, [{p.CheckpointShape.Replace("x", ", ")}], [{p.Shape.N}, {Text.Of(p.Shape.C)}, {p.Shape.H}, {p.Shape.W}], {Text.Of(p.Offset)}, new({Text.Of(p.Initial.Base)}, {Text.Of(p.Initial.Scale)})),";

    private static string View(Place place) => $"new({Text.Of(place.Buffer.Id)}, {Text.Of(place.Channel)})";

    private static string Spec(Shape shape) => $"new({Spec(shape.N)}, {Text.Of(shape.C)}, {Spec(shape.H)}, {Spec(shape.W)})";

    private static string Spec(Extent extent) => extent.Symbol switch
    {
        Symbol.None => Text.Of(extent.Value),
        Symbol.N => $"new(ExtentSymbol.Images, {Text.Of(extent.Value)})",
        Symbol.H => $"new(ExtentSymbol.Height, {Text.Of(extent.Value)})",
        _ => $"new(ExtentSymbol.Width, {Text.Of(extent.Value)})",
    };

    private static string Bool(bool value) => value ? "true" : "false";

    /// <summary>A string literal.</summary>
    public static string Quote(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t") + "\"";
}
