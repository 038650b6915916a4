namespace FocalNet.Trainer.Metrics;

/// <summary>
/// Average pooling to a given size, as PyTorch's adaptive_avg_pool2d: result i is the mean of the places from
/// ⌊i·n/m⌋ to ⌈(i+1)·n/m⌉. The result may be larger than the source; windows then overlap.
/// </summary>
internal static class AdaptivePooling
{
    public static double[] Apply(ReadOnlySpan<float> plane, int width, int height, int newWidth, int newHeight)
    {
        // The windows are rectangles, so that rows and columns can be averaged one after the other.
        var narrow = new double[height * newWidth];
        for (var x = 0; x < newWidth; x++)
        {
            var (from, to) = WindowOf(x, width, newWidth);
            for (var y = 0; y < height; y++)
            {
                var sum = 0.0;
                for (var i = from; i < to; i++)
                {
                    sum += plane[y * width + i];
                }

                narrow[y * newWidth + x] = sum / (to - from);
            }
        }

        var result = new double[newHeight * newWidth];
        for (var y = 0; y < newHeight; y++)
        {
            var (from, to) = WindowOf(y, height, newHeight);
            for (var x = 0; x < newWidth; x++)
            {
                var sum = 0.0;
                for (var i = from; i < to; i++)
                {
                    sum += narrow[i * newWidth + x];
                }

                result[y * newWidth + x] = sum / (to - from);
            }
        }

        return result;
    }

    private static (int From, int To) WindowOf(int i, int source, int target) =>
        ((int)((long)i * source / target), (int)(((i + 1L) * source + target - 1) / target));
}
