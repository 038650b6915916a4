using System.Text.Json;
using FocalNet.Tests.Shared;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Tests.Metrics;

public sealed class GoldenMetricsTests
{
    [Theory]
    [InlineData("pair0")]
    [InlineData("pair1")]
    public void Scores_are_those_of_the_published_evaluation(string pair)
    {
        var expected = GoldenData.Json("metrics/metrics").GetProperty(pair);
        var tensors = GoldenData.Tensors("metrics/pairs");
        var prediction = PictureOf(tensors[$"{pair}.pred_u8"]);
        var label = PictureOf(tensors[$"{pair}.label_u8"]);

        var paper = PictureMetrics.Compare(prediction, label, MetricPreset.Paper);
        var standard = PictureMetrics.Compare(prediction, label, MetricPreset.Standard);

        Comparison.RequireAll(
        [
            Compare.Scalar("psnr", paper.Psnr, Number(expected, "psnr"), 1e-4),
            Compare.Scalar("psnr of 8 bits", standard.Psnr, Number(expected, "psnr"), 1e-4),
            Compare.Scalar("ssim of the paper", paper.Ssim, Number(expected, "ssim_official_eval"), 1e-5),
            Compare.Scalar("ssim at full size", standard.Ssim, Number(expected, "ssim_fullres"), 1e-5),
            // Of whole bytes, so that the sum is exact.
            Compare.Scalar("mean absolute error", paper.MeanAbsoluteError, MeanOfByteDifferences(tensors[$"{pair}.pred_u8"], tensors[$"{pair}.label_u8"]), 1e-6),
            Compare.Scalar("mean absolute error of 8 bits", standard.MeanAbsoluteError, MeanOfByteDifferences(tensors[$"{pair}.pred_u8"], tensors[$"{pair}.label_u8"]), 1e-6),
        ]);
    }

    [Theory]
    [InlineData("nr1")]
    public void Scores_of_a_networks_output_are_those_of_the_published_evaluation(string model)
    {
        var expected = GoldenData.Json("eval/eval").GetProperty(model);
        var tensors = GoldenData.Tensors("eval/eval");
        var scores = PictureMetrics.Compare(PictureOf(tensors[$"{model}.pred"]), PictureOf(tensors[$"{model}.gt_u8"]), MetricPreset.Paper);
        Comparison.RequireAll(
        [
            Compare.Scalar("psnr", scores.Psnr, Number(expected, "psnr"), 1e-4),
            Compare.Scalar("ssim", scores.Ssim, Number(expected, "ssim_official_eval"), 1e-5),
        ]);
    }

    [Theory]
    [InlineData("nr1")]
    public void Saved_pictures_are_the_published_scripts(string model)
    {
        var tensors = GoldenData.Tensors("eval/eval");
        var prediction = tensors[$"{model}.pred"].Values;
        var saved = tensors[$"{model}.saved_u8"].Values;
        var ambiguous = tensors[$"{model}.u8_ambiguous"].Values;
        for (var i = 0; i < prediction.Length; i++)
        {
            if (ambiguous[i] == 0f)
            {
                Assert.Equal((int)saved[i], PixelFormats.Quantize(prediction[i], 255));
            }
        }
    }

    [Fact]
    public void Sizes_are_those_of_the_published_scripts()
    {
        foreach (var expected in GoldenData.Json("eval/geometry").EnumerateArray())
        {
            var (width, height) = (expected.GetProperty("w").GetInt32(), expected.GetProperty("h").GetInt32());
            var actual = PaperGeometry.Of(width, height);
            int[] numbers = [actual.CountedWidth, actual.CountedHeight, actual.PaddedRight, actual.PaddedBottom, actual.Ratio, actual.PooledWidth, actual.PooledHeight];
            string[] names = ["W", "H", "padw", "padh", "down_ratio", "pool_w", "pool_h"];
            Assert.Equal(names.Select(name => expected.GetProperty(name).GetInt32()), numbers);
        }
    }

    private static double MeanOfByteDifferences(GoldenTensor first, GoldenTensor second) =>
        first.Values.Zip(second.Values).Sum(pair => Math.Abs((long)pair.First - (long)pair.Second)) / 255.0 / first.Values.Length;

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    /// <summary>3×H×W or 1×3×H×W; bytes become 0…1.</summary>
    private static Picture PictureOf(GoldenTensor tensor)
    {
        var values = tensor.Name.EndsWith("_u8", StringComparison.Ordinal) ? tensor.ToNetworkInput().Values : tensor.Values;
        return new Picture(tensor.Shape[^1], tensor.Shape[^2], values);
    }
}
