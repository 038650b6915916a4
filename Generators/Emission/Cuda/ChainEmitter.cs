using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Emits the calls of the templates that compute convolutions one after another.</summary>
internal static class ChainEmitter
{
    // Bytes of shared memory for a chunk of channels, and for 16 channels written and a step of k.
    private const int ChunkBytes = 16, BlockBytes = 512;

    /// <summary>Emits a chain.</summary>
    /// <param name="task">The chain.</param>
    /// <param name="parameter">The kernel's parameter for an operand.</param>
    public static CudaTask Emit(ConvolutionChainTask task, Func<int, string> parameter) => task.Kind switch
    {
        ChainKind.ResidualBlock => ResidualBlock(task, parameter),
        _ => throw new InvalidOperationException(task.Kind.ToString()),
    };

    // bf16 tiles of 16×32 pixels, float tiles of 8×16: 51 and 45 KB at 16 channels.
    private static CudaTask ResidualBlock(ConvolutionChainTask chain, Func<int, string> parameter)
    {
        KernelTask first = chain.Links[0].Task, second = chain.Links[1].Task;
        string element = TensorCoreEmitter.ElementOf(first);
        bool narrow = element == "bf16";
        int channels = chain.Domain.C, height = narrow ? 16 : 8, width = narrow ? 32 : 16, shift = chain.Links[1].Shift;
        var middle = new CudaBodyEmitter(first, result: chain.Links[0].Value);
        // The block's input is in its tile: as it is in memory, if that has the tile's elements.
        int? input = CudaOperand.Of(first.Operands[0]).Type == element ? second.Body.Operands.ToList().IndexOf(first.Body.Operands[0]) : -1;
        var last = new CudaBodyEmitter(second, handed: input);
        string tile = $"ResidualTile<{element}, {Text.Of(channels)}, {Text.Of(height)}, {Text.Of(width)}>";
        int shared = HaloBytes(narrow, channels, (height + 4) * (width + 4)) + HaloBytes(narrow, channels, (height + 2) * (width + 2)) + 2 * WeightBytes(narrow, channels, channels, 9);
        return new CudaTask(
            $"ResidualBlock{Text.Of(channels)}{(CudaTaskEmitter.HasGelu(first.Body) ? "Gelu" : "")}", [middle.Struct, last.Struct],
            [
                .. middle.Declaration(parameter, "first"), .. last.Declaration(i => parameter(i + shift), "second"),
                TensorCoreEmitter.Source(first, 0, element, "source", CudaTaskEmitter.InputExtents(first), parameter),
                $"fused_residual_block<{tile}>(source, {parameter(1)}, {parameter(shift + 1)}, first, second, {CudaExtents.Arguments(chain.Domain)}, block, dynamic_shared);",
            ],
            CudaExtents.OfTiles(chain.Domain, height, width), shared, "fused_residual_block.cu");
    }

    // HaloTile::bytes: a number of chunks that is no power of two is made odd.
    private static int HaloBytes(bool narrow, int channels, int pixels)
    {
        int chunks = Chunks(narrow, channels);
        return pixels * ((chunks & (chunks - 1)) == 0 ? chunks : chunks | 1) * ChunkBytes;
    }

    // PackedWeights::bytes.
    private static int WeightBytes(bool narrow, int read, int written, int taps) => (taps * Chunks(narrow, read) + 1) / 2 * ((written + 15) / 16) * BlockBytes;

    private static int Chunks(bool narrow, int channels) => narrow ? (channels + 7) / 8 : (channels + 3) / 4;
}
