namespace FocalNet.Model;

/// <summary>
/// Where tiles lie along one axis of a padded picture. All are equally long and lie within the picture, each sees at least the
/// overlap beyond its own pixels where the picture goes on, and own pixels meet at multiples of the network's divisor.
/// </summary>
/// <remarks>
/// Around a border the results of both neighbours are mixed with weights that change linearly. Those at the far end of the ramp
/// come from half a ramp less of surroundings, which an overlap has to allow for.
/// </remarks>
internal sealed class TileAxis
{
    private readonly int[] _starts, _borders;

    private TileAxis(int extent, int tile, int count, int ramp, int divisor)
    {
        (Length, Ramp) = (tile, ramp);
        _starts = [.. Enumerable.Range(0, count).Select(i => i == count - 1 ? extent - tile : (int)((long)i * (extent - tile) / (count - 1)) / divisor * divisor)];
        _borders = [0, .. Enumerable.Range(1, count - 1).Select(i => (_starts[i] + _starts[i - 1] + tile) / 2 / divisor * divisor), extent];
    }

    /// <summary>Number of tiles.</summary>
    public int Count => _starts.Length;

    /// <summary>Pixels of each tile, those of its surroundings included.</summary>
    public int Length { get; }

    /// <summary>Pixels over which neighbours are mixed, centred on their border.</summary>
    public int Ramp { get; }

    /// <summary>Cuts an axis; null where so many tiles are no shorter than the picture, or their own pixels than the ramp.</summary>
    /// <param name="extent">Pixels of the padded picture.</param>
    /// <param name="count">Tiles.</param>
    /// <param name="overlap">Pixels that a tile sees beyond its own; at least half a ramp.</param>
    /// <param name="ramp">Pixels over which neighbours are mixed.</param>
    /// <param name="divisor">Of the network; of the extent, too.</param>
    public static TileAxis? Cut(int extent, int count, int overlap, int ramp, int divisor)
    {
        if (count == 1)
            return new TileAxis(extent, extent, 1, ramp, divisor);
        // Both neighbours must have all of the ramp between them.
        overlap = Math.Max(overlap, ramp / 2);
        // count · tile = extent + what the tiles share; starts and borders are rounded, by up to a divisor each.
        long shared = 2L * (overlap + 2 * divisor) * (count - 1), tile = (extent + shared + count - 1) / count;
        tile = (tile + divisor - 1) / divisor * divisor;
        if (tile >= extent || extent / count < Math.Max(ramp, divisor) + divisor)
            return null;
        var axis = new TileAxis(extent, (int)tile, count, ramp, divisor);
        // The outermost tiles have one neighbour and so more of their own: an inner one may have too little.
        return Enumerable.Range(0, count).All(i => axis.OwnEnd(i) - axis.OwnStart(i) >= Math.Max(ramp, divisor)) ? axis : null;
    }

    /// <summary>First pixel of a tile.</summary>
    public int Start(int tile) => _starts[tile];

    /// <summary>First of a tile's own pixels.</summary>
    public int OwnStart(int tile) => _borders[tile];

    /// <summary>After the last of a tile's own pixels.</summary>
    public int OwnEnd(int tile) => _borders[tile + 1];

    /// <summary>
    /// The share that a tile has in the result at each of its pixels. The shares of all tiles are 1 at every pixel of the picture,
    /// and exactly 1 where only one tile has any.
    /// </summary>
    public float[] Weights(int tile)
    {
        var weights = new float[Length];
        for (int i = 0; i < weights.Length; i++)
        {
            int x = _starts[tile] + i;
            float left = tile == 0 ? 1 : Rise(x, OwnStart(tile)), right = tile == Count - 1 ? 1 : 1 - Rise(x, OwnEnd(tile));
            weights[i] = left * right;
        }
        return weights;
    }

    // 0 before the ramp, 1 after it.
    private float Rise(int x, int border) => Ramp == 0
        ? x < border ? 0 : 1
        : Math.Clamp((x + 0.5f - border + Ramp / 2f) / Ramp, 0f, 1f);
}
