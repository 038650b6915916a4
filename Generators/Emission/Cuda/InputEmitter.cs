using FocalNet.Graph;
using FocalNet.Graph.Launches;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>A source for a template of convolutions as CUDA C.</summary>
/// <param name="Structs">Its structs.</param>
/// <param name="Lines">Statements that declare it.</param>
/// <param name="Templates">Files that it needs beside those of convolutions.</param>
internal sealed record CudaInput(IReadOnlyList<CudaStruct> Structs, IReadOnlyList<string> Lines, IReadOnlyList<string> Templates);

/// <summary>Emits what convolutions read: as it is in memory, resampled, computed, or pieces of these side by side.</summary>
internal static class InputEmitter
{
    private const string Upsampled = "upsampled_source.cu";

    /// <summary>The source of a task's operand; of the first one, or of what stands for it.</summary>
    /// <param name="task">The task.</param>
    /// <param name="operand">Number of the operand.</param>
    /// <param name="element">Elements of the tile: bf16 or float.</param>
    /// <param name="name">Of the variable.</param>
    /// <param name="extents">Height and width of what is read.</param>
    /// <param name="parameter">The kernel's parameter for an operand.</param>
    public static CudaInput Emit(KernelTask task, int operand, string element, string name, string extents, Func<int, string> parameter)
    {
        if (operand > 0 || task.Pieces is not { } pieces)
            return new CudaInput([], [$"{Stored(task.Operands[operand], element, task.InputStep)} {name} = {{ {parameter(operand)}, {extents} }};"], []);
        if (pieces.Count == 1)
            return Piece(task, pieces[0], element, name, extents, parameter, out _);
        var structs = new List<CudaStruct>();
        var lines = new List<string>();
        var templates = new List<string>();
        string type = "", variable = "";
        // From the last to the first: each is put before those behind it.
        for (int i = pieces.Count - 1; i >= 0; i--)
        {
            string part = $"{name}{Text.Of(i)}";
            CudaInput input = Piece(task, pieces[i], element, part, extents, parameter, out string partType);
            structs.AddRange(input.Structs);
            lines.AddRange(input.Lines);
            templates.AddRange(input.Templates);
            if (type.Length == 0)
            {
                (type, variable) = (partType, part);
                continue;
            }
            string joined = i == 0 ? name : $"{name}From{Text.Of(i)}";
            type = $"PiecedSource<{partType}, {Text.Of(pieces[i].Channels)}, {type}>";
            lines.Add($"{type} {joined} = {{ {part}, {variable}, {extents} }};");
            variable = joined;
        }
        return new CudaInput(structs, lines, [.. templates]);
    }

    private static CudaInput Piece(KernelTask task, InputPiece piece, string element, string name, string extents, Func<int, string> parameter, out string type)
    {
        if (piece is ComputedPiece computed)
        {
            var body = new CudaBodyEmitter(computed.Map, isSource: true);
            type = body.Name;
            return new CudaInput([body.Struct], [.. body.Declaration(i => parameter(i + piece.Operand), name)], computed.Map.Group.Anchor is null ? [] : [CudaTaskEmitter.AnchorOf(computed.Map).File]);
        }
        TaskOperand operand = task.Operands[piece.Operand];
        type = piece is UpsampledPiece ? $"UpsampledSource<{CudaOperand.Of(operand).Arguments}>" : Stored(operand, element, 1);
        return new CudaInput([], [$"{type} {name} = {{ {parameter(piece.Operand)}, {extents} }};"], piece is UpsampledPiece ? [Upsampled] : []);
    }

    private static string Stored(TaskOperand operand, string element, int step)
    {
        CudaOperand o = CudaOperand.Of(operand);
        bool direct = step == 1 && o.Type == element && o.Alignment >= (element == "bf16" ? 8 : 4);
        return direct
            ? $"PlainSource<{o.Type}, {Text.Of(o.Pitch)}>"
            : $"LoadedSource<{o.Type}, {Text.Of(o.Pitch)}, {Text.Of(o.Alignment)}{(step == 1 ? "" : ", " + Text.Of(step))}>";
    }
}
