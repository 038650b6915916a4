namespace FocalNet.Trainer.Data.Degradations;

/// <summary>How much light of a point falls on each pixel around it: an image of the lens's opening whose weights sum to one.</summary>
internal sealed class ApertureKernel
{
    private const int Samples = 6;

    private ApertureKernel(int reach, Row[] rows) => (Reach, Rows) = (reach, rows);

    /// <summary>A run of weights; rows and columns count from the point's own pixel.</summary>
    internal readonly record struct Row(int Y, int FirstX, float[] Weights);

    /// <summary>Pixels in each direction.</summary>
    public int Reach { get; }

    public IReadOnlyList<Row> Rows { get; }

    /// <param name="lens">Gives the form.</param>
    /// <param name="radius">In pixels, of either sign: the light of what is nearer than the focus crosses later, so its figure is upside down.</param>
    public static ApertureKernel Of(Lens lens, float radius)
    {
        var size = MathF.Abs(radius);
        var reach = (int)MathF.Ceiling(size - 0.5f + 1e-4f);
        var rows = new List<Row>();
        var sum = 0.0;
        for (var y = -reach; y <= reach; y++)
        {
            var weights = new float[2 * reach + 1];
            for (var x = -reach; x <= reach; x++)
            {
                weights[x + reach] = reach == 0 ? 1f : Covered(lens, x, y, size, radius < 0f ? MathF.PI : 0f);
                sum += weights[x + reach];
            }

            var first = Array.FindIndex(weights, weight => weight > 0f);
            if (first >= 0)
            {
                rows.Add(new Row(y, first - reach, weights[first..(Array.FindLastIndex(weights, weight => weight > 0f) + 1)]));
            }
        }

        foreach (var row in rows)
        {
            for (var i = 0; i < row.Weights.Length; i++)
            {
                row.Weights[i] = (float)(row.Weights[i] / sum);
            }
        }

        return new ApertureKernel(reach, [.. rows]);
    }

    /// <summary>The share of a pixel that the figure covers.</summary>
    private static float Covered(Lens lens, int x, int y, float size, float turn)
    {
        // Half a pixel's diagonal from its middle to a corner: most pixels lie wholly inside or outside.
        const float ToCorner = 0.7072f;
        var distance = MathF.Sqrt(x * x + y * y);
        if (distance - ToCorner > size || distance + ToCorner <= size * lens.SmallestEdge)
        {
            return distance - ToCorner > size ? 0f : 1f;
        }

        var covered = 0;
        for (var i = 0; i < Samples * Samples; i++)
        {
            var (dx, dy) = (x - 0.5f + (i % Samples + 0.5f) / Samples, y - 0.5f + (i / Samples + 0.5f) / Samples);
            var edge = size * lens.EdgeAt(MathF.Atan2(dy, dx) + turn);
            covered += dx * dx + dy * dy <= edge * edge ? 1 : 0;
        }

        return covered / (float)(Samples * Samples);
    }
}
