using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Metrics;

/// <summary>How scores are taken. Papers differ in this, and scores move with it.</summary>
internal enum MetricPreset
{
    /// <summary>
    /// As the published evaluation: the restored picture clamped but not rounded; SSIM of both pictures
    /// averaged down to a short side of about 256.
    /// </summary>
    Paper,

    /// <summary>As one would measure saved files: rounded to 8 bits, at full resolution.</summary>
    Standard,
}

/// <summary>The scores of one picture, or their averages.</summary>
/// <param name="Psnr">10·log₁₀(1/MSE) over RGB, in dB; infinite for equal pictures.</param>
/// <param name="Ssim">Mean over the channels, at most 1.</param>
/// <param name="MeanAbsoluteError">Over RGB, of values in 0…1.</param>
internal readonly record struct PictureScores(double Psnr, double Ssim, double MeanAbsoluteError)
{
    /// <summary>The mean of each score over pictures, which is how data sets are scored.</summary>
    public static PictureScores Average(IReadOnlyCollection<PictureScores> scores) => scores.Count == 0
        ? throw new ArgumentException("There are no scores to average.", nameof(scores))
        : new PictureScores(scores.Average(s => s.Psnr), scores.Average(s => s.Ssim), scores.Average(s => s.MeanAbsoluteError));
}

/// <summary>Compares a restored picture with the clear one.</summary>
internal static class PictureMetrics
{
    /// <summary>All scores under a preset. What is outside 0…1 in the restored picture is clamped first.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static PictureScores Compare(Picture restored, Picture truth, MetricPreset preset)
    {
        if ((restored.Width, restored.Height) != (truth.Width, truth.Height))
        {
            throw new ArgumentException($"The restored picture is {restored.Width}×{restored.Height}, the clear one {truth.Width}×{truth.Height}.", nameof(restored));
        }

        var isRounded = preset == MetricPreset.Standard;
        var first = new Picture(truth.Width, truth.Height, isRounded ? PixelFormats.QuantizeTo8Bits(restored.Pixels) : Clamp(restored.Pixels));
        var second = isRounded ? new Picture(truth.Width, truth.Height, PixelFormats.QuantizeTo8Bits(truth.Pixels)) : truth;
        var geometry = PaperGeometry.Of(truth.Width, truth.Height);
        var (width, height) = isRounded ? (truth.Width, truth.Height) : (geometry.PooledWidth, geometry.PooledHeight);
        return new PictureScores(Psnr(first.Pixels, second.Pixels), SsimAt(first, second, width, height), MeanAbsoluteError(first.Pixels, second.Pixels));
    }

    /// <summary>10·log₁₀(1/MSE).</summary>
    public static double Psnr(ReadOnlySpan<float> first, ReadOnlySpan<float> second) => -10 * Math.Log10(MeanSquaredError(first, second));

    public static double MeanSquaredError(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        RequireEqualLengths(first, second);
        var sum = 0.0;
        for (var i = 0; i < first.Length; i++)
        {
            var difference = (double)first[i] - second[i];
            sum += difference * difference;
        }

        return sum / first.Length;
    }

    public static double MeanAbsoluteError(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        RequireEqualLengths(first, second);
        var sum = 0.0;
        for (var i = 0; i < first.Length; i++)
        {
            sum += Math.Abs((double)first[i] - second[i]);
        }

        return sum / first.Length;
    }

    /// <summary>SSIM after average pooling to a size; the pictures' own size leaves them as they are.</summary>
    public static double SsimAt(Picture first, Picture second, int width, int height)
    {
        var sum = 0.0;
        for (var channel = 0; channel < 3; channel++)
        {
            var a = AdaptivePooling.Apply(first.Channel(channel), first.Width, first.Height, width, height);
            var b = AdaptivePooling.Apply(second.Channel(channel), second.Width, second.Height, width, height);
            sum += Ssim.OfPlane(a, b, width, height);
        }

        return sum / 3;
    }

    private static float[] Clamp(float[] pixels) => Array.ConvertAll(pixels, value => Math.Clamp(value, 0f, 1f));

    private static void RequireEqualLengths(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (first.Length != second.Length || first.Length == 0)
        {
            throw new ArgumentException($"There is nothing to compare between {first.Length} and {second.Length} values.");
        }
    }
}
