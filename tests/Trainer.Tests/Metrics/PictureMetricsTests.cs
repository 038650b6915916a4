using FocalNet.Trainer.Images;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Tests.Metrics;

public sealed class PictureMetricsTests
{
    [Fact]
    public void A_known_difference_has_known_scores()
    {
        var scores = PictureMetrics.Compare(TestPictures.Flat(40, 30, 0.6f), TestPictures.Flat(40, 30, 0.5f), MetricPreset.Paper);
        Assert.Equal(20.0, scores.Psnr, 1e-4);
        Assert.Equal(0.1, scores.MeanAbsoluteError, 1e-6);
        // Without variance only the brightness term is left.
        Assert.Equal((2 * 0.6 * 0.5 + 1e-4) / (0.36 + 0.25 + 1e-4), scores.Ssim, 1e-6);
    }

    [Fact]
    public void Equal_pictures_are_perfect_at_any_size()
    {
        foreach (var (width, height) in ((int, int)[])[(1, 1), (10, 10), (11, 11), (5, 300), (64, 48)])
        {
            var picture = TestPictures.Noise(width, height);
            foreach (var preset in Enum.GetValues<MetricPreset>())
            {
                var scores = PictureMetrics.Compare(picture, picture, preset);
                Assert.Equal(double.PositiveInfinity, scores.Psnr);
                Assert.Equal(1.0, scores.Ssim, 1e-9);
                Assert.Equal(0.0, scores.MeanAbsoluteError);
            }
        }
    }

    [Fact]
    public void What_is_out_of_range_is_clamped_before_it_is_compared()
    {
        var scores = PictureMetrics.Compare(TestPictures.Flat(16, 16, 1.7f), TestPictures.Flat(16, 16, 1f), MetricPreset.Paper);
        Assert.Equal(double.PositiveInfinity, scores.Psnr);
    }

    [Fact]
    public void Only_the_standard_preset_rounds()
    {
        var restored = TestPictures.Flat(16, 16, 100.3f / 255f);
        var truth = TestPictures.Flat(16, 16, 100f / 255f);
        Assert.Equal(double.PositiveInfinity, PictureMetrics.Compare(restored, truth, MetricPreset.Standard).Psnr);
        Assert.Equal(-20 * Math.Log10(0.3 / 255), PictureMetrics.Compare(restored, truth, MetricPreset.Paper).Psnr, 1e-2);
    }

    [Fact]
    public void Ssim_equals_its_definition_written_out()
    {
        var a = TestPictures.Noise(23, 17, seed: 3);
        var b = TestPictures.Noise(23, 17, seed: 4);
        var (first, second) = (Doubles(a), Doubles(b));
        Assert.Equal(ByDefinition(first, second, 23, 17), Ssim.OfPlane(first, second, 23, 17), 1e-12);
    }

    [Fact]
    public void Pooling_takes_overlapping_windows_when_it_enlarges()
    {
        Assert.Equal([1.0, 1.5, 2.5, 3.0], AdaptivePooling.Apply([1f, 2f, 3f], 3, 1, 4, 1));
        Assert.Equal([2.5, 6.5], AdaptivePooling.Apply([1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f], 2, 4, 1, 2));
    }

    [Fact]
    public void Different_sizes_are_named()
    {
        var e = Assert.Throws<ArgumentException>(() => PictureMetrics.Compare(TestPictures.Flat(4, 5, 0f), TestPictures.Flat(5, 4, 0f), MetricPreset.Paper));
        Assert.Contains("4×5", e.Message, StringComparison.Ordinal);
        Assert.Contains("5×4", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Averages_are_taken_over_pictures()
    {
        var average = PictureScores.Average([new PictureScores(20, 0.8, 0.1), new PictureScores(30, 0.9, 0.3)]);
        Assert.Equal(25, average.Psnr, 1e-12);
        Assert.Equal(0.85, average.Ssim, 1e-12);
        Assert.Equal(0.2, average.MeanAbsoluteError, 1e-12);
    }

    private static double[] Doubles(Picture picture) => Array.ConvertAll(picture.Channel(0).ToArray(), value => (double)value);

    private static double ByDefinition(double[] x, double[] y, int width, int height)
    {
        var sum = 0.0;
        for (var top = 0; top <= height - 11; top++)
        {
            for (var left = 0; left <= width - 11; left++)
            {
                double w = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
                for (var k = 0; k < 121; k++)
                {
                    var (i, j) = (k % 11, k / 11);
                    var weight = Math.Exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / 4.5);
                    var (a, b) = (x[(top + j) * width + left + i], y[(top + j) * width + left + i]);
                    (w, mx, my) = (w + weight, mx + weight * a, my + weight * b);
                    (xx, yy, xy) = (xx + weight * a * a, yy + weight * b * b, xy + weight * a * b);
                }

                (mx, my, xx, yy, xy) = (mx / w, my / w, xx / w, yy / w, xy / w);
                sum += (2 * mx * my + 1e-4) * (2 * (xy - mx * my) + 9e-4) / ((mx * mx + my * my + 1e-4) * (xx - mx * mx + yy - my * my + 9e-4));
            }
        }

        return sum / ((width - 10) * (height - 10));
    }
}
