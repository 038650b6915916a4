using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Passes;

namespace FocalNet.Graph.Tiling;

/// <summary>A number or vector that is reduced from the whole picture.</summary>
/// <param name="Name">Output of the pass that computes it for a tile; input of the passes after it.</param>
/// <param name="Kind">How those of all tiles become the picture's.</param>
public sealed record TileStatistic(string Name, ReduceKind Kind);

/// <summary>One pass over all tiles.</summary>
/// <param name="Graph">What is computed for each tile.</param>
/// <param name="Reach">Pixels of the picture that a tile must see beyond its own (<see cref="TileReach"/>).</param>
/// <param name="Statistics">Statistics that the pass gives; none for the last.</param>
public sealed record TilePass(NetworkGraph Graph, int Reach, IReadOnlyList<TileStatistic> Statistics);

/// <summary>
/// A graph cut so that it can run on one tile of a picture after the other. What reduces the whole picture (the mean and
/// variance of an instance norm) becomes a statistic: a pass over all tiles computes each tile's part, the caller combines the
/// parts, and later passes take the result as an input. A statistic that needs another one first (a variance its mean) waits
/// for a later pass. The last pass gives the outputs.
/// </summary>
/// <remarks>
/// Inputs that passes have beside those of the graph: statistics; <see cref="WholeHeight"/> and <see cref="WholeWidth"/>, for
/// sizes mean the picture's and not the tile's; and for each resolution at which something is reduced a mask
/// <see cref="OwnPixels"/> of ones at the tile's own pixels, so that every pixel of the picture counts once.
/// </remarks>
/// <param name="Divisor">Tiles begin and end at multiples of this.</param>
/// <param name="Passes">In the order in which they run.</param>
public sealed record TiledGraphs(int Divisor, IReadOnlyList<TilePass> Passes)
{
    /// <summary>Input: rows of the whole picture.</summary>
    public const string WholeHeight = "tile.whole.height";

    /// <summary>Input: columns of the whole picture.</summary>
    public const string WholeWidth = "tile.whole.width";

    /// <summary>Beginning of the names of masks, [1, 1, H/a, W/b]: 1 at the tile's own pixels, 0 elsewhere.</summary>
    public const string OwnPixels = "tile.own";

    /// <summary>Beginning of the names of statistics.</summary>
    public const string Statistic = "tile.statistic";

    /// <summary>Cuts a graph.</summary>
    /// <exception cref="GraphException">It has assignments, or an op that no tile can do; the message says which.</exception>
    public static TiledGraphs Of(NetworkGraph graph) => new TileCutter(PassPipeline.Run(graph).Graph).Cut();
}
