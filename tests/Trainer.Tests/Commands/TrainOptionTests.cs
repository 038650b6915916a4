using System.CommandLine;
using System.Globalization;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class TrainOptionTests
{
    [Fact]
    public void Without_a_data_set_the_defaults_are_those_of_the_short_run()
    {
        var options = Parse();
        Assert.Equal("Tiny", options.Network);
        Assert.Null(options.Data);
        Assert.Null(options.Epochs);
        Assert.NotNull(options.Steps);
        Assert.Equal(Path.Combine("runs", "dehaze"), options.Out);
    }

    [Fact]
    public void With_a_data_set_the_defaults_are_the_published_ones()
    {
        var options = Parse("--data", "some where/ITS");
        Assert.Equal(("Dehaze", "some where/ITS", 1000, (long?)null), (options.Network, options.Data, options.Epochs, options.Steps));
        Assert.Equal((32, 256, 0.5), (options.Batch, options.Crop, options.Flip));
        Assert.Equal((8e-4, 3, 0.001), (options.LearningRate, options.WarmUpEpochs, options.Clip));
    }

    [Fact]
    public void Every_option_is_read()
    {
        var options = Parse("--data", "d", "--network", "tiny", "--weights", "w.pkl", "--epochs", "7", "--steps", "9", "--batch", "3", "--crop", "0",
            "--flip", "0", "--lr", "2e-3", "--warmup-epochs", "0", "--clip", "0.25", "--seed", "11", "--out", "o",
            "--accumulate", "4", "--ema", "0.99", "--precision", "strict", "--save-every", "90s", "--keep", "5");
        Assert.Equal(("tiny", "w.pkl", 7, 9L, 3, 0), (options.Network, options.Weights, options.Epochs, options.Steps, options.Batch, options.Crop));
        Assert.Equal((4, 0.99, Precision.Strict, new CheckpointPolicy(null, TimeSpan.FromSeconds(90), 5)), (options.Accumulate, options.AverageDecay, options.Precision, options.Saving));
        Assert.Equal((0.0, 2e-3, 0, 0.25, 11L, "o"), (options.Flip, options.LearningRate, options.WarmUpEpochs, options.Clip, options.Seed, options.Out));
    }

    [Fact]
    public void A_length_in_steps_replaces_the_default_length_in_epochs()
    {
        var options = Parse("--data", "d", "--steps", "500");
        Assert.Equal((null, 500L), (options.Epochs, options.Steps));
    }

    [Fact]
    public void Numbers_are_read_in_the_invariant_form_in_any_culture()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NumberGroupSeparator = "." } };
        try
        {
            Assert.Equal(0.125, Parse("--flip", "0.125").Flip);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("--batch", "0")]
    [InlineData("--batch", "two")]
    [InlineData("--crop", "-4")]
    [InlineData("--flip", "1.5")]
    [InlineData("--flip", "0,5")]
    [InlineData("--lr", "0")]
    [InlineData("--lr", "nan")]
    [InlineData("--epochs", "0")]
    [InlineData("--ema", "1")]
    [InlineData("--accumulate", "0")]
    [InlineData("--save-every", "10x")]
    [InlineData("--save-every", "0")]
    [InlineData("--keep", "-1")]
    [InlineData("--threads", "99999")]
    public void A_value_that_makes_no_sense_is_a_usage_error_that_names_the_option(string option, string value) =>
        Shell.Run("dehaze", option, value).RequireFailure(ExitCodes.Usage, option, $"'{value}'");

    [Fact]
    public void A_crop_that_the_network_cannot_take_is_a_usage_error_with_one_that_it_can() =>
        Shell.Run("dehaze", "--crop", "66").RequireFailure(ExitCodes.Usage, "--crop 66", "68");

    [Fact]
    public void Unknown_options_and_commands_are_usage_errors()
    {
        Shell.Run("dehaze", "--btch", "3").RequireFailure(ExitCodes.Usage, "--btch", "focalnet dehaze --help");
        Shell.Run("dehase").RequireFailure(ExitCodes.Usage, "dehase", "focalnet --help");
        Shell.Run("restore", "derain", "a.png", "--out", "o").RequireFailure(ExitCodes.Usage, "derain", "dehaze");
    }

    [Fact]
    public void A_device_that_is_not_there_is_an_error_and_never_replaced_silently()
    {
        Shell.Run("dehaze", "--device", "cuda:99").RequireFailure(ExitCodes.Failure, "cuda:99", "--device c");
        Shell.Run("dehaze", "--device", "gpu").RequireFailure(ExitCodes.Usage, "'gpu'", "cuda:N");
    }

    [Fact]
    public void Help_names_every_option_with_its_defaults()
    {
        var help = Shell.Run("dehaze", "--help");
        help.RequireSuccess();
        Assert.All(
            ["--network", "--weights", "--epochs", "--steps", "--batch", "--crop", "--flip", "--lr", "--warmup-epochs", "--clip", "--seed", "--threads", "--device", "--precision", "--out",
                "--accumulate", "--ema", "--save-every", "--keep", "--config", "--resume", "--json"],
            option => Assert.Contains(option, help.Output, StringComparison.Ordinal));
        Assert.Contains("1000", help.Output, StringComparison.Ordinal);
    }

    private static TrainingOptions Parse(params string[] arguments)
    {
        var options = new TrainOptionSet(TinyNetwork.Dehaze);
        var command = new Command("dehaze");
        options.AddTo(command);
        var result = command.Parse(arguments);
        Assert.Empty(result.Errors);
        return options.Read(result).Options;
    }
}
