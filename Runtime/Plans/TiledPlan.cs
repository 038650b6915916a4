namespace FocalNet.Runtime.Plans;

/// <summary>A result that is reduced from the whole picture: the parts of all tiles together are the picture's.</summary>
/// <param name="Name">Output of the pass that computes a tile's part; input of the passes after it.</param>
/// <param name="Kind">How parts are combined.</param>
public sealed record TileStatisticSpec(string Name, ReductionKind Kind);

/// <summary>One pass over all tiles of a picture.</summary>
/// <param name="Plan">What is computed for each tile.</param>
/// <param name="Reach">Pixels that a tile must see beyond its own for its results to be exactly those of the whole picture.</param>
/// <param name="Flops">Operations for a tile of 256×256: how long the pass takes beside the others.</param>
/// <param name="Statistics">Statistics that the pass gives; none for the last, which gives the network's outputs.</param>
public sealed record TilePassSpec(ExecutionPlan Plan, int Reach, long Flops, TileStatisticSpec[] Statistics);

/// <summary>
/// How a network runs on one tile of a picture after the other, with the results of the whole picture. Passes run in order, each
/// over all tiles. A tile has pixels of its own, which together are the picture, and sees more around them.
/// </summary>
/// <remarks>
/// Inputs of a pass that are not the network's: statistics of earlier passes under their names; <see cref="WholeHeight"/> and
/// <see cref="WholeWidth"/>, one number each; and masks, [1, 1, H/a, W/b], whose names begin with <see cref="OwnPixels"/>, with 1
/// at the tile's own pixels and 0 elsewhere.
/// </remarks>
/// <param name="Divisor">Tiles, and their own pixels, begin and end at multiples of this.</param>
/// <param name="Passes">In the order in which they run.</param>
public sealed record TiledPlan(int Divisor, TilePassSpec[] Passes)
{
    /// <summary>Input: rows of the whole picture.</summary>
    public const string WholeHeight = "tile.whole.height";

    /// <summary>Input: columns of the whole picture.</summary>
    public const string WholeWidth = "tile.whole.width";

    /// <summary>Beginning of the names of masks.</summary>
    public const string OwnPixels = "tile.own";
}
