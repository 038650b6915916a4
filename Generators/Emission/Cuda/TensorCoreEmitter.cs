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
        if (HaloTiles(weight, settings, ElementOf(task) == "bf16", read, written) is { } halo)
            return Halo(task, halo, read, written, parameter);
        // Pixels, channels written, chunks of k a stage, stages, warps along both. A warp's 32 × 32 take two reads of A and two of B for eight products.
        int[] tile = written <= 16 ? [128, 16, 4, 4, 8, 1] : written <= 32 ? [256, 32, 4, 3, 8, 1] : [128, 64, 4, 3, 4, 2];
        string element = ElementOf(task);
        string shape = $"ConvolutionShape<{CudaTaskEmitter.Geometry(read, written, weight, settings)}, {(transposed ? "true" : "false")}>";
        int phases = transposed ? settings.Stride : 1;
        Shape phase = task.Domain with { H = CudaTaskEmitter.Over(task.Domain.H, phases), W = CudaTaskEmitter.Over(task.Domain.W, phases) };
        CudaInput input = InputEmitter.Emit(task, 0, element, "source", CudaTaskEmitter.InputExtents(task), parameter);
        string arguments = $"(source, {parameter(1)}, body, {CudaExtents.Arguments(task.Domain)}, block, dynamic_shared);";
        string dense = $"dense_convolution<{element}, {shape}, ConvolutionTile<{List(tile)}>>{arguments}";
        BlockCount blocks = CudaExtents.OfPixels(phase, tile[0], phases * phases * ((written + tile[1] - 1) / tile[1]));
        int bytes = tile[3] * (tile[0] + tile[1]) * tile[2] * 16 + tile[0] * 16;
        if (transposed || StridedTile(weight, settings, element == "bf16") is not { } strided)
            return new CudaTask(CudaTaskEmitter.Stem(task, weight), input.Structs, [.. input.Lines, dense], blocks, bytes, "dense_convolution.cu") { MoreTemplates = input.Templates };
        string call = $"strided_convolution<StridedConvolution<{element}, {Text.Of(read)}, {Text.Of(written)}, {List(strided)}>>{arguments}";
        BlockCount few = CudaExtents.OfTiles(task.Domain, strided[0], 16, written / strided[1]);
        if (read <= 32)
            return new CudaTask(CudaTaskEmitter.Stem(task, weight), input.Structs, [.. input.Lines, call], few, StridedBytes(strided, read), "strided_convolution.cu") { MoreTemplates = input.Templates };
        // Many channels leave room for small tiles alone: of many blocks larger ones, which bring each pixel for each tap, have more products for what they read of shared
        // memory. Counted as tiles, of which there are as many at least, so that plan and kernel choose alike.
        BlockCount many = CudaExtents.OfTiles(task.Domain, 8, 16, (written + tile[1] - 1) / tile[1]);
        return new CudaTask(
            CudaTaskEmitter.Stem(task, weight), input.Structs, [.. input.Lines, .. CudaExtents.Calls(many, EnoughBlocks, dense, call)],
            CudaExtents.Either(many, EnoughBlocks, few), Math.Max(bytes, StridedBytes(strided, read)), "strided_convolution.cu")
        { MoreTemplates = [.. input.Templates, "dense_convolution.cu"] };
    }

    // 3×3 of stride 2 in bf16: rows of 16 pixels, channels written, steps a slab, stages, warps along both. Slabs are three taps or one.
    private static int[]? StridedTile(Shape weight, ConvolutionSettings settings, bool narrow)
    {
        int read = weight.C, written = weight.N.Value;
        if (!narrow || settings is not { Stride: 2, Padding: 1, Dilation: 1 } || weight.H.Value != 3 || weight.W.Value != 3 || read is not (16 or 32 or 64) || written % 64 != 0)
            return null;
        return [read <= 32 ? 8 : 4, 64, read <= 32 ? 3 * read / 16 : 4, read <= 32 ? 3 : 5, 4, 2];
    }

    // StridedConvolution::shared_bytes.
    private static int StridedBytes(int[] tile, int read) => read / 8 * PlaneBytes((2 * tile[0] + 1) * 33) + tile[2] * tile[3] * tile[1] * 32;

    /// <summary>InputTile::plane of so many pixels.</summary>
    internal static int PlaneBytes(int pixels) => (pixels * 16 - 16 + 127) / 128 * 128 + 16;

    // Fewer blocks than this leave multiprocessors of a large device without work: smaller tiles are better then.
    internal const int EnoughBlocks = 200;

    // 3×3 of whole steps of channels, a power of two: rows of 16 pixels, channels written, channels read at a time, stages, warps along both, such tiles a block; and the
    // same for few pixels. All weights stay in shared memory where they leave room for 8 rows at least; else they stream, and of what is read as many channels are
    // there as leave room for two blocks on a multiprocessor. There the large tiles are what keeps L2 from being the limit: a block reads all weights. Those of
    // 64 × 64 channels stay in shared memory for several tiles.
    private static (int[] Many, int[]? Few)? HaloTiles(Shape weight, ConvolutionSettings settings, bool narrow, int read, int written)
    {
        if (settings is not { Stride: 1, Padding: 1, Dilation: 1 } || weight.H.Value != 3 || weight.W.Value != 3 || read < (narrow ? 16 : 8) || (read & (read - 1)) != 0)
            return null;
        int columns = (written + 15) / 16 * 16;
        foreach ((int rows, int most) in new[] { (32, 48), (16, 48), (8, narrow ? 48 : 64) })
        {
            int[] tile = [rows, columns, read, 0, rows == 8 && columns % 32 == 0 ? 4 : 8, rows == 8 && columns % 32 == 0 ? 2 : 1];
            if (rows * columns <= 512 && HaloBytes(tile, narrow, read, written) <= most * 1024)
                return (tile, null);
        }
        if (written % 64 != 0)
            return null;
        if (!narrow)
            return ([8, 64, Math.Min(read, 64), 2, 4, 2], written % 128 == 0 ? [8, 32, Math.Min(read, 64), 2, 4, 2] : null);
        return written % 128 == 0
            ? ([8, 128, Math.Min(read, 128), 3, 2, 4], [8, 32, Math.Min(read, 128), 3, 4, 2])
            : (read == 64 && written == 64 ? [16, 64, 64, 3, 4, 2, 2] : [16, 64, Math.Min(read, 64), 3, 4, 2], [8, 64, Math.Min(read, 128), 3, 4, 2]);
    }

    // HaloConvolution::warpgroups, of bf16 on sm_90a.
    private static bool OnWarpgroups(int read, int written) => read % 64 == 0 && written % 64 == 0;

    // HaloConvolution::shared_bytes, the larger of both forms.
    private static int HaloBytes(int[] tile, bool narrow, int read, int written)
    {
        int pixels = (tile[0] + 2) * 18, chunks = tile[2] / (narrow ? 8 : 4);
        int weights = tile[3] == 0 ? 9 * (chunks / 2) * ((written + 15) / 16) * 512 : tile[3] * 3 * tile[1] * 32;
        int bytes = pixels * (chunks | 1) * 16 + weights;
        if (!narrow || tile[3] == 0 || !OnWarpgroups(read, written))
            return bytes;
        if (Turns(tile) > 1)
            return Math.Max(bytes, chunks * PlaneBytes(10 * 18) + 9 * read * written * 2);
        int plane = PlaneBytes(pixels), rows = tile[1] < 64 && tile[2] % 128 == 0 ? 16 : tile[1] < 128 ? 8 : 4;
        return Math.Max(bytes, chunks * plane + 6 * rows * tile[1] * 16);
    }

    private static int Turns(int[] tile) => tile.Length > 6 ? tile[6] : 1;

    private static CudaTask Halo(KernelTask task, (int[] Many, int[]? Few) tiles, int read, int written, Func<int, string> parameter)
    {
        string element = ElementOf(task);
        bool adjoint = task.Group.Anchor!.Op is TransposedConvolutionOp;
        CudaInput input = InputEmitter.Emit(task, 0, element, "source", CudaTaskEmitter.InputExtents(task), parameter);
        BlockCount many = Blocks(tiles.Many);
        return new CudaTask(
            CudaTaskEmitter.Stem(task, task.Group.Anchor.Inputs[1].Shape), input.Structs,
            [.. input.Lines, .. tiles.Few is { } few ? CudaExtents.Calls(many, EnoughBlocks, Call(tiles.Many), Call(few)) : [Call(tiles.Many)]],
            tiles.Few is null ? many : CudaExtents.Either(many, EnoughBlocks, Blocks(tiles.Few)),
            new[] { tiles.Many, tiles.Few }.Max(t => t is null ? 0 : HaloBytes(t, element == "bf16", read, written)), "halo_convolution.cu")
        { MoreTemplates = input.Templates };

        BlockCount Blocks(int[] tile) => CudaExtents.OfTiles(task.Domain, tile[0] * Turns(tile), 16, (written + tile[1] - 1) / tile[1]);

        string Call(int[] tile) =>
            $"halo_convolution<HaloConvolution<{element}, {Text.Of(read)}, {Text.Of(written)}, {(adjoint ? "true" : "false")}, {List(tile)}>>" +
            $"(source, {parameter(1)}, body, {CudaExtents.Arguments(task.Domain)}, block, dynamic_shared);";
    }

    private static bool ReadByWarpgroups(PackJob job)
    {
        int outputs = job.Weight.N.Value, read = job.Transposed ? outputs : job.Weight.C, written = job.Transposed ? job.Weight.C : outputs;
        return !job.InChain && OnWarpgroups(read, written) && HaloTiles(job.Weight, job.Settings, narrow: true, read, written) is not null;
    }

    /// <summary>Packs weights, a thread for 16 bytes.</summary>
    public static CudaTask Pack(PackTask task, Func<int, string> parameter)
    {
        var rows = new List<string>();
        int chunks = 0;
        foreach (PackJob job in task.Jobs)
        {
            Shape w = job.Weight;
            rows.Add($"{{ {{ {w.N}, {Text.Of(w.C)}, {w.H}, {w.W}, {Text.Of(job.Settings.Stride)}, {Text.Of(job.Settings.Padding)}, {Text.Of(job.Settings.Dilation)}, {(job.Transposed ? "1" : "0")}, {(ReadByWarpgroups(job) ? "1" : "0")} }}, {Text.Of(chunks)} }}");
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

    private static string List(int[] numbers) => string.Join(", ", numbers.Select(n => Text.Of(n)));
}
