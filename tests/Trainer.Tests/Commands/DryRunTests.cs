using System.Text.Json;
using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class DryRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_sound_data_set_is_described_with_memory_and_time_and_nothing_is_written()
    {
        using var culture = new CommaCulture();
        var data = _folder["aineisto ä, 1"];
        _folder.SavePairs("aineisto ä, 1/train", 3, width: 24, height: 20);
        _folder.Save("aineisto ä, 1/train/input/large.png", TestPictures.Noise(64, 40, 1, new() { BitDepth = 16 }));
        _folder.Save("aineisto ä, 1/train/target/large.png", TestPictures.Noise(64, 40, 2));
        _folder.SavePairs("aineisto ä, 1/test", 2);
        var outcome = DryRun(data);
        outcome.RequireSuccess();
        Assert.All(
            ["4 pairs in", "input/ with target/", "24×20 to 64×40, median 24×20", "7 pictures of 8 bits, 1 pictures of 16 bits", "held out  2 pairs", "settings  reside-indoor",
                "a step of 2 × 16×16 takes 0.", "2 steps an epoch", "measured steps", "pairs a second", "nothing stands in the way"],
            text => Assert.Contains(text, outcome.Output, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public void Every_problem_is_named_and_the_exit_code_is_1()
    {
        var data = _folder.SavePairs("data", 5);
        File.WriteAllText(_folder["data/input/p0.png"], "no picture");
        File.Delete(_folder["data/target/p1.png"]);
        File.Delete(_folder["data/target/p2.png"]);
        _folder.Save("data/target/p2.png", TestPictures.Noise(7, 7));
        File.WriteAllBytes(_folder["data/target/p3.png"], []);
        DryRun(data).RequireFailure(
            ExitCodes.Failure, "p0.png': the content is not a picture", "p1.png': it has no target", "p2.png': the picture is 20×16", "p3.png': the file is empty", "4 problems: this would not train");
    }

    [Fact]
    public void Damage_behind_the_head_is_only_seen_in_full()
    {
        var data = _folder.SavePairs("data", 2, width: 64, height: 64);
        var path = _folder["data/input/p1.png"];
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..2000]);
        var heads = Json(DryRun(data, "--dry-run", "heads", "--json"));
        // The batches that are read to time them may meet it; then it is a problem all the same.
        var full = DryRun(data, "--dry-run", "full");
        full.RequireFailure(ExitCodes.Failure, "p1.png", "damaged or cut short");
        Assert.Equal(2, heads.GetProperty("training").GetProperty("pairs").GetInt32());
    }

    [Fact]
    public void Pairs_too_small_for_the_crop_are_a_note_and_whole_pictures_of_different_sizes_a_problem()
    {
        var data = _folder.SavePairs("data", 2, width: 12, height: 40);
        var outcome = DryRun(data);
        outcome.RequireSuccess();
        Assert.Contains("2 of 2 pairs are smaller than the crop of 16", outcome.Output, StringComparison.Ordinal);
        _folder.Save("data/input/other.png", TestPictures.Noise(20, 20));
        _folder.Save("data/target/other.png", TestPictures.Noise(20, 20));
        DryRun(data, "--crop", "0").RequireFailure(ExitCodes.Failure, "different sizes", "--batch 1");
    }

    [Fact]
    public void More_memory_than_there_is_is_a_problem_with_the_figures()
    {
        var data = _folder.SavePairs("data", 1);
        DryRun(data, "--crop", "8000", "--batch", "64").RequireFailure(ExitCodes.Failure, "A step takes", "GB", "--batch or --crop");
    }

    [Fact]
    public void Json_has_the_numbers_in_bytes_and_seconds()
    {
        using var culture = new CommaCulture();
        var outcome = DryRun(_folder.SavePairs("data", 3), "--json");
        outcome.RequireSuccess();
        var root = Json(outcome);
        Assert.True(root.GetProperty("isTrainable").GetBoolean());
        Assert.Equal(("dehaze", "reside-indoor", "Tiny"), (root.GetProperty("task").GetString(), root.GetProperty("preset").GetString(), root.GetProperty("network").GetString()));
        Assert.Equal([20, 16], root.GetProperty("training").GetProperty("median").EnumerateArray().Select(n => n.GetInt32()));
        Assert.Equal(6, root.GetProperty("training").GetProperty("bitDepths").GetProperty("8").GetInt32());
        Assert.True(root.GetProperty("requiredBytes").GetInt64() > 1_000_000);
        Assert.True(root.GetProperty("stepSeconds").GetDouble() > 0);
        Assert.True(root.GetProperty("epochSeconds").GetDouble() > 0);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("heldOut").ValueKind);
        Assert.Contains("no test/ folder", root.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Drawn_scenes_can_be_tried_too()
    {
        var outcome = Shell.Run("desnow", "--dry-run", "--json", "--crop", "16", "--threads", "1");
        outcome.RequireSuccess();
        var root = Json(outcome);
        Assert.Equal("Tiny", root.GetProperty("network").GetString());
        Assert.Contains("drawn scenes", root.GetProperty("training").GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_layout_says_what_was_looked_for() =>
        DryRun(_folder["nothing/x"][..^2]).RequireFailure(ExitCodes.Failure, "no picture pairs", "hazy/ with gt/");

    [Fact]
    public void Data_can_be_timed_against_training()
    {
        using var culture = new CommaCulture();
        var outcome = Shell.Run("bench", "data", "dehaze", "--data", _folder.SavePairs("data", 4), "--network", "Tiny", "--batch", "2", "--crop", "16", "--threads", "1", "--seconds", "0.2", "--decoders", "2", "--json");
        outcome.RequireSuccess();
        var root = Json(outcome);
        Assert.True(root.GetProperty("pairsPerSecond").GetDouble() > 0);
        Assert.Equal(2 * root.GetProperty("batchesPerSecond").GetDouble(), root.GetProperty("pairsPerSecond").GetDouble(), 1e-6);
        Assert.True(root.GetProperty("stepsPerSecondTogether").GetDouble() > 0);
        Assert.InRange(root.GetProperty("waitingShare").GetDouble(), 0, 1);
        var text = Shell.Run("bench", "data", "deblur", "--crop", "16", "--threads", "1", "--seconds", "0.1");
        text.RequireSuccess();
        Assert.Contains("keep up", text.Output, StringComparison.Ordinal);
    }

    private static JsonElement Json(CommandOutcome outcome) => JsonDocument.Parse(outcome.Output).RootElement;

    private CommandOutcome DryRun(string data, params string[] options)
    {
        string[] dryRun = options.Contains("--dry-run") ? [] : ["--dry-run"];
        string[] sizes = [.. options.Contains("--batch") ? (string[])[] : ["--batch", "2"], .. options.Contains("--crop") ? (string[])[] : ["--crop", "16"]];
        return Shell.Run(["dehaze", "--data", data, "--network", "Tiny", "--threads", "1", "--out", _folder["out"], .. sizes, .. options, .. dryRun]);
    }
}
