using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>
/// Emits the calls of the tensor-core templates, and which tile each shape gets. In float32 the same texts are three TF32 products, or
/// multiply-adds where strictness or an old device asks for it.
/// </summary>
internal static class TensorCoreEmitter
{
    private const int Threads = 256;

    /// <summary>A convolution or its adjoint, with packed weights.</summary>
    public static CudaTask Convolution(KernelTask task, Func<int, string> parameter)
    {
        Node anchor = task.Group.Anchor!;
        bool transposed = anchor.Op is TransposedConvolutionOp;
        ConvolutionSettings settings = CudaTaskEmitter.SettingsOf(anchor);
        Shape weight = anchor.Inputs[1].Shape;
        int read = transposed ? weight.N.Value : weight.C, written = transposed ? weight.C : weight.N.Value;
        // Pixels, channels written, chunks of k a stage, stages, warps along both.
        int[] tile = written <= 16 ? [128, 16, 4, 4, 8, 1] : written <= 32 ? [128, 32, 4, 4, 4, 2] : [128, 64, 4, 3, 4, 2];
        string element = ElementOf(task);
        string shape = $"ConvolutionShape<{CudaTaskEmitter.Geometry(read, written, weight, settings)}, {(transposed ? "true" : "false")}>";
        int phases = transposed ? settings.Stride : 1;
        Shape phase = task.Domain with { H = CudaTaskEmitter.Over(task.Domain.H, phases), W = CudaTaskEmitter.Over(task.Domain.W, phases) };
        return new CudaTask(
            $"{task.Group.Kind}{CudaTaskEmitter.Dimensions(weight)}{(CudaTaskEmitter.HasGelu(task.Body) ? "Gelu" : "")}", [],
            [
                Source(task, 0, element, "source", CudaTaskEmitter.InputExtents(task), parameter),
                $"dense_convolution<{element}, {shape}, ConvolutionTile<{List(tile)}>>(source, {parameter(1)}, body, {CudaExtents.Arguments(task.Domain)}, block, dynamic_shared);",
            ],
            CudaExtents.OfPixels(phase, tile[0], phases * phases * ((written + tile[1] - 1) / tile[1])),
            tile[3] * (tile[0] + tile[1]) * tile[2] * 16 + tile[0] * 16, "dense_convolution.cu");
    }

    /// <summary>The gradient of a convolution's weight.</summary>
    public static CudaTask WeightGradient(KernelTask task, Func<int, string> parameter)
    {
        Shape weight = task.Group.Anchor!.Shape, x = task.Operands[0].Shape, dy = task.Operands[1].Shape;
        int outputs = weight.N.Value, depth = weight.C * weight.H.Value * weight.W.Value;
        string element = ElementOf(task);
        bool narrow = element == "bf16";
        // Output channels, columns (tap, input channel), pixels a stage, stages, warps along the three.
        int[] tile = outputs <= 16 ? [16, 48, narrow ? 128 : 64, 2, 1, 1, 8] : outputs <= 32 ? [32, 96, narrow ? 64 : 32, 2, 2, 2, 2] : [64, 64, 32, narrow ? 3 : 2, 2, 4, 1];
        string shape = $"GradientShape<{CudaTaskEmitter.Geometry(outputs, weight.C, weight, CudaTaskEmitter.SettingsOf(task.Group.Anchor))}>";
        return new CudaTask(
            $"WeightGradient{CudaTaskEmitter.Dimensions(weight)}", [],
            [
                Source(task, 1, element, "dy", $"{CudaExtents.Of(dy.H)}, {CudaExtents.Of(dy.W)}", parameter),
                Source(task, 0, element, "x", $"{CudaExtents.Of(x.H)}, {CudaExtents.Of(x.W)}", parameter),
                $"weight_gradient<{element}, {shape}, GradientTile<{List(tile)}>, {Text.Of(task.Chunks)}, false>(dy, x, {parameter(2)}, {CudaExtents.Arguments(dy)}, block, dynamic_shared);",
            ],
            CudaExtents.Fixed(task.Chunks * ((outputs + tile[0] - 1) / tile[0]) * ((depth + tile[1] - 1) / tile[1])),
            Math.Max(tile[3] * tile[2] * ((tile[0] + tile[1]) * (narrow ? 2 : 4) + (narrow ? 32 : 64) + 16), tile[6] / 2 * tile[0] * (tile[1] * 4 + tile[5] * 32)),
            "weight_gradient.cu");
    }

    /// <summary>Packs weights, a thread for 16 bytes.</summary>
    public static CudaTask Pack(PackTask task, Func<int, string> parameter)
    {
        var rows = new List<string>();
        int chunks = 0;
        foreach (PackJob job in task.Jobs)
        {
            Shape w = job.Weight;
            rows.Add($"{{ {{ {w.N}, {Text.Of(w.C)}, {w.H}, {w.W}, {Text.Of(job.Settings.Stride)}, {Text.Of(job.Settings.Padding)}, {Text.Of(job.Settings.Dilation)}, {(job.Transposed ? "1" : "0")} }}, {Text.Of(chunks)} }}");
            chunks += job.Chunks;
        }
        string name = "Jobs_" + CudaKernelEmitter.Hash(string.Join(";", rows));
        var code = new CodeWriter();
        code.Line($"__constant__ const PackJob table_{name}[] = {{ {string.Join(", ", rows)} }};");
        code.Line($"struct {name}").Open();
        code.Line($"static constexpr int count = {Text.Of(task.Jobs.Count)}, chunks = {Text.Of(chunks)};");
        for (int i = 0; i < task.Jobs.Count; i++)
            code.Line($"const float* w{Text.Of(i)}; float* p{Text.Of(i)};");
        code.Line($"__device__ __forceinline__ PackJob job(int i) const {{ return table_{name}[i]; }}");
        Choose("const float*", "weights", "w");
        Choose("void*", "packed", "p");
        code.Close(";");
        string element = task.Type == ElementType.BFloat16 ? "bf16" : "float";
        IEnumerable<string> pointers = Enumerable.Range(0, task.Jobs.Count).Select(i => $"jobs.w{Text.Of(i)} = {parameter(2 * i)}, jobs.p{Text.Of(i)} = {parameter(2 * i + 1)};");
        return new CudaTask(
            "Pack", [new CudaStruct(name, code.ToString())], [$"{name} jobs;", .. pointers, $"pack_convolutions<{element}>(jobs, block);"],
            CudaExtents.Fixed((chunks + Threads - 1) / Threads), 0, "pack_convolution.cu");

        void Choose(string type, string method, string stem)
        {
            code.Line($"__device__ __forceinline__ {type} {method}(int i) const").Open();
            for (int i = 1; i < task.Jobs.Count; i++)
                code.Line($"if (i == {Text.Of(i)}) return {stem}{Text.Of(i)};");
            code.Line($"return {stem}0;").Close();
        }
    }

    // The tile computes with bf16 where activations are stored so; a float32 operand is then rounded on the way in.
    internal static string ElementOf(KernelTask task) => task.OnTensorCores && task.Precision == ElementType.BFloat16 ? "bf16" : "float";

    internal static string Source(KernelTask task, int operand, string element, string name, string extents, Func<int, string> parameter)
    {
        CudaOperand o = CudaOperand.Of(task.Operands[operand]);
        bool direct = o.Type == element && o.Alignment >= (element == "bf16" ? 8 : 4);
        string type = direct ? $"PlainSource<{o.Type}, {Text.Of(o.Pitch)}>" : $"LoadedSource<{o.Arguments.Replace($", {o.Type}", "").Insert(0, o.Type + ", ")}>";
        return $"{type} {name} = {{ {parameter(operand)}, {extents} }};";
    }

    private static string List(int[] numbers) => string.Join(", ", numbers.Select(n => Text.Of(n)));
}
