using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Where a body finds an operand that is in shared memory.</summary>
/// <param name="Type">Of its elements, in CUDA C.</param>
/// <param name="Address">Of what the body reads, over its fields and parameters.</param>
/// <param name="Alignment">Elements of which the address is a multiple; CUDA C.</param>
internal sealed record StagedOperand(string Type, string Address, string Alignment);

/// <summary>Operands that a body does not read from memory, for its template has brought them to shared memory, at <c>staged</c>.</summary>
/// <param name="Operands">By their number.</param>
/// <param name="Bytes">Of shared memory.</param>
/// <param name="Brings">Statements with which the body brings them, where its template has no way of its own.</param>
/// <param name="FetchesRest">What else it reads is fetched before the arithmetic.</param>
internal sealed record CudaStaging(IReadOnlyDictionary<int, StagedOperand> Operands, int Bytes, IReadOnlyList<string>? Brings = null, bool FetchesRest = false)
{
    // With it four blocks have room on a multiprocessor of sm_90, and one on sm_75.
    private const int MostBytes = 52 * 1024;

    /// <summary>Numbers of each channel, [row][channel], which are floats.</summary>
    /// <param name="task">The arithmetic.</param>
    /// <param name="rows">Operands, in the order of the rows.</param>
    /// <param name="bytes">Of shared memory.</param>
    public static CudaStaging OfRows(KernelTask task, IReadOnlyList<int> rows, int bytes)
    {
        int channels = task.Domain.C;
        return new CudaStaging(
            rows.Select((operand, row) => (operand, row)).ToDictionary(
                r => r.operand, r => new StagedOperand("float", $"reinterpret_cast<const float*>(staged) + {Text.Of(r.row * channels)} + channel", Text.Of(channels & -channels))),
            bytes, FetchesRest: true);
    }

    /// <summary>What a depthwise convolution's body reads of a tile: numbers of each channel, channels of its pixels in whole chunks, maps.</summary>
    /// <param name="task">The convolution.</param>
    /// <param name="tile">Its tile.</param>
    public static CudaStaging OfTile(KernelTask task, DepthwiseTile tile)
    {
        var operands = new Dictionary<int, StagedOperand>();
        var brings = new List<string>();
        IReadOnlyList<bool> used = CudaBodyEmitter.UsedBy(task);
        int bytes = 0;
        foreach (LoadValue load in task.Body.Values.Where((_, i) => used[i]).OfType<LoadValue>().OrderBy(l => l.Access.IsFull))
        {
            CudaOperand operand = CudaOperand.Of(task.Operands[load.Operand]);
            string to = $"shared + {Text.Of(bytes)}", p = $"p{Text.Of(load.Operand)}", at = $"staged + {Text.Of(bytes)}", pitch = Text.Of(operand.Pitch), group = Text.Of(tile.Group);
            string place = "place.image, place.y, place.x", tiled = "Tile::height, Tile::width";
            int size;
            if (load.Access.IsFull && DepthwiseTile.IsWhole(operand))
            {
                size = tile.OutPixels * tile.Group * DepthwiseTile.SizeOf(operand.Type);
                brings.Add($"bring_residue<{tiled}, {group}, Tile::dilation, {pitch}>({to}, {p}, {place}, channel, height, width);");
                operands[load.Operand] = new StagedOperand(operand.Type, $"reinterpret_cast<const {operand.Type}*>({at}) + unit * V", "V");
            }
            else if (IsOfChannels(load.Access) && operand.Type == "float")
            {
                size = tile.Group * 4;
                brings.Add($"bring_row<{group}>({to}, {p}{(load.Access.Axes.HasFlag(Axes.N) ? $" + place.image * {pitch}" : "")} + channel);");
                operands[load.Operand] = new StagedOperand("float", $"reinterpret_cast<const float*>({at}) + unit * V % {group}", "V");
            }
            else if (load.Access.Axes == (Axes.N | Axes.H | Axes.W) && !load.Access.IsFull && operand.Type == "float")
            {
                size = (tile.OutPixels + 255) / 256 * 1024;
                brings.Add($"bring_residue_map<{tiled}, Tile::dilation, {pitch}>({to}, {p}, {place}, height, width);");
                operands[load.Operand] = new StagedOperand("float", $"reinterpret_cast<const float*>({at}) + unit * V / {group}", "1");
            }
            else
            {
                continue;
            }
            if (tile.SharedBytes + bytes + size <= MostBytes)
            {
                bytes += size;
                continue;
            }
            brings.RemoveAt(brings.Count - 1);
            operands.Remove(load.Operand);
        }
        return new CudaStaging(operands, bytes, brings);
    }

    /// <summary>Is a number of each channel, perhaps another for each picture.</summary>
    public static bool IsOfChannels(Access access) => !access.IsFull && access.Axes.HasFlag(Axes.C) && (access.Axes & (Axes.H | Axes.W)) == Axes.None;
}
