using FocalNet.Model;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Restoring;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class RestoreCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _weights;

    public RestoreCommandTests() => _weights = _folder.SaveTinyWeights();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_keeps_its_name_and_its_pixels_are_those_of_the_network()
    {
        var input = _folder.Save("in put/blåbær.png", TestPictures.Noise(13, 9));
        Restore(input).RequireSuccess();
        using var restorer = Restorer.Load(null, _weights);
        var expected = PictureRestoration.Restore(restorer, ImageFile.Read(input), null, CancellationToken.None);
        Assert.Equal(PixelFormats.QuantizeTo8Bits(expected.Pixels), ImageFile.Read(Path.Combine(_folder["out"], "blåbær.png")).Pixels);
    }

    [Theory]
    [InlineData("grey.png", 8, true, false)]
    [InlineData("grey16.tif", 16, true, true)]
    [InlineData("rgb16.png", 16, false, false)]
    [InlineData("rgba.png", 8, false, true)]
    [InlineData("rgba16.tiff", 16, false, true)]
    [InlineData("rgba.webp", 8, false, true)]
    [InlineData("photo.jpg", 8, false, false)]
    public void Depth_greyness_alpha_and_metadata_are_kept(string name, int depth, bool isGrey, bool hasAlpha)
    {
        const int Width = 11, Height = 6;
        ushort[]? alpha = hasAlpha ? [.. Enumerable.Range(0, Width * Height).Select(i => (ushort)(i * 3))] : null;
        var format = new PictureFormat { BitDepth = depth, IsGrey = isGrey, Alpha = alpha, Metadata = [new MetadataField(MetadataField.Xmp, null, "<x:xmpmeta/>"u8.ToArray())] };
        Restore(_folder.Save(name, TestPictures.Noise(Width, Height, format: format))).RequireSuccess();
        var restored = ImageFile.Read(Path.Combine(_folder["out"], name));
        Assert.Equal((Width, Height, depth, isGrey), (restored.Width, restored.Height, restored.Format.BitDepth, restored.Format.IsGrey));
        Assert.Equal(alpha, restored.Format.Alpha);
        Assert.Contains(restored.Format.Metadata, field => field.Name == MetadataField.Xmp);

        Restore(_folder[name], "--strip-metadata", "--overwrite").RequireSuccess();
        Assert.DoesNotContain(ImageFile.Read(Path.Combine(_folder["out"], name)).Format.Metadata, field => field.Name == MetadataField.Xmp);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(30_000, 10)]
    public void Any_size_works(int width, int height)
    {
        Restore(_folder.Save("a.png", TestPictures.Noise(width, height))).RequireSuccess();
        var restored = ImageFile.Read(Path.Combine(_folder["out"], "a.png"));
        Assert.Equal((width, height), (restored.Width, restored.Height));
    }

    [Fact]
    public void In_a_folder_broken_files_are_reported_and_the_rest_goes_on()
    {
        _folder.Save("in/a.png", TestPictures.Noise(8, 8));
        var whole = File.ReadAllBytes(_folder.Save("in/b.png", TestPictures.Noise(64, 64)));
        File.WriteAllBytes(_folder["in/b.png"], whole[..(whole.Length / 2)]);
        File.WriteAllText(_folder["in/c.jpg"], "not a picture");
        _folder.Save("in/d.png", TestPictures.Noise(8, 8));
        File.WriteAllText(_folder["in/readme.txt"], "not asked for");
        var outcome = Restore(_folder["in"], Path.Combine(_folder.Path, "missing.png"));
        outcome.RequireFailure(ExitCodes.Failure, "b.png", "cut short", "c.jpg", "not a picture", "missing.png", "no such file", "3 of 5 pictures failed");
        Assert.Contains("2 of 5 pictures restored", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(["a.png", "d.png"], Directory.GetFiles(_folder["out"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Inputs_and_earlier_results_are_not_overwritten()
    {
        var input = _folder.Save("in/a.png", TestPictures.Noise(8, 8));
        var before = File.ReadAllBytes(input);
        Restore(input).RequireSuccess();
        var result = Path.Combine(_folder["out"], "a.png");
        File.WriteAllText(result, "of an earlier time");
        var second = Restore(input);
        second.RequireSuccess();
        Assert.Contains("1 of 1 pictures, which are there already; --overwrite", second.Output, StringComparison.Ordinal);
        Assert.Equal("of an earlier time", File.ReadAllText(result));
        Restore(_folder["in"], input).RequireSuccess();
        Shell.Run("restore", "dehaze", input, "--out", _folder["out"], "--weights", _weights, "--overwrite").RequireSuccess();
        foreach (var option in (string[][])[[], ["--overwrite"]])
        {
            Shell.Run(["restore", "dehaze", input, "--out", Path.GetDirectoryName(input)!, "--weights", _weights, .. option]).RequireFailure(ExitCodes.Failure, "input picture");
        }

        Assert.Equal(before, File.ReadAllBytes(input));
    }

    [Fact]
    public void Two_pictures_of_one_name_are_refused_before_any_work()
    {
        var (a, b) = (_folder.Save("1/a.png", TestPictures.Noise(8, 8)), _folder.Save("2/a.png", TestPictures.Noise(8, 8)));
        Restore(a, b).RequireFailure(ExitCodes.Failure, a, b, "different folders");
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "out")));
    }

    [Fact]
    public void A_stop_request_ends_with_130_and_leaves_no_half_written_file()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var outcome = Shell.Run(["restore", "dehaze", _folder.Save("a.png", TestPictures.Noise(8, 8)), "--out", _folder["out"] + "/o", "--weights", _weights], stop.Token);
        outcome.RequireFailure(ExitCodes.Cancelled, "cancelled");
        Assert.False(Directory.Exists(_folder["out"] + "/o"));
    }

    [Fact]
    public void Scores_are_those_of_the_metrics_computed_directly()
    {
        var data = _folder.SavePairs("data", 2);
        foreach (var preset in Enum.GetValues<MetricPreset>())
        {
            var outcome = Shell.Run("evaluate", "dehaze", "--data", data, "--weights", _weights, "--preset", preset.ToString().ToLowerInvariant());
            outcome.RequireSuccess();
            using var restorer = Restorer.Load(null, _weights);
            var scores = Enumerable.Range(0, 2).Select(i => PictureMetrics.Compare(
                PictureRestoration.Restore(restorer, ImageFile.Read(_folder[$"data/input/p{i}.png"]), null, CancellationToken.None),
                ImageFile.Read(_folder[$"data/target/p{i}.png"]), preset)).ToList();
            Assert.All(scores.Append(PictureScores.Average(scores)), s => Assert.Contains(
                FormattableString.Invariant($"PSNR {s.Psnr,7:F4} dB  SSIM {s.Ssim:F5}  MAE {s.MeanAbsoluteError:F5}"), outcome.Output, StringComparison.Ordinal));
            Assert.Contains($"average of 2 of 2 pictures, preset {preset.ToString().ToLowerInvariant()}", outcome.Output, StringComparison.Ordinal);
        }
    }

    private CommandOutcome Restore(params string[] inputs) =>
        Shell.Run(["restore", "dehaze", .. inputs, "--out", Path.Combine(_folder.Path, "out"), "--weights", _weights, "--threads", "2"]);
}
