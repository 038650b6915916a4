using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class HazeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Haze_follows_the_scattering_model_over_the_assumed_depth()
    {
        var clear = TestPictures.Noise(6, 8, 1, PictureFormat.Rgb8);
        ImageFileWriter.Write(clear, _folder["clear.png"]);

        Shell.Run("haze", _folder["clear.png"], "--out", _folder["hazed"], "--beta", "0.7", "--airlight", "0.8").RequireSuccess();

        var hazed = ImageFile.Read(_folder["hazed/clear.png"]);
        var depth = AssumedDepth.Of(6, 8);
        for (var channel = 0; channel < 3; channel++)
        {
            for (var i = 0; i < 48; i++)
            {
                var t = Math.Exp(-0.7 * depth[i]);
                Assert.Equal(clear.Channel(channel)[i] * t + 0.8 * (1 - t), hazed.Channel(channel)[i], 0.6 / 255);
            }
        }
    }

    [Fact]
    public void A_depth_map_takes_the_place_of_the_assumption()
    {
        ImageFileWriter.Write(TestPictures.Noise(4, 4, 2, PictureFormat.Rgb8), _folder["clear.png"]);
        ImageFileWriter.Write(new Picture(4, 4, new float[48]), _folder["depth.png"]);

        Shell.Run("haze", _folder["clear.png"], "--out", _folder["hazed"], "--depth", _folder["depth.png"]).RequireSuccess();

        Assert.Equal(ImageFile.Read(_folder["clear.png"]).Pixels, ImageFile.Read(_folder["hazed/clear.png"]).Pixels);
    }

    [Fact]
    public void A_depth_of_another_size_and_a_meaningless_coefficient_are_refused()
    {
        ImageFileWriter.Write(TestPictures.Noise(4, 4, 2, PictureFormat.Rgb8), _folder["clear.png"]);
        ImageFileWriter.Write(TestPictures.Noise(5, 4, 2, PictureFormat.Rgb8), _folder["depth.png"]);

        Assert.Contains("5×4", Shell.Run("haze", _folder["clear.png"], "--out", _folder["hazed"], "--depth", _folder["depth.png"]).Error, StringComparison.Ordinal);
        Assert.Contains("--beta", Shell.Run("haze", _folder["clear.png"], "--out", _folder["hazed"], "--beta", "-1").Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
