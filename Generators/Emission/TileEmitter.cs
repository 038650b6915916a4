using FocalNet.Generators.Emission.CSharp;
using FocalNet.Generators.Emission.Cuda;
using FocalNet.Generators.Model;
using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;
using FocalNet.Graph.Tiling;

namespace FocalNet.Generators.Emission;

/// <summary>Emits the plans by which a network restores a picture tile by tile, or why it can't.</summary>
internal static class TileEmitter
{
    private static readonly RunExtents _sample = new(1, 256, 256);

    /// <summary>Emits the property <c>{Method}Tiles</c> and the class behind it.</summary>
    public static void Emit(CodeWriter code, NetworkModel model, List<EmittedKernel> kernels, List<CudaKernelSource>? cuda)
    {
        string name = model.Method + "Tiles";
        TiledGraphs tiled;
        try
        {
            tiled = TiledGraphs.Of(model.Inference.Graph);
        }
        catch (GraphException refusal)
        {
            code.Line($"// {refusal.Message.Replace("\n", " ")}");
            code.Line($"{model.Accessibility} static TiledPlan? {name} => null;").Line();
            return;
        }
        code.Line($"/// <summary>How the network {model.Name} runs on one tile of a picture after the other, made at the first call.</summary>");
        code.Line($"{model.Accessibility} static TiledPlan? {name} => {name}Plan.Instance;").Line();
        code.Line($"private static class {name}Plan").Open();
        code.Line($"internal static readonly TiledPlan Instance = new({Text.Of(tiled.Divisor)},").Line("[");
        EmittedPlan?[] plans = [.. tiled.Passes.Select((pass, i) => EmitPass(code, model, pass, i, withCuda: cuda is not null))];
        code.Line("]);").Line();
        for (int i = 0; i < plans.Length; i++)
        {
            if (plans[i] is not { } plan)
                continue;
            kernels.AddRange(plan.Kernels);
            foreach (string line in plan.Method.TrimEnd('\n').Split('\n'))
                code.Line(line);
            code.Line();
            if (cuda is not null)
                CudaSourceEmitter.EmitPlans(code, NameOf(i), tiled.Passes[i].Graph, cuda);
        }
        code.Close().Line();
    }

    // A network that reduces nothing has one pass, which is its inference plan as it stands.
    private static EmittedPlan? EmitPass(CodeWriter code, NetworkModel model, TilePass pass, int number, bool withCuda)
    {
        bool isWhole = number == 0 && pass.Statistics.Count == 0;
        string method = NameOf(number);
        long flops = pass.Graph.Nodes.Sum(n => n.Op.Cost([.. n.Inputs.Select(i => i.Shape)], n.Shape, _sample).Flops);
        string statistics = string.Join(", ", pass.Statistics.Select(s => $"new({PlanEmitter.Quote(s.Name)}, ReductionKind.{s.Kind})"));
        code.Line($"    new({(isWhole ? model.Method + "Inference" : method + "()")}, {Text.Of(pass.Reach)}, {Text.Of(flops)}, [{statistics}]),");
        return isWhole ? null : CSharpBackend.EmitPlan(NetworkCompiler.Compile(pass.Graph, schedule: ConvolutionSchedule.Cpu), method, withCuda ? CudaSourceEmitter.Plans(method) : null);
    }

    private static string NameOf(int pass) => $"Pass{Text.Of(pass)}";
}
