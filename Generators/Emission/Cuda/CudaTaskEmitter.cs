using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>A task as CUDA C.</summary>
/// <param name="Stem">For the kernel's name.</param>
/// <param name="Bodies">Its structs.</param>
/// <param name="Lines">Statements, given the block's number within the task as <c>block</c>.</param>
/// <param name="Blocks">Its blocks.</param>
/// <param name="SharedBytes">Of dynamic shared memory.</param>
/// <param name="Template">File of the template that it calls.</param>
internal sealed record CudaTask(string Stem, IReadOnlyList<CudaStruct> Bodies, IReadOnlyList<string> Lines, BlockCount Blocks, int SharedBytes, string Template)
{
    /// <summary>Files that it needs beside.</summary>
    public IReadOnlyList<string> MoreTemplates { get; init; } = [];

    /// <summary>Its blocks take longer than others that start with them, and are the first to start.</summary>
    public bool IsLong { get; init; }
}

/// <summary>A source that gathers an anchor's value.</summary>
/// <param name="Type">In CUDA C.</param>
/// <param name="Fields">Its fields, given the kernel's parameter for an operand.</param>
/// <param name="File">Of the template that has it.</param>
internal sealed record CudaAnchor(string Type, Func<Func<int, string>, string> Fields, string File);

/// <summary>A struct that kernels may share.</summary>
internal sealed record CudaStruct(string Name, string Text);

/// <summary>Emits a task: its body, and the call of the template that runs it.</summary>
internal static class CudaTaskEmitter
{
    private const int Threads = 256;

    // Of a convolution that each thread computes for itself.
    private const int MostGatheredTaps = 32;

    // A thread has eight loads on the way: where it would wait for them four times or more, it has a part of the chunks.
    private const int FinishSlices = 8, FewestSlicedChunks = 32;

    /// <summary>Emits a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="parameter">The kernel's parameter for an operand.</param>
    public static CudaTask Emit(LaunchTask task, Func<int, string> parameter)
    {
        if (task is FinishTask finish)
            return EmitFinish(finish, parameter);
        if (task is FinishMomentsTask moments)
            return EmitFinishMoments(moments, parameter);
        if (task is ConvolutionChainTask chain)
            return ChainEmitter.Emit(chain, parameter);
        if (task is PooledConvolutionTask pooled)
            return PixelChainEmitter.Pooled(pooled, parameter);
        if (task is SummedMapTask summed)
            return PixelChainEmitter.Summed(summed, parameter);
        if (task is PackTask pack)
            return TensorCoreEmitter.Pack(pack, parameter);
        var kernel = (KernelTask)task;
        DepthwiseTile? tile = DepthwiseTile.IsFor(kernel) ? DepthwiseTile.Of(kernel) : null;
        CudaStaging? staging = tile is null ? null : CudaStaging.OfTile(kernel, tile);
        CudaBodyEmitter? body = kernel.Group.TakesBody ? new CudaBodyEmitter(kernel, staging: staging) : null;
        CudaTask call = kernel.Group.Kind switch
        {
            KernelKind.Convolution or KernelKind.TransposedConvolution when kernel.ReadsPicture => PictureConvolutionEmitter.Emit(kernel, parameter),
            KernelKind.Convolution or KernelKind.TransposedConvolution when kernel.OnTensorCores => TensorCoreEmitter.Convolution(kernel, parameter),
            KernelKind.WeightGradient when kernel.OnTensorCores => WeightGradientEmitter.Emit(kernel, parameter),
            KernelKind.Convolution or KernelKind.TransposedConvolution => Convolution(kernel, parameter),
            KernelKind.WeightGradient => WeightGradient(kernel, parameter),
            KernelKind.DepthwiseWeightGradient => DepthwiseEmitter.WeightGradient(kernel, parameter),
            KernelKind.Trig => Trig(kernel, parameter),
            _ when tile is not null => DepthwiseEmitter.Convolution(kernel, tile, staging!, StemOf(kernel), VectorOf(kernel), parameter),
            _ => Pixels(kernel, parameter),
        };
        string[] lines = [.. body?.Declaration(parameter) ?? [], .. call.Lines];
        if (IsOneElement(kernel))
            lines = ["if (threadIdx.x == 0)  // Whoever else reads the element may find it updated.", "{", .. lines.Select(line => "    " + line), "}"];
        return call with { Bodies = body is null ? call.Bodies : [.. call.Bodies, body.Struct], Lines = lines };
    }

    private static bool IsOneElement(KernelTask task) =>
        task.Group.Kind == KernelKind.Map && task.Body.Reductions.Count == 0 && task.Domain is { N.IsOne: true, C: 1, H.IsOne: true, W.IsOne: true };

    private static CudaTask Convolution(KernelTask task, Func<int, string> parameter)
    {
        Node anchor = task.Group.Anchor!;
        bool transposed = anchor.Op is TransposedConvolutionOp;
        ConvolutionSettings settings = SettingsOf(anchor);
        Shape weight = anchor.Inputs[1].Shape;
        int inputs = transposed ? weight.N.Value : weight.C, outputs = transposed ? weight.C : weight.N.Value;
        if (weight.ConstantElements <= MostGatheredTaps && settings.Stride == 1 && task.InputStep == 1)
            return Gathered(task, inputs, outputs, parameter);
        int columns = outputs > 32 ? 64 : outputs > 16 ? 32 : outputs > 8 ? 16 : outputs > 4 ? 8 : 4, rows = Math.Min(256, 4096 / columns);
        CudaOperand x = CudaOperand.Of(task.Operands[0]);
        string template = $"{Geometry(inputs, outputs, weight, settings)}, {(transposed ? "true" : "false")}, {Text.Of(x.Pitch)}, {Text.Of(task.InputStep)}";
        // The phases of a transposed convolution are tiled apart.
        int phases = transposed ? settings.Stride : 1;
        Shape phase = task.Domain with { H = Over(task.Domain.H, phases), W = Over(task.Domain.W, phases) };
        return new CudaTask(
            Stem(task, weight), [],
            [$"direct_convolution<{template}>(body, {parameter(0)}, {parameter(1)}, {CudaExtents.Of(task.Domain.N)}, {InputExtents(task)}, {DomainExtents(task)}, block, dynamic_shared);"],
            CudaExtents.OfPixels(phase, rows, phases * phases * ((outputs + columns - 1) / columns)),
            4 * (16 * (rows + 4) + 16 * (columns + 4) + 3 * rows), "direct_convolution.cu");
    }

    // A map or two: the products are fewer than what a tile of them would cost.
    private static CudaTask Gathered(KernelTask task, int inputs, int outputs, Func<int, string> parameter)
    {
        Node anchor = task.Group.Anchor!;
        Shape weight = anchor.Inputs[1].Shape;
        CudaOperand x = CudaOperand.Of(task.Operands[0]);
        string adjoint = anchor.Op is TransposedConvolutionOp ? "true" : "false";
        return new CudaTask(
            Stem(task, weight), [],
            [
                $"GatheredConvolution<{Geometry(inputs, outputs, weight, SettingsOf(anchor))}, {adjoint}, {Text.Of(x.Pitch)}, {x.Type}> source{{ {parameter(0)}, {parameter(1)}, {InputExtents(task)} }};",
                $"pixel_map<1, {Text.Of(outputs)}>(source, body, {CudaExtents.Arguments(task.Domain)}, block);",
            ],
            CudaExtents.OfPixels(task.Domain, Math.Max(1, Threads / outputs)), 0, "gathered_convolution.cu");
    }

    internal static Extent Over(Extent extent, int divisor) =>
        extent.DividedBy(divisor) ?? (extent.Value + divisor - 1) / divisor;

    private static CudaTask WeightGradient(KernelTask task, Func<int, string> parameter)
    {
        Shape weight = task.Group.Anchor!.Shape;
        int outputs = weight.N.Value, depth = weight.C * weight.H.Value * weight.W.Value;
        int rows = outputs > 32 ? 64 : outputs > 16 ? 32 : 16, columns = 4096 / rows;
        string template = $"{Geometry(weight.C, outputs, weight, SettingsOf(task.Group.Anchor))}, {Text.Of(task.Chunks)}, {Pitches(task)}";
        return new CudaTask(
            $"WeightGradient{Dimensions(weight)}", [],
            [$"direct_weight_gradient<{template}>({parameter(0)}, {parameter(1)}, {parameter(2)}, {GradientExtents(task)}, block, dynamic_shared);"],
            CudaExtents.Fixed(task.Chunks * ((outputs + rows - 1) / rows) * ((depth + columns - 1) / columns)),
            4 * (16 * (rows + 4) + 16 * (columns + 4) + 48), "direct_convolution.cu");
    }

    private static CudaTask Trig(KernelTask task, Func<int, string> parameter)
    {
        var trig = (TrigTransformOp)task.Group.Anchor!.Op;
        CudaOperand x = CudaOperand.Of(task.Operands[0]);
        // TrigLines::count: few channels along the width come in whole rows.
        int channels = task.Domain.C, lines = !trig.AlongHeight && channels < 32 ? 128 / channels * channels : 128;
        string template = $"{(trig.AlongHeight ? "true" : "false")}, {(trig.Sine ? "true" : "false")}, {Text.Of(task.Domain.C)}, {Text.Of(x.Pitch)}";
        return new CudaTask(
            $"Trig{Text.Of(task.Domain.C)}", [],
            [$"trig_transform<{template}>(body, {parameter(0)}, {CudaExtents.Arguments(task.Domain)}, block, dynamic_shared);"],
            CudaExtents.OfLines(task.Domain, trig.AlongHeight, 128, lines), 4 * ((64 * 132) + (4 * 128) + (3 * 128)), "trig.cu");
    }

    // Maps, depthwise convolutions, resampling: with and without reductions.
    private static CudaTask Pixels(KernelTask task, Func<int, string> parameter)
    {
        (string source, string file) = Source(task, parameter);
        Shape domain = task.Domain;
        int v = VectorOf(task), groups = domain.C / v;
        bool single = domain.H.IsOne && domain.W.IsOne && task.Group.Kind == KernelKind.Map;
        string template = $"{Text.Of(v)}, {Text.Of(domain.C)}", extents = CudaExtents.Arguments(domain);
        string stem = StemOf(task);
        if (task.Reduction == TaskReduction.Gathered)
            return Gathered(task, stem, source);
        if (task.Body.Reductions.Count == 0)
        {
            return single
                ? new CudaTask(stem, [], [$"channel_map<{template}>(body, block);"], CudaExtents.ByPicture(domain, (groups + Threads - 1) / Threads), 0, "elementwise.cu")
                : new CudaTask(
                    stem, [], [source, $"pixel_map<{template}>(source, body, {extents}, block);"],
                    CudaExtents.OfPixels(domain, Math.Max(1, Threads / groups)), 0, file);
        }
        string byPicture = task.Reduction == TaskReduction.ByPicture ? "true" : "false", chunks = Text.Of(task.Chunks);
        BlockCount blocks = task.Reduction switch
        {
            TaskReduction.ByPicture => CudaExtents.ByPicture(domain, task.Chunks),
            TaskReduction.ByBatch => CudaExtents.Fixed(task.Chunks),
            _ => CudaExtents.OfPixels(domain, 4 * Threads / LanesOf(groups)),
        };
        return single
            ? new CudaTask(stem, [], [$"channel_reduce<{Text.Of(domain.C)}, {chunks}, {byPicture}>(body, {CudaExtents.Of(domain.N)}, block, dynamic_shared);"], blocks, 4 * Threads, "reduction.cu")
            : new CudaTask(
                stem, [], [source, $"pixel_reduce<{template}, {chunks}, {byPicture}>(source, body, {extents}, block, dynamic_shared);"], blocks,
                4 * Threads * v, file == "elementwise.cu" ? "reduction.cu" : file);
    }

    private static CudaTask Gathered(KernelTask task, string stem, string source)
    {
        Axes kept = task.Body.Reductions[0].Access.Axes;
        Shape domain = task.Domain, result = domain.Reduce(Axes.All & ~kept);
        string keeps = string.Join(", ", new[] { Axes.N, Axes.C, Axes.H, Axes.W }.Select(a => kept.HasFlag(a) ? "true" : "false"));
        // Results in all: those of a pixel come on top of the pixels.
        int tile = Math.Max(1, Threads / result.C);
        string results = $"({CudaExtents.Pixels(result)} * {Text.Of(result.C)} + {Text.Of(Threads - 1)}) / {Text.Of(Threads)}";
        string grid = CudaExtents.OfPixels(result, tile, (result.C + Threads - 1) / Threads).Grid;
        return new CudaTask(
            stem, [], [source, $"gather_reduce<{Text.Of(domain.C)}, {keeps}>(source, body, {CudaExtents.Arguments(domain)}, block);"],
            new BlockCount(results, grid), 0, task.Group.Kind switch { KernelKind.Map => "reduction.cu", KernelKind.Resample => "resample.cu", _ => "depthwise.cu" });
    }

    private static (string Source, string File) Source(KernelTask task, Func<int, string> parameter)
    {
        if (task.Group.Anchor is null)
            return ("NoSource source;", "elementwise.cu");
        CudaAnchor anchor = AnchorOf(task);
        return ($"{anchor.Type} source{{ {anchor.Fields(parameter)} }};", anchor.File);
    }

    /// <summary>What gathers the anchor's value: a resampling or a depthwise convolution.</summary>
    internal static CudaAnchor AnchorOf(KernelTask task)
    {
        Node anchor = task.Group.Anchor!;
        CudaOperand x = CudaOperand.Of(task.Operands[0]);
        if (anchor.Op is ResampleOp resample)
        {
            string type = $"{(resample.Adjoint ? "ResampleAdjointSource" : "ResampleSource")}<{Text.Of((int)resample.Kind)}, {x.Arguments}>";
            string large = resample.Adjoint ? $", {DomainExtents(task)}" : "";
            return new CudaAnchor(type, p => $"{p(0)}, {InputExtents(task)}{large}", "resample.cu");
        }
        string depthwise = anchor.Op is TransposedConvolutionOp ? "DepthwiseTransposedSource" : "DepthwiseSource";
        return new CudaAnchor(
            $"{depthwise}<{Taps(anchor.Inputs[1].Shape, SettingsOf(anchor))}, {x.Arguments}>", p => $"{p(0)}, {p(1)}, {InputExtents(task)}", "depthwise.cu");
    }

    private static CudaTask EmitFinish(FinishTask task, Func<int, string> parameter)
    {
        Shape partial = task.Operands[0].Shape;
        string elements = Text.Of(task.Elements), chunks = Text.Of(task.Chunks);
        if (task.Epilogue is null && !task.PerPicture && partial.N.IsOne && task.Kind == ReduceKind.Sum && task.Elements >= Threads)
        {
            int slices = task.Chunks % FinishSlices == 0 && task.Chunks >= FewestSlicedChunks ? FinishSlices : 1, columns = Threads / slices;
            return new CudaTask(
                "Finish", [], [$"finish_by_thread<{elements}, {chunks}, {Text.Of(slices)}>({parameter(0)}, {parameter(1)}, block, {(slices > 1 ? "dynamic_shared" : "nullptr")});"],
                CudaExtents.Fixed((task.Elements + columns - 1) / columns), slices > 1 ? 4 * Threads : 0, "finish.cu");
        }
        Extent pictures = task.PerPicture ? partial.N : 1;
        string results = $"{CudaExtents.Of(pictures)} * {elements}", count = task.PerPicture ? chunks : $"{CudaExtents.Of(partial.N)} * {chunks}";
        string maximum = task.Kind == ReduceKind.Max ? "true" : "false";
        // Eight results a block; a picture's last block may be part empty.
        var blocks = new BlockCount($"({results} + 7) / 8", CudaExtents.ByPicture(new Shape(pictures, 1, 1, 1), (task.Elements + 7) / 8).Grid);
        if (task.Epilogue is null)
        {
            string template = $"{maximum}, {elements}, {Text.Of(task.Operands[1].Place.Buffer.Shape.C)}";
            return new CudaTask("Finish", [], [$"finish_by_warp<{template}>({parameter(0)}, {parameter(1)}, {results}, {count}, block);"], blocks, 0, "finish.cu");
        }
        var body = new CudaBodyEmitter(task.Epilogue);
        string[] lines = [.. body.Declaration(i => parameter(i + 1)), $"finish_with_body<{maximum}, {elements}>(body, {parameter(0)}, {results}, {count}, block);"];
        return new CudaTask("FinishMap", [body.Struct], lines, blocks, 0, "finish.cu");
    }

    private static CudaTask EmitFinishMoments(FinishMomentsTask task, Func<int, string> parameter)
    {
        var body = new CudaBodyEmitter(task.Epilogue);
        string elements = Text.Of(task.Elements), results = $"{CudaExtents.Of(task.Domain.N)} * {elements}";
        // Eight results a block; a picture's last block may be part empty.
        var blocks = new BlockCount($"({results} + 7) / 8", CudaExtents.ByPicture(task.Domain, (task.Elements + 7) / 8).Grid);
        string template = $"{elements}, {Text.Of(task.Parts)}, {Text.Of(CudaOperand.Of(task.Operands[1]).Pitch)}";
        return new CudaTask(
            "FinishMoments", [body.Struct],
            [.. body.Declaration(i => parameter(i + FinishMomentsTask.Shift)), $"finish_moments<{template}>(body, {parameter(0)}, {parameter(1)}, {results}, block);"],
            blocks, 0, "finish_moments.cu");
    }

    internal static int VectorOf(KernelTask task)
    {
        int channels = task.Domain.C;
        bool narrow = task.Operands.Any(o => o.Place.Buffer.Root.Type == ElementType.BFloat16);
        return narrow && channels % 8 == 0 ? 8 : channels % 4 == 0 ? 4 : channels % 2 == 0 ? 2 : 1;
    }

    internal static int LanesOf(int groups, int most = 32)
    {
        int lanes = 1;
        while (lanes < groups && lanes < most)
            lanes *= 2;
        return lanes;
    }

    internal static ConvolutionSettings SettingsOf(Node anchor) => anchor.Op switch
    {
        ConvolutionOp c => c.Settings,
        TransposedConvolutionOp t => t.Settings,
        ConvolutionWeightGradientOp g => g.Settings,
        _ => throw new InvalidOperationException(anchor.ToString()),
    };

    internal static string Geometry(int inputs, int outputs, Shape weight, ConvolutionSettings settings) =>
        $"{Text.Of(inputs)}, {Text.Of(outputs)}, {Taps(weight, settings)}";

    internal static string Taps(Shape weight, ConvolutionSettings settings) =>
        $"{weight.H}, {weight.W}, {Text.Of(settings.Stride)}, {Text.Of(settings.Padding)}, {Text.Of(settings.Dilation)}";

    private static string Pitches(KernelTask task) => $"{Text.Of(CudaOperand.Of(task.Operands[0]).Pitch)}, {Text.Of(CudaOperand.Of(task.Operands[1]).Pitch)}";

    internal static string InputExtents(KernelTask task) => $"{CudaExtents.Of(task.Input.H)}, {CudaExtents.Of(task.Input.W)}";

    internal static string DomainExtents(KernelTask task) => $"{CudaExtents.Of(task.Domain.H)}, {CudaExtents.Of(task.Domain.W)}";

    // A weight gradient walks the pixels of its second operand.
    internal static string GradientExtents(KernelTask task)
    {
        Shape x = task.Operands[0].Shape, dy = task.Operands[1].Shape;
        return $"{CudaExtents.Of(dy.N)}, {CudaExtents.Of(x.H)}, {CudaExtents.Of(x.W)}, {CudaExtents.Of(dy.H)}, {CudaExtents.Of(dy.W)}";
    }

    internal static string Dimensions(Shape w) => $"{w.N}x{Text.Of(w.C)}x{w.H}x{w.W}";

    /// <summary>For the name of a convolution's kernel.</summary>
    internal static string Stem(KernelTask task, Shape weight) => $"{task.Group.Kind}{Dimensions(weight)}{(HasGelu(task.Body) ? "Gelu" : "")}";

    internal static bool HasGelu(KernelBody body) => body.Values.Any(v => v is UnaryValue { Kind: UnaryKind.Erf });

    internal static string StemOf(KernelTask task)
    {
        KernelBody body = task.Body;
        string kind = task.Group.Kind == KernelKind.Map && body.Reductions.Count > 0 ? (body.Stores.Count > 0 ? "MapReduce" : "Reduce") : task.Group.Kind.ToString();
        return $"{kind}{Text.Of(task.Domain.C)}{(HasGelu(body) ? "Gelu" : "")}";
    }
}
