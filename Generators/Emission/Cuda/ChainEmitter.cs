using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Emits the calls of the templates that compute convolutions one after another.</summary>
internal static class ChainEmitter
{
    // Bytes of shared memory for a chunk of channels, and for 16 channels written and a step of k.
    private const int ChunkBytes = 16, BlockBytes = 512;

    // Pixels of a row of a tile, and what a block may have on all devices with bf16.
    private const int TileWidth = 16, MostBytes = 99 * 1024;

    /// <summary>Emits a chain.</summary>
    /// <param name="task">The chain.</param>
    /// <param name="parameter">The kernel's parameter for an operand.</param>
    public static CudaTask Emit(ConvolutionChainTask task, Func<int, string> parameter) => task.Kind switch
    {
        ChainKind.ResidualBlock or ChainKind.ResidualBlockAdjoint => ResidualBlock(task, parameter),
        ChainKind.UpConvolution => UpConvolution(task, parameter),
        ChainKind.PictureFeatures => PictureFeatures(task, parameter),
        _ => throw new InvalidOperationException(task.Kind.ToString()),
    };

    // bf16 tiles of 16×32 pixels, float tiles of 8×16: 51 and 45 KB at 16 channels. Few bf16 tiles have 10 rows: of a picture of 256×256 and its half 260 blocks, two on each of 132
    // multiprocessors, where 160 would be two on some and one on the others.
    private static CudaTask ResidualBlock(ConvolutionChainTask chain, Func<int, string> parameter)
    {
        KernelTask first = chain.Links[0].Task, second = chain.Links[1].Task;
        string element = TensorCoreEmitter.ElementOf(first);
        bool narrow = element == "bf16";
        int channels = chain.Domain.C, height = narrow ? 16 : 8, fewHeight = narrow ? 10 : height, width = narrow ? 32 : 16, shift = chain.Links[1].Shift;
        bool adjoint = chain.Kind == ChainKind.ResidualBlockAdjoint;
        var middle = new CudaBodyEmitter(first, result: chain.Links[0].Value, fetches: true, keeps: true);
        // The block's input is in its tile: as it is in memory, if that has the tile's elements, or as it was made there.
        int? input = first.Pieces is not null || CudaOperand.Of(first.Operands[0]).Type == element ? second.Body.Operands.ToList().IndexOf(first.Body.Operands[0]) : -1;
        var last = new CudaBodyEmitter(second, handed: input, keeps: true);
        string tile = $"ResidualTile<{element}, {Text.Of(channels)}, {Text.Of(height)}, {Text.Of(width)}, {Text.Of(fewHeight)}{(adjoint ? ", true" : "")}>";
        BlockCount many = CudaExtents.OfTiles(chain.Domain, height, width);
        string few = narrow ? $"{many.Exact} < {Text.Of(TensorCoreEmitter.EnoughBlocks)}" : "false";
        int shared = PlanarBytes(narrow, channels, (height + 4) * (width + 4)) + PlanarBytes(narrow, channels, (height + 2) * (width + 2)) + 2 * WeightBytes(narrow, channels, channels, 9);
        CudaInput source = InputEmitter.Emit(first, 0, element, "source", CudaTaskEmitter.InputExtents(first), parameter);
        return new CudaTask(
            $"ResidualBlock{(adjoint ? "Adjoint" : "")}{Text.Of(channels)}{(CudaTaskEmitter.HasGelu(first.Body) ? "Gelu" : "")}", [.. source.Structs, middle.Struct, last.Struct],
            [
                .. middle.Declaration(parameter, "first"), .. last.Declaration(i => parameter(i + shift), "second"), .. source.Lines,
                $"fused_residual_block<{tile}>(source, {parameter(1)}, {parameter(shift + 1)}, first, second, {CudaExtents.Arguments(chain.Domain)}, {few}, block, dynamic_shared);",
            ],
            narrow ? CudaExtents.Either(many, TensorCoreEmitter.EnoughBlocks, CudaExtents.OfTiles(chain.Domain, fewHeight, width)) : many, shared, "fused_residual_block.cu")
        { MoreTemplates = source.Templates, IsLong = first.Pieces is not null };
    }

    // 128 pixels of a phase, of few channels 256, in bf16 as tiles with all they read: 97 KB at 64 channels, 72 KB at 32. In float, which has no room for these, and of
    // what makes no whole steps of a tap, half as many, brought for each tap: 34 KB.
    private static CudaTask UpConvolution(ConvolutionChainTask chain, Func<int, string> parameter)
    {
        KernelTask up = chain.Links[0].Task, joint = chain.Links[1].Task;
        string element = TensorCoreEmitter.ElementOf(up);
        bool narrow = element == "bf16";
        Shape weight = up.Group.Anchor!.Inputs[1].Shape, jointWeight = joint.Group.Anchor!.Inputs[1].Shape;
        bool few = weight.C <= 32;
        int shift = chain.Links[1].Shift, read = weight.N.Value, channels = weight.C, skip = jointWeight.C - channels, written = jointWeight.N.Value;
        CudaInput source = InputEmitter.Emit(up, 0, element, "source", CudaTaskEmitter.InputExtents(up), parameter);
        string extents = $"{CudaExtents.Of(chain.Domain.H)}, {CudaExtents.Of(chain.Domain.W)}";
        CudaInput skipped = InputEmitter.Emit(joint, 0, element, "skip", extents, i => parameter(i + shift));
        string numbers = $"{element}, {Text.Of(read)}, {Text.Of(channels)}, {Text.Of(skip)}, {Text.Of(written)}", warps = few ? "8, 1" : "4, 2";
        Shape phase = chain.Domain with { H = CudaTaskEmitter.Over(chain.Domain.H, 2), W = CudaTaskEmitter.Over(chain.Domain.W, 2) };
        int height = few ? 16 : 8, slab = read % 64 == 0 ? 4 : 1, stages = Math.Min(5, read / 4 / slab), shared = UpTileBytes(read, channels, skip, written, height, slab * stages);
        bool tiled = narrow && read % 16 == 0 && written >= channels && shared <= MostBytes;
        var middle = new CudaBodyEmitter(up, result: chain.Links[0].Value, fetches: tiled);
        var last = new CudaBodyEmitter(joint);
        return tiled
            ? Task("up_tile_convolution", $"UpTiles<{numbers}, {Text.Of(height)}, {Text.Of(slab)}, {Text.Of(stages)}, {warps}>", CudaExtents.OfTiles(phase, height, TileWidth, 4), shared)
            : Rows();

        CudaTask Rows()
        {
            int pixels = (narrow ? 128 : 64) * (few ? 2 : 1), stages = 3, slab = 4;
            int rows = HaloBytes(narrow, channels, pixels) + HaloBytes(narrow, skip, pixels) + (narrow ? WeightBytes(narrow, channels + skip, written, 1) : 0);
            return Task(
                "up_convolution", $"UpTile<{numbers}, {(narrow ? "true" : "false")}, ConvolutionTile<{Text.Of(pixels)}, {Text.Of(channels)}, {Text.Of(slab)}, {Text.Of(stages)}, {warps}>>",
                CudaExtents.OfPixels(phase, pixels, 4), Math.Max(stages * (pixels + channels) * slab * ChunkBytes, rows) + pixels * 16);
        }

        CudaTask Task(string template, string tile, BlockCount blocks, int bytes) => new(
            $"UpConvolution{Text.Of(channels)}{(CudaTaskEmitter.HasGelu(up.Body) ? "Gelu" : "")}", [.. source.Structs, .. skipped.Structs, middle.Struct, last.Struct],
            [
                .. middle.Declaration(parameter, "middle"), .. last.Declaration(i => parameter(i + shift), "body"), .. source.Lines, .. skipped.Lines,
                $"{template}<{tile}>(source, {parameter(1)}, middle, skip, {parameter(shift + 1)}, body, {CudaExtents.Arguments(chain.Domain)}, block, dynamic_shared);",
            ],
            blocks, bytes, template + ".cu")
        { MoreTemplates = [.. source.Templates, .. skipped.Templates] };
    }

    // UpTiles::shared_bytes.
    private static int UpTileBytes(int read, int channels, int skip, int written, int height, int slabSteps)
    {
        int pixels = height * TileWidth, input = read / 8 * TensorCoreEmitter.PlaneBytes((height + 1) * (TileWidth + 1)) + slabSteps * channels * 32;
        return PlanarBytes(narrow: true, skip, pixels) + Math.Max(input, PlanarBytes(narrow: true, channels, pixels) + WeightBytes(narrow: true, channels + skip, written, 1));
    }

    // Tiles of 8×16 pixels where they take 48 KB at most, else of 8×8; so those of more than 64 channels, which are at a quarter of the picture's size, where a
    // small picture has few tiles to share out: of those of one such picture half have 4 rows.
    private static CudaTask PictureFeatures(ConvolutionChainTask chain, Func<int, string> parameter)
    {
        KernelTask[] tasks = [.. chain.Links.Select(l => l.Task)];
        string element = TensorCoreEmitter.ElementOf(tasks[3]);
        bool narrow = element == "bf16";
        int read = tasks[0].Group.Anchor!.Inputs[1].Shape.C, written = chain.Domain.C, width = written > 64 ? 8 : 16;
        if (PictureBytes(chain, narrow, read, 8, width) > 48 * 1024)
            width = 8;
        CudaBodyEmitter[] bodies = [.. chain.Links.Select(l => new CudaBodyEmitter(l.Task, result: l.Value, keeps: true))];
        CudaInput source = InputEmitter.Emit(tasks[0], 0, element, "source", CudaTaskEmitter.InputExtents(tasks[0]), parameter);
        string channels = string.Join(", ", tasks.Select(t => Text.Of(t.Domain.C)));
        string steps = string.Join(", ", chain.Links.Select((l, i) => $"{parameter(l.Shift + 1)}, body{Text.Of(i)}"));
        BlockCount many = CudaExtents.OfTiles(chain.Domain, 8, width);
        return new CudaTask(
            $"PictureFeatures{Text.Of(written)}", [.. source.Structs, .. bodies.Select(b => b.Struct)],
            [
                .. bodies.SelectMany((b, i) => b.Declaration(k => parameter(k + chain.Links[i].Shift), $"body{Text.Of(i)}")), .. source.Lines,
                .. narrow && width == 8 ? CudaExtents.Calls(many, TensorCoreEmitter.EnoughBlocks, Call(8), Call(4)) : [Call(8)],
            ],
            CudaExtents.ByPicture(chain.Domain, chain.Parts), PictureBytes(chain, narrow, read, 8, width), "scm.cu")
        { MoreTemplates = source.Templates, IsLong = true };

        string Call(int height) =>
            $"scm<ScmTile<{element}, {Text.Of(read)}, {channels}, {Text.Of(height)}, {Text.Of(width)}>, {Text.Of(chain.Parts)}>" +
            $"(source, {steps}, {parameter(chain.Operands.Count - 1)}, {CudaExtents.Arguments(chain.Domain)}, block, dynamic_shared);";
    }

    // ScmTile::shared_bytes.
    private static int PictureBytes(ConvolutionChainTask chain, bool narrow, int read, int height, int width)
    {
        int[] channels = [.. chain.Links.Select(l => l.Task.Domain.C)];
        int halo = (height + 2) * (width + 2), early = PlanarBytes(narrow, read, (height + 4) * (width + 4)) + PlanarBytes(narrow, channels[0], halo), rows = narrow && height * width > 64 ? 32 : 16;
        return Math.Max(early, PlanarBytes(narrow, channels[2], height * width)) + PlanarBytes(narrow, channels[1], halo) + height * width / rows * channels[3] * 12;
    }

    // HaloTile::bytes of a planar tile.
    private static int PlanarBytes(bool narrow, int channels, int pixels)
    {
        int chunks = Chunks(narrow, channels), between = chunks == 2 ? 64 : 32, bytes = pixels * ChunkBytes;
        return chunks == 1 ? bytes : chunks * ((bytes - between + 127) / 128 * 128 + between);
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
