using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Emits the calls of the templates for work on pixels that makes itself what it would wait for: maps of a pixel's channels, and sums over a picture.</summary>
internal static class PixelChainEmitter
{
    // PooledTile::height and width.
    private const int PooledTile = 8;

    // Columns of a tile, and vectors of channels of its pixels: of small pictures two for each thread; of large ones so many that adding the partial results is little beside them.
    private const int Columns = 16, FewUnits = 512, ManyUnits = 2048;

    // A block for each multiprocessor of a large device; what is in each of them, beside its own, is read again.
    private const int EnoughBlocks = 128;

    /// <summary>A convolution of maps of a pixel's channels.</summary>
    public static CudaTask Pooled(PooledConvolutionTask task, Func<int, string> parameter)
    {
        Node anchor = task.Convolution.Group.Anchor!;
        Shape weight = anchor.Inputs[1].Shape;
        ConvolutionSettings settings = CudaTaskEmitter.SettingsOf(anchor);
        int maps = task.Pools.Body.Reductions.Count, outputs = weight.N.Value, v = CudaTaskEmitter.VectorOf(task.Pools);
        int reach = PooledTile + ((weight.H.Value - 1) * settings.Dilation);
        CudaBodyEmitter pools = new(task.Pools), body = new(task.Convolution);
        string tile = $"PooledTile<{Text.Of(maps)}, {Text.Of(outputs)}, {weight.H}, {weight.W}, {Text.Of(settings.Padding)}, {Text.Of(settings.Dilation)}>";
        return new CudaTask(
            $"Pooled{CudaTaskEmitter.Stem(task.Convolution, weight)}", [pools.Struct, body.Struct],
            [
                .. pools.Declaration(parameter, "pools"), .. body.Declaration(i => parameter(i + task.Shift)),
                $"pooled_convolution<{tile}, {Text.Of(v)}, {Text.Of(task.Pools.Domain.C)}>(pools, {parameter(task.Shift + 1)}, body, {CudaTaskEmitter.DomainExtents(task.Convolution)}, block, dynamic_shared);",
            ],
            CudaExtents.OfTiles(task.Domain, PooledTile, PooledTile), 4 * ((reach * reach * maps) + weight.ConstantElements), "pooled_convolution.cu");
    }

    /// <summary>Arithmetic that takes a sum over the picture.</summary>
    public static CudaTask Summed(SummedMapTask task, Func<int, string> parameter)
    {
        KernelTask map = task.Map;
        int channels = map.Domain.C, v = CudaTaskEmitter.VectorOf(map), groups = channels / v;
        int[] rows = [task.SumOperand, .. map.Body.Values.OfType<LoadValue>().Where(l => l.Operand != task.SumOperand && CudaStaging.IsOfChannels(l.Access) && CudaOperand.Of(map.Operands[l.Operand]).Type == "float").Select(l => l.Operand).Distinct()];
        int slices = Math.Max(1, CudaKernelText.Threads / CudaTaskEmitter.LanesOf(channels, CudaKernelText.Threads)), bytes = 4 * channels * (rows.Length + slices);
        var body = new CudaBodyEmitter(map, staging: CudaStaging.OfRows(map, rows, bytes));
        Func<int, string> own = i => parameter(i + SummedMapTask.Shift);
        TaskOperand result = task.Operands[1];
        string sum = $"PictureSum<{Text.Of(channels)}, {Text.Of(task.Sum.Chunks)}, {(task.Sum.Kind == ReduceKind.Max ? "true" : "false")}, " +
            $"{(result.IsWritten ? "true" : "false")}, {Text.Of(CudaOperand.Of(result).Pitch)}>";
        string pointers = string.Join(", ", rows.Skip(1).Select(own)), steps = string.Join(", ", rows.Skip(1).Select(i => Text.Of(map.Operands[i].Shape.N.IsOne ? 0 : CudaOperand.Of(map.Operands[i]).Pitch)));
        int few = Math.Max(1, FewUnits / (Columns * groups)), more = Math.Max(1, ManyUnits / (Columns * groups));
        BlockCount many = CudaExtents.OfTiles(map.Domain, more, Columns);
        return new CudaTask(
            $"Summed{CudaTaskEmitter.StemOf(map)}", [body.Struct],
            [
                .. body.Declaration(own), "body.staged = dynamic_shared;",
                $"const {sum} sum{{ {parameter(0)}, {(result.IsWritten ? parameter(1) : "nullptr")} }};",
                $"const ChannelRows<{Text.Of(rows.Length - 1)}> rows{{ {{ {pointers} }}, {{ {steps} }} }};",
                .. CudaExtents.Calls(many, EnoughBlocks, Call(more), Call(few)),
            ],
            CudaExtents.Either(many, EnoughBlocks, CudaExtents.OfTiles(map.Domain, few, Columns)), bytes, "summed_map.cu");

        string Call(int height) => $"summed_map<{Text.Of(v)}, {Text.Of(height)}, {Text.Of(Columns)}>(sum, rows, body, {CudaTaskEmitter.DomainExtents(map)}, block, dynamic_shared);";
    }
}
