using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class DegradeCommandTests : IDisposable
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

    [Theory]
    [InlineData("haze")]
    [InlineData("snow")]
    [InlineData("defocus")]
    public void A_picture_keeps_its_form_and_the_same_options_give_the_same_file(string command)
    {
        using var culture = new CommaCulture();
        var deep = TestPictures.Noise(160, 90, 1, new PictureFormat { BitDepth = 16 });
        var input = _folder.Save("kuvat ja äänet/ulko ilma, 1.png", deep);

        Shell.Run(command, Path.GetDirectoryName(input)!, "--out", _folder["tehty ä"]).RequireSuccess();
        Shell.Run(command, input, "--out", _folder["uudelleen"]).RequireSuccess();

        var made = ImageFile.Read(_folder["tehty ä/ulko ilma, 1.png"]);
        Assert.Equal((160, 90, 16), (made.Width, made.Height, made.Format.BitDepth));
        Assert.NotEqual(deep.Pixels, made.Pixels);
        Assert.Equal(File.ReadAllBytes(_folder["tehty ä/ulko ilma, 1.png"]), File.ReadAllBytes(_folder["uudelleen/ulko ilma, 1.png"]));
    }

    [Fact]
    public void Snow_obeys_its_amount_and_its_seed()
    {
        var input = _folder.Save("grey.png", TestPictures.Flat(96, 64, 0.2f));
        float Mean(string name, params string[] options)
        {
            Shell.Run(["snow", input, "--out", _folder[name], .. options]).RequireSuccess();
            return ImageFile.Read(_folder[$"{name}/grey.png"]).Pixels.Average();
        }

        Assert.Equal(0.2f, Mean("none", "--amount", "0", "--veil", "0"), 0.01f);
        var (little, much) = (Mean("little", "--amount", "0.02", "--veil", "0"), Mean("much", "--amount", "0.5", "--veil", "0"));
        Assert.True(0.2f < little && little + 0.05f < much, $"{little} and {much}");
        Mean("seed 2", "--amount", "0.02", "--veil", "0", "--seed", "2");
        Assert.NotEqual(ImageFile.Read(_folder["little/grey.png"]).Pixels, ImageFile.Read(_folder["seed 2/grey.png"]).Pixels);
    }

    [Fact]
    public void Defocus_leaves_what_the_lens_is_set_to()
    {
        var clear = TestPictures.Noise(60, 40, 3);
        var input = _folder.Save("noise.png", clear);
        var map = TestPictures.Flat(60, 40, 0.1f);
        for (var i = 0; i < map.Pixels.Length; i++)
        {
            map.Pixels[i] = i % 60 < 30 ? 0.1f : 1f;
        }

        var depth = _folder.Save("depth.png", map);
        Shell.Run("defocus", input, "--out", _folder["near"], "--depth", depth, "--focus", "0", "--radius", "50").RequireSuccess();
        Shell.Run("defocus", input, "--out", _folder["far"], "--depth", depth, "--focus", "1", "--radius", "50", "--blades", "0").RequireSuccess();
        var (near, far) = (ImageFile.Read(_folder["near/noise.png"]), ImageFile.Read(_folder["far/noise.png"]));
        Assert.Equal(Spread(clear, 5, 20), Spread(near, 5, 20), 0.01);
        Assert.True(Spread(near, 40, 55) < 0.4 * Spread(clear, 40, 55));
        Assert.Equal(Spread(clear, 40, 55), Spread(far, 40, 55), 0.01);
        Assert.True(Spread(far, 5, 20) < 0.4 * Spread(clear, 5, 20));

        static double Spread(Picture picture, int from, int to)
        {
            var values = Enumerable.Range(0, 60 * 40).Where(i => i % 60 >= from && i % 60 < to).Select(i => (double)picture.Pixels[i]).ToList();
            var mean = values.Average();
            return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        }
    }

    [Fact]
    public void A_broken_picture_is_reported_and_the_rest_goes_on()
    {
        _folder.Save("in/a.png", TestPictures.Noise(8, 8));
        File.WriteAllText(_folder["in/b.png"], "no picture");
        _folder.Save("in/c.png", TestPictures.Noise(8, 8));
        Shell.Run("snow", _folder["in"], "--out", _folder["out"]).RequireFailure(ExitCodes.Failure, "b.png", "1 of 3 pictures failed");
        Assert.True(File.Exists(_folder["out/a.png"]) && File.Exists(_folder["out/c.png"]));
    }

    [Theory]
    [InlineData("snow", "--amount", "1.5")]
    [InlineData("snow", "--streak", "0,5")]
    [InlineData("defocus", "--focus", "-1")]
    [InlineData("defocus", "--radius", "wide")]
    [InlineData("haze", "--airlight", "2")]
    public void A_value_that_makes_no_sense_is_a_usage_error_that_names_the_option(string command, string option, string value) =>
        Shell.Run(command, "a.png", "--out", "o", option, value).RequireFailure(ExitCodes.Usage, option, $"'{value}'");

    public void Dispose() => _folder.Dispose();
}
