using FocalNet.Runtime;
using FocalNet.Runtime.Plans;

namespace FocalNet.Model;

/// <summary>Runs the passes of a network over the tiles of one picture.</summary>
internal sealed class TiledRun(ExecutorSlot slot, TiledPlan tiled, RestorationPlan plan, RunSize picture)
{
    private readonly Dictionary<string, Statistic> _statistics = [];
    private readonly RunSize _tile = new(1, plan.TileHeight, plan.TileWidth);
    private readonly float[] _planes = new float[3 * plan.TileWidth * plan.TileHeight];

    /// <summary>Restores a picture.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="restored">Three planes of the picture's own size, of zeros; receive the result.</param>
    /// <param name="progress">Receives the share that is done.</param>
    /// <param name="cancellation">Cancels between kernels.</param>
    public void Restore<T, TFormat>(
        ReadOnlySpan<T> source, in PixelLayout layout, Span<float> restored, IProgress<double>? progress, CancellationToken cancellation)
        where TFormat : struct, ISampleFormat<T>
    {
        var share = new PassProgress(progress, tiled.Passes.Sum(p => (double)p.Flops) * plan.Tiles);
        foreach (TilePassSpec pass in tiled.Passes)
        {
            IExecutor executor = slot.Use(pass.Plan);
            executor.Bind(_tile);
            for (int tile = 0; tile < plan.Tiles; tile++)
            {
                cancellation.ThrowIfCancellationRequested();
                (int column, int row) = (tile % plan.Columns, tile / plan.Columns);
                SetInputs<T, TFormat>(executor, source, layout, column, row);
                share.Begin(pass.Flops);
                executor.Run(cancellation, progress is null ? null : share);
                share.End();
                foreach (TileStatisticSpec statistic in pass.Statistics)
                    Take(executor, statistic);
                if (pass == tiled.Passes[^1])
                    Place(executor, layout, restored, column, row);
            }
        }
    }

    private void SetInputs<T, TFormat>(IExecutor executor, ReadOnlySpan<T> source, in PixelLayout layout, int column, int row)
        where TFormat : struct, ISampleFormat<T>
    {
        foreach (BindingSpec input in executor.Plan.Inputs)
        {
            if (input.Name == Restorer.ImageInput)
            {
                PixelConversion.ToPlanes<T, TFormat>(source, layout, _planes, new PixelRegion(plan.Across!.Start(column), plan.Down!.Start(row), _tile.Width, _tile.Height));
                executor.SetInput(input.Name, _planes);
            }
            else if (input.Name.StartsWith(TiledPlan.OwnPixels, StringComparison.Ordinal))
            {
                executor.SetInput(input.Name, OwnPixels(input.Shape, column, row));
            }
            else
            {
                executor.SetInput(input.Name, input.Name switch
                {
                    TiledPlan.WholeHeight => [picture.Height],
                    TiledPlan.WholeWidth => [picture.Width],
                    _ => _statistics[input.Name].ToFloats(),
                });
            }
        }
    }

    private float[] OwnPixels(ShapeSpec shape, int column, int row)
    {
        (TileAxis across, TileAxis down) = (plan.Across!, plan.Down!);
        (int a, int b) = (shape.H.Value, shape.W.Value);
        int width = _tile.Width / b, left = (across.OwnStart(column) - across.Start(column)) / b, right = (across.OwnEnd(column) - across.Start(column)) / b;
        var mask = new float[_tile.Height / a * width];
        for (int y = (down.OwnStart(row) - down.Start(row)) / a; y < (down.OwnEnd(row) - down.Start(row)) / a; y++)
            mask.AsSpan(y * width + left, right - left).Fill(1);
        return mask;
    }

    private void Take(IExecutor executor, TileStatisticSpec spec)
    {
        if (!_statistics.TryGetValue(spec.Name, out Statistic? statistic))
        {
            ShapeSpec shape = executor.Plan.Outputs.First(o => o.Name == spec.Name).Shape;
            _statistics.Add(spec.Name, statistic = new Statistic(spec.Kind, checked((int)shape.Elements(_tile))));
        }
        executor.GetOutput(spec.Name, statistic.Part);
        statistic.Combine();
    }

    private void Place(IExecutor executor, in PixelLayout layout, Span<float> restored, int column, int row)
    {
        executor.GetOutput(Restorer.RestoredOutput, _planes);
        Restorer.CheckFinite(executor.Plan.Name, _planes);
        float[] across = plan.Across!.Weights(column), down = plan.Down!.Weights(row);
        int left = plan.Across.Start(column), top = plan.Down.Start(row);
        int first = Array.FindIndex(across, w => w > 0), end = Math.Min(Array.FindLastIndex(across, w => w > 0) + 1, layout.Width - left);
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < Math.Min(_tile.Height, layout.Height - top); y++)
            {
                if (down[y] == 0)
                    continue;
                ReadOnlySpan<float> from = _planes.AsSpan((channel * _tile.Height + y) * _tile.Width, _tile.Width);
                Span<float> to = restored.Slice((channel * layout.Height + top + y) * layout.Width + left, Math.Max(0, end));
                for (int x = first; x < end; x++)
                    to[x] += down[y] * across[x] * from[x];
            }
        }
    }

    /// <summary>A statistic of the picture so far. Sums of many tiles are kept in float64.</summary>
    private sealed class Statistic(ReductionKind kind, int length)
    {
        private readonly double[] _values = [.. Enumerable.Repeat(kind == ReductionKind.Sum ? 0 : double.NegativeInfinity, length)];

        public float[] Part { get; } = new float[length];

        public void Combine()
        {
            for (int i = 0; i < _values.Length; i++)
                _values[i] = kind == ReductionKind.Sum ? _values[i] + Part[i] : Math.Max(_values[i], Part[i]);
        }

        public float[] ToFloats() => Array.ConvertAll(_values, v => (float)v);
    }

    /// <summary>From the share of one tile to that of all tiles of all passes.</summary>
    private sealed class PassProgress(IProgress<double>? whole, double total) : IProgress<double>
    {
        private double _done, _current;

        public void Begin(double work) => _current = work;

        public void End() => _done += _current;

        public void Report(double value) => whole?.Report(Math.Min(1, (_done + value * _current) / total));
    }
}
