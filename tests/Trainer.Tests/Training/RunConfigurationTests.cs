using System.Text.Json;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Tests.Commands;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>Configuration files, and records of runs read as such.</summary>
public sealed class RunConfigurationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_record_of_a_run_repeats_it_to_the_bit()
    {
        var options = TinyNetwork.ShortRun(_folder["first run"]) with { AverageDecay = 0.9, Flip = 1.0 / 3, Seed = 5, Precision = Precision.Strict, Saving = new CheckpointPolicy(3, null, 1) };
        Shell.Run("dehaze", "--config", Write(options), "--threads", "1", "--out", _folder["first"]).RequireSuccess();
        Shell.Run("dehaze", "--config", _folder["first/run.json"], "--threads", "2", "--out", _folder["again"]).RequireSuccess();
        RunFiles.RequireSame(_folder["first"], _folder["again"]);
    }

    [Fact]
    public void Every_option_survives_the_way_through_a_file()
    {
        var options = TinyNetwork.ShortRun(_folder["out"]) with
        {
            Network = "Dehaze",
            Weights = "w",
            Data = "d",
            Epochs = 3,
            Steps = 4_000_000_000,
            Batch = 3,
            Accumulate = 5,
            Crop = 0,
            Flip = 0.1,
            LearningRate = 1e-5,
            WarmUpEpochs = 0,
            Clip = 0.25,
            AverageDecay = 0.999,
            Precision = Precision.Strict,
            Seed = 1L << 40,
            Validations = 7,
            ValidationPictures = 9,
            Scenes = new(11, 12, 16),
            Saving = new CheckpointPolicy(null, TimeSpan.FromMinutes(3), 4),
        };
        Assert.Equal(options, RunConfiguration.Read(Write(options), TinyNetwork.Dehaze, _folder["out"]));
        Assert.Empty(RunConfiguration.Differences(options, options with { Data = "elsewhere", Saving = CheckpointPolicy.Default, Out = "x" }));
    }

    [Fact]
    public void A_short_file_is_enough_and_the_command_line_comes_first()
    {
        File.WriteAllText(_folder["c.json"], """{ "task": "dehaze", /* short */ "options": { "steps": 2, "batch": 1, "crop": 16, "training-scenes": 2, "training-size": 16, "validation-size": 16, "lr": 0.5, } }""");
        Shell.Run("dehaze", "--config", _folder["c.json"], "--lr", "0.0001", "--threads", "1", "--out", _folder["run"]).RequireSuccess();
        using var record = JsonDocument.Parse(File.ReadAllBytes(_folder["run/run.json"]));
        Assert.Equal((0.0001, 2), (record.RootElement.GetProperty("options").GetProperty("lr").GetDouble(), record.RootElement.GetProperty("steps").GetInt32()));
    }

    [Theory]
    [InlineData("""{ "options": { "btch": 4 } }""", "options.btch", "batch")]
    [InlineData("""{ "optoins": { } }""", "no object \"options\"")]
    [InlineData("""{ "options": { }, "extra": 1 }""", "\"extra\"", "options")]
    [InlineData("""{ "options": { "batch": 0 } }""", "options.batch is 0", "at least 1")]
    [InlineData("""{ "options": { "batch": "4" } }""", "options.batch is \"4\"", "whole number")]
    [InlineData("""{ "options": { "batch": null } }""", "options.batch is null")]
    [InlineData("""{ "options": { "flip": 1.5 } }""", "options.flip is 1.5")]
    [InlineData("""{ "options": { "lr": 1e999 } }""", "options.lr is 1e999")]
    [InlineData("""{ "options": { "precision": "half" } }""", "options.precision", "default, strict")]
    [InlineData("""{ "options": { "save-every": "soon" } }""", "options.save-every", "10m")]
    [InlineData("""{ "options": { "epochs": null, "steps": null } }""", "needs a length")]
    [InlineData("""{ "task": "deraining", "options": { } }""", "\"deraining\"", "dehaze")]
    [InlineData("""{ "options": { "batch": 1, "batch": 2 } }""", "batch")]
    [InlineData("""{ "options": """, "no valid JSON")]
    public void A_file_that_makes_no_sense_is_refused_with_its_name_and_the_key(string content, params string[] words)
    {
        File.WriteAllText(_folder["c.json"], content);
        Shell.Run("dehaze", "--config", _folder["c.json"], "--out", _folder["run"]).RequireFailure(ExitCodes.Failure, [_folder["c.json"], .. words]);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "run", "steps.jsonl")));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Shell.Run("dehaze", "--config", _folder["none.json"]).RequireFailure(ExitCodes.Failure, "none.json", "can't be read");

    private string Write(TrainingOptions options)
    {
        var path = _folder["options.json"];
        File.WriteAllText(path, $$"""{ "task": "dehaze", "options": {{RunConfiguration.ToJson(options).ToJsonString()}} }""");
        return path;
    }
}
