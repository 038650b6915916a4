using FocalNet.Runtime;
using FocalNet.Runtime.Plans;

namespace FocalNet.Model;

/// <summary>Chooses tiles for a picture: the whole if it fits a budget, else those that take the least computation.</summary>
/// <param name="device">Where they will run.</param>
/// <param name="whole">The network's inference plan.</param>
/// <param name="tiled">Its passes over tiles; null if it has none.</param>
/// <param name="wantedOverlap">Pixels that a tile shall see beyond its own; null takes <see cref="DefaultOverlap"/>.</param>
internal sealed class TilePlanner(IDevice device, ExecutionPlan whole, TiledPlan? tiled, int? wantedOverlap)
{
    /// <summary>Pixels over which neighbouring tiles are mixed.</summary>
    public const int Ramp = 32;

    /// <summary>
    /// Pixels that tiles see beyond their own if nobody says how many, the ramp included. FocalNet's receptive field is up to 585
    /// pixels, but what lies far away hardly counts: docs/restoring.md has the measurements.
    /// </summary>
    public const int DefaultOverlap = 96;

    private const int PictureBytesPerPixel = 3 * sizeof(float);

    /// <summary>Plans a picture.</summary>
    /// <param name="size">The padded picture.</param>
    /// <param name="fixedBytes">What is taken in any case: the caller's pictures, parameters.</param>
    /// <param name="budget">Bytes that may be taken, those of <paramref name="fixedBytes"/> included.</param>
    /// <exception cref="DeviceMemoryException">Not even the smallest tiles fit.</exception>
    public RestorationPlan Plan(RunSize size, long fixedBytes, long budget)
    {
        long wholeBytes = Add(fixedBytes, device.RequiredBytes(whole, size), Pixels(size));
        if (wholeBytes <= budget)
            return new RestorationPlan(1, 1, size.Width, size.Height, 0, 1, wholeBytes);
        if (tiled is null)
            throw new DeviceMemoryException(device.Name, whole.Name, size, wholeBytes, budget, null, "This network can't restore in tiles: restore a smaller picture, or allow more memory.");
        return Cheapest(size, fixedBytes, budget);
    }

    private RestorationPlan Cheapest(RunSize size, long fixedBytes, long budget)
    {
        int overlap = Overlap(tiled!);
        TileAxis[] across = Axes(size.Width, overlap), down = Axes(size.Height, overlap);
        RestorationPlan? best = null;
        foreach (TileAxis columns in across)
        {
            // More rows are smaller tiles: the fewest that fit are the cheapest.
            int low = 0, high = down.Length;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = Bytes(columns, down[middle], size, fixedBytes) <= budget ? (low, middle) : (middle + 1, high);
            }
            if (low == down.Length)
                continue;
            var plan = new RestorationPlan(
                columns.Count, down[low].Count, columns.Length, down[low].Length, overlap, tiled!.Passes.Length, Bytes(columns, down[low], size, fixedBytes))
            {
                Across = columns,
                Down = down[low],
            };
            if (best is null || Work(plan) < Work(best))
                best = plan;
        }
        return best ?? throw TooLittle(new RunSize(1, down[^1].Length, across[^1].Length), Bytes(across[^1], down[^1], size, fixedBytes), budget);
    }

    // From one tile to the most that are possible; longest tiles first.
    private TileAxis[] Axes(int extent, int overlap)
    {
        var axes = new List<TileAxis>();
        for (int count = 1; count <= Math.Max(1, extent / Ramp); count++)
        {
            if (TileAxis.Cut(extent, count, overlap, Ramp, tiled!.Divisor) is { } axis && (axes.Count == 0 || axis.Length < axes[^1].Length))
                axes.Add(axis);
        }
        return [.. axes];
    }

    private long Bytes(TileAxis across, TileAxis down, RunSize picture, long fixedBytes)
    {
        var size = new RunSize(1, down.Length, across.Length);
        long largestPass = tiled!.Passes.Max(pass => device.RequiredBytes(pass.Plan, size));
        // A tile's planes, its masks at most at full resolution, and the planes in which the picture is put together.
        return Add(fixedBytes, largestPass, 2 * Pixels(size), Pixels(picture));
    }

    private DeviceMemoryException TooLittle(RunSize tile, long needed, long budget) => new(
        device.Name, tiled!.Passes[^1].Plan.Name, tile, needed, budget, null,
        FormattableString.Invariant($"These are the smallest tiles possible: allow at least {needed} bytes, or restore a smaller picture."));

    // More than the receptive field changes nothing but the time.
    private int Overlap(TiledPlan plan) => Math.Min(plan.Passes.Max(p => p.Reach) + Ramp / 2, wantedOverlap ?? DefaultOverlap);

    private static double Work(RestorationPlan plan) => (double)plan.Tiles * plan.TileWidth * plan.TileHeight;

    private static long Pixels(RunSize size) => (long)PictureBytesPerPixel * size.Width * size.Height;

    private static long Add(params ReadOnlySpan<long> bytes)
    {
        Int128 sum = 0;
        foreach (long part in bytes)
            sum += part;
        return sum > long.MaxValue ? long.MaxValue : (long)sum;
    }
}
