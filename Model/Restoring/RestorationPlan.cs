namespace FocalNet.Model;

/// <summary>How a picture is restored within a memory budget.</summary>
/// <param name="Columns">Tiles across; 1 with one row: the picture is restored whole.</param>
/// <param name="Rows">Tiles down.</param>
/// <param name="TileWidth">Pixels of a tile across, what it shares with its neighbours included; a multiple of the network's divisor.</param>
/// <param name="TileHeight">Pixels of a tile down.</param>
/// <param name="Overlap">Pixels that a tile sees beyond its own; 0 for a whole picture.</param>
/// <param name="Passes">
/// How often all tiles are gone through: once for each group of statistics that the network takes from the whole picture, and a
/// last time to restore.
/// </param>
/// <param name="Bytes">Memory that it takes: of the device, of buffers, and of the pictures themselves.</param>
public sealed record RestorationPlan(int Columns, int Rows, int TileWidth, int TileHeight, int Overlap, int Passes, long Bytes)
{
    /// <summary>The picture is restored at once.</summary>
    public bool IsWhole => Columns == 1 && Rows == 1;

    /// <summary>Tiles of one pass.</summary>
    public int Tiles => Columns * Rows;

    internal TileAxis? Across { get; init; }

    internal TileAxis? Down { get; init; }
}
