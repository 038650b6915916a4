using System.Text.Json;
using FocalNet.Model;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_on_drawn_scenes_leaves_all_its_files_and_ends_with_the_next_command()
    {
        var path = _folder["my runs/första"];
        using var output = new StringWriter();
        var code = TrainCommand.Run(new TrainRequest(TinyNetwork.ShortRun(path), Threads: 2), new Terminal(output, TextWriter.Null, isInteractive: false), CancellationToken.None);
        Assert.Equal(ExitCodes.Success, code);

        var lines = File.ReadAllLines(Path.Combine(path, "steps.jsonl"));
        Assert.Equal([1, 2, 3, 4], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32()));
        var first = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal(["total", "l1.full", "l1.half", "l1.quarter", "fft.full", "fft.half", "fft.quarter"], first.GetProperty("loss").EnumerateObject().Select(p => p.Name).OrderBy(Order));

        var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(path, "run.json"))).RootElement;
        Assert.Equal("finished", record.GetProperty("state").GetString());
        Assert.Equal(3, record.GetProperty("validations").GetArrayLength());
        Assert.Equal(16, record.GetProperty("options").GetProperty("crop").GetInt32());

        var best = WeightFile.Read(Path.Combine(path, "best.safetensors"));
        Assert.Equal(("Tiny", "dehaze"), (best.Metadata["network"], best.Metadata["task"]));
        Assert.Contains("psnr", best.Metadata.Keys);
        Assert.Equal("4", WeightFile.Read(Path.Combine(path, "last.safetensors")).Metadata["step"]);

        var sheet = ImageFile.Read(Path.Combine(path, "before-after-truth.png"));
        Assert.True(sheet.Width > 3 * 32 && sheet.Height > 2 * 32);

        var text = output.ToString();
        Assert.Contains("step 4/4: held-out PSNR (standard) ", text, StringComparison.Ordinal);
        var next = text.TrimEnd().Split('\n')[^1].Trim();
        Assert.StartsWith("dotnet run --project Trainer -- restore dehaze '", next, StringComparison.Ordinal);
        Assert.EndsWith($"--weights '{Path.Combine(path, "best.safetensors")}'", next, StringComparison.Ordinal);

        // The command that was printed works, and so does scoring the examples.
        var examples = Path.Combine(path, "examples");
        Shell.Run("restore", "dehaze", Path.Combine(examples, "input"), "--out", _folder["restored"], "--weights", Path.Combine(path, "best.safetensors")).RequireSuccess();
        Shell.Run("evaluate", "dehaze", "--data", examples, "--weights", Path.Combine(path, "best.safetensors")).RequireSuccess();

        static int Order(string name) => name == "total" ? 0 : (name.StartsWith("l1", StringComparison.Ordinal) ? 1 : 4) + (name.EndsWith("half", StringComparison.Ordinal) ? 1 : name.EndsWith("quarter", StringComparison.Ordinal) ? 2 : 0);
    }

    /// <summary>Also beside other work in the same process, which moves memory and threads about.</summary>
    [Fact]
    public void The_same_options_give_the_same_bits_and_another_seed_does_not()
    {
        var runs = new[] { 1, 1, 2 }.Select((seed, index) =>
        {
            var options = TinyNetwork.ShortRun(_folder[$"run{index}"]) with { Seed = seed };
            TinyNetwork.Train(options);
            return options.Out;
        }).ToList();
        Assert.All(["last.safetensors", "best.safetensors", "steps.jsonl", "before-after-truth.png"], name =>
        {
            Assert.Equal(Bytes(runs[0], name), Bytes(runs[1], name));
            Assert.NotEqual(Bytes(runs[0], name), Bytes(runs[2], name));
        });

        static byte[] Bytes(string run, string name) => File.ReadAllBytes(Path.Combine(run, name));
    }

    [Fact]
    public void Paired_folders_train_with_whole_pictures_and_given_weights()
    {
        var data = _folder.SavePairs("data/train", 3);
        _folder.SavePairs("data/test", 2, width: 9, height: 7);
        var outcome = Shell.Run("dehaze", "--data", Path.GetDirectoryName(data)!, "--network", "Tiny", "--weights", _folder.SaveTinyWeights(), "--epochs", "2",
            "--batch", "1", "--crop", "0", "--flip", "0", "--threads", "2", "--out", _folder["run"]);
        outcome.RequireSuccess();
        Assert.Equal(6, File.ReadAllLines(Path.Combine(_folder["run"], "steps.jsonl")).Length);
        // Published schedule: warm-up over three epochs, so that the first runs at a third.
        var first = JsonDocument.Parse(File.ReadLines(Path.Combine(_folder["run"], "steps.jsonl")).First()).RootElement;
        Assert.Equal(8e-4 / 3, first.GetProperty("learningRate").GetDouble(), 12);
        Assert.DoesNotContain("no test/ folder", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_set_without_test_pictures_says_that_validation_is_not_held_out()
    {
        var data = _folder.SavePairs("data", 2);
        var outcome = Shell.Run("dehaze", "--data", data, "--network", "Tiny", "--steps", "1", "--batch", "1", "--crop", "16", "--threads", "1", "--out", _folder["run"]);
        outcome.RequireSuccess();
        Assert.Contains("no test/ folder", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_request_finishes_the_step_and_saves_it()
    {
        using var stop = new CancellationTokenSource();
        var options = TinyNetwork.ShortRun(_folder["run"]) with { Steps = 50, Validations = 1 };
        var outcome = TinyNetwork.Train(options, step =>
        {
            if (step == 3)
            {
                stop.Cancel();
            }
        }, stop.Token);
        Assert.True(outcome.IsInterrupted);
        Assert.Equal(3, outcome.Steps);
        Assert.Equal("3", WeightFile.Read(outcome.Folder.Last).Metadata["step"]);
        Assert.Equal(3, File.ReadAllLines(outcome.Folder.Log).Length);
        Assert.Contains("\"interrupted\"", File.ReadAllText(outcome.Folder.Record), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_diverges_names_the_step_the_pictures_and_the_last_good_checkpoint()
    {
        var options = TinyNetwork.ShortRun(_folder["run"]) with { Steps = 20, LearningRate = 1e30, Validations = 1, Weights = _folder.SaveTinyWeights() };
        var e = Assert.Throws<DivergenceException>(() => TinyNetwork.Train(options));
        Assert.Equal(2, e.Names.Count);
        Assert.NotNull(e.Checkpoint);
        Assert.Contains(FormattableString.Invariant($"step {e.Step}"), e.Message, StringComparison.Ordinal);
        Assert.Contains(e.Names[0], e.Message, StringComparison.Ordinal);
        Assert.All(NetworkWeights.Flatten(WeightFile.Read(e.Checkpoint), TinyNetwork.Entry), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void An_earlier_run_is_never_written_over()
    {
        var options = TinyNetwork.ShortRun(_folder["run"]) with { Steps = 1, Validations = 1 };
        TinyNetwork.Train(options);
        var e = Assert.Throws<RunFolderException>(() => TinyNetwork.Train(options));
        Assert.Contains("earlier run", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Default_folders_are_numbered_and_the_newest_weights_found()
    {
        Assert.Equal(Path.Combine(_folder.Path, "dehaze"), RunFolder.NextDefault("dehaze", _folder.Path));
        Assert.Null(RunFolder.NewestBest("dehaze", _folder.Path));
        File.WriteAllText(_folder["dehaze/best.safetensors"], "");
        File.WriteAllText(_folder["dehaze-2/best.safetensors"], "");
        File.WriteAllText(_folder["desnow/best.safetensors"], "");
        File.SetLastWriteTimeUtc(_folder["dehaze/best.safetensors"], new DateTime(2030, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(_folder["dehaze-2/best.safetensors"], new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(_folder["desnow/best.safetensors"], new DateTime(2030, 1, 3, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(Path.Combine(_folder.Path, "dehaze-3"), RunFolder.NextDefault("dehaze", _folder.Path));
        Assert.Equal(Path.Combine(_folder.Path, "dehaze", "best.safetensors"), RunFolder.NewestBest("dehaze", _folder.Path));
    }
}
