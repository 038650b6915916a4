using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Model;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Tests.Commands;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>Runs that were stopped and go on; KilledRunTests does it with real processes.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(0.5, 1)]
    [InlineData(0.9, 2)]
    public void A_run_that_was_stopped_twice_equals_one_that_was_not(double averageDecay, int accumulate)
    {
        var options = TinyNetwork.ShortRun(_folder["whole"]) with
        {
            Steps = 7,
            AverageDecay = averageDecay,
            Accumulate = accumulate,
            Saving = new CheckpointPolicy(2, null, 10),
        };
        TinyNetwork.Train(options);
        var stopped = options with { Out = _folder["stopped"], Saving = options.Saving with { Keep = 0 } };
        StopAfter(2, stopped, null);
        StopAfter(5, stopped, Open("stopped"));
        var outcome = TinyNetwork.Train(stopped, resume: Open("stopped"));

        Assert.False(outcome.IsInterrupted);
        Assert.All(["last.safetensors", "best.safetensors", "steps.jsonl", "before-after-truth.png"], name =>
            Assert.Equal(File.ReadAllBytes(_folder["whole/" + name]), File.ReadAllBytes(_folder["stopped/" + name])));
        var (whole, record) = (Record("whole"), Record("stopped"));
        Assert.Equal(whole.GetProperty("validations").GetRawText(), record.GetProperty("validations").GetRawText());
        Assert.Equal([2, 5], record.GetProperty("resumed").EnumerateArray().Select(item => item.GetProperty("step").GetInt32()));
        Assert.Equal(3, Directory.GetFiles(_folder["stopped"], "events.out.tfevents.*").Length);
    }

    [Fact]
    public void A_run_that_was_killed_before_its_first_checkpoint_begins_anew()
    {
        var options = TinyNetwork.ShortRun(_folder["run"]);
        TinyNetwork.Train(options);
        var log = File.ReadAllBytes(_folder["run/steps.jsonl"]);
        // As if killed: what a checkpoint's writer leaves half-done, and a log ahead of every checkpoint.
        File.Delete(_folder["run/last.safetensors"]);
        File.Delete(_folder["run/best.safetensors"]);
        File.WriteAllText(_folder["run/.last.safetensors.0123456789abcdef0123456789abcdef.tmp"], "half");
        TinyNetwork.Train(options, resume: Open("run"));

        Assert.Equal(log, File.ReadAllBytes(_folder["run/steps.jsonl"]));
        Assert.DoesNotContain(Directory.GetFiles(_folder["run"]), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void A_checkpoint_of_training_is_a_weight_file_too()
    {
        TinyNetwork.Train(TinyNetwork.ShortRun(_folder["run"]) with { AverageDecay = 0.5 });
        var last = TrainingCheckpoint.Read(_folder["run/last.safetensors"], TinyNetwork.Entry);
        Assert.Equal(last.Average, NetworkWeights.Flatten(WeightFile.Read(_folder["run/last.safetensors"]), TinyNetwork.Entry));
        Assert.NotEqual(last.Average, last.Parameters);
        Assert.Equal(["adam.c1", "adam.c2", "adam.m", "adam.v"], last.States.Keys.Order(StringComparer.Ordinal));
        // With an average, it is what is validated and kept as the best.
        if (RunRecord.Validations(last.Metadata["validations"])[^1].IsBest)
        {
            Assert.Equal(last.Average, NetworkWeights.Flatten(WeightFile.Read(_folder["run/best.safetensors"]), TinyNetwork.Entry));
        }
    }

    [Fact]
    public void The_newest_numbered_checkpoints_are_kept()
    {
        TinyNetwork.Train(TinyNetwork.ShortRun(_folder["run"]) with { Steps = 6, Validations = 1, Saving = new CheckpointPolicy(1, null, 3) });
        Assert.Equal(
            ["step-0000004.safetensors", "step-0000005.safetensors", "step-0000006.safetensors"],
            Directory.GetFiles(_folder["run"], "step-*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(File.ReadAllBytes(_folder["run/last.safetensors"]), File.ReadAllBytes(_folder["run/step-0000006.safetensors"]));
    }

    [Fact]
    public void A_failed_save_leaves_the_previous_checkpoint_and_says_what_to_do()
    {
        var folder = RunFolder.Create(_folder["run"]);
        folder.SaveCheckpoint(1, 1, path => AtomicFile.Write(path, stream => stream.Write("first"u8)));
        var e = Assert.Throws<RunFolderException>(() => folder.SaveCheckpoint(2, 1, path => AtomicFile.Write(path, stream =>
        {
            stream.Write("sec"u8);
            throw new IOException("No space left on device");
        })));
        Assert.Contains("No space left on device", e.Message, StringComparison.Ordinal);
        Assert.Contains("Free space", e.Message, StringComparison.Ordinal);
        Assert.Equal("first", File.ReadAllText(folder.Last));
        Assert.Equal(["last.safetensors", "step-0000001.safetensors"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Options_that_differ_are_named_and_those_that_change_nothing_may()
    {
        _folder.SavePairs("data", 3);
        Shell.Run(["dehaze", "--data", _folder["data"], "--network", "Tiny", "--steps", "2", "--batch", "1", "--crop", "16", "--threads", "1", "--out", _folder["run"]]).RequireSuccess();
        var record = JsonNode.Parse(File.ReadAllText(_folder["run/run.json"]))!;
        record["state"] = "interrupted";
        File.WriteAllText(_folder["run/run.json"], record.ToJsonString());

        Shell.Run("dehaze", "--resume", _folder["run"], "--batch", "2", "--lr", "0.5", "--threads", "1")
            .RequireFailure(ExitCodes.Failure, "run.json", "batch is 1 in the run and 2 now", "lr is 0.0008 in the run and 0.5 now", "--weights");
        Shell.Run("dehaze", "--resume", _folder["run"], "--out", "elsewhere").RequireFailure(ExitCodes.Usage, "--out and --resume");
        Shell.Run("dehaze", "--resume", _folder["data"]).RequireFailure(ExitCodes.Failure, "data", "no folder of a run");
        Shell.Run("dehaze", "--resume", _folder["run"], "--keep", "1", "--save-every", "1", "--threads", "1").RequireSuccess();
    }

    [Fact]
    public void A_data_set_that_has_moved_is_the_same_and_one_that_has_changed_is_refused()
    {
        _folder.SavePairs("data", 3);
        Shell.Run(["dehaze", "--data", _folder["data"], "--network", "Tiny", "--steps", "2", "--batch", "1", "--crop", "16", "--threads", "1", "--out", _folder["run"]]).RequireSuccess();
        File.WriteAllText(_folder["run/run.json"], File.ReadAllText(_folder["run/run.json"]).Replace("\"finished\"", "\"running\"", StringComparison.Ordinal));
        Directory.Move(_folder["data"], _folder["moved"]);
        Shell.Run("dehaze", "--resume", _folder["run"], "--threads", "1").RequireFailure(ExitCodes.Failure, "data", "no such folder");
        Shell.Run("dehaze", "--resume", _folder["run"], "--data", _folder["moved"], "--threads", "1").RequireSuccess();

        File.WriteAllText(_folder["run/run.json"], File.ReadAllText(_folder["run/run.json"]).Replace("\"finished\"", "\"running\"", StringComparison.Ordinal));
        _folder.Save("moved/input/p9.png", TestPictures.Noise(20, 16, seed: 5));
        _folder.Save("moved/target/p9.png", TestPictures.Noise(20, 16, seed: 6));
        Shell.Run("dehaze", "--resume", _folder["run"], "--data", _folder["moved"], "--threads", "1")
            .RequireFailure(ExitCodes.Failure, "the data set is another one", "3 pairs", "4 pairs");
    }

    [Fact]
    public void A_finished_run_has_nothing_left_to_do()
    {
        TinyNetwork.Train(TinyNetwork.ShortRun(_folder["run"]));
        var again = Shell.Run("dehaze", "--resume", _folder["run"]);
        again.RequireSuccess();
        Assert.Contains("is finished: 4 steps", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_and_foreign_checkpoints_are_refused_by_name()
    {
        TinyNetwork.Train(TinyNetwork.ShortRun(_folder["run"]) with { Saving = new CheckpointPolicy(null, TimeSpan.FromHours(1), 0) });
        File.WriteAllText(_folder["run/run.json"], File.ReadAllText(_folder["run/run.json"]).Replace("\"finished\"", "\"running\"", StringComparison.Ordinal));
        var whole = File.ReadAllBytes(_folder["run/last.safetensors"]);

        File.WriteAllBytes(_folder["run/last.safetensors"], whole[..^100]);
        Shell.Run("dehaze", "--resume", _folder["run"]).RequireFailure(ExitCodes.Failure, "last.safetensors");
        File.Copy(_folder["run/best.safetensors"], _folder["run/last.safetensors"], overwrite: true);
        Shell.Run("dehaze", "--resume", _folder["run"]).RequireFailure(ExitCodes.Failure, "last.safetensors", "weights alone", "--weights");
        using (var session = new TrainingSession(TinyNetwork.Entry, new Runtime.Cpu.CpuDevice(1), NetworkWeights.Initial(TinyNetwork.Entry, 1)))
        {
            TrainingCheckpoint.Save(_folder["run/last.safetensors"], session, null);
        }

        Shell.Run("dehaze", "--resume", _folder["run"]).RequireFailure(ExitCodes.Failure, "last.safetensors", "notes on the run", "numbered checkpoint");
    }

    [Fact]
    public void Two_processes_cannot_train_into_one_folder()
    {
        var options = TinyNetwork.ShortRun(_folder["run"]) with { Steps = 3, Validations = 1 };
        Exception? refused = null;
        TinyNetwork.Train(options, step =>
        {
            if (step == 2)
            {
                refused = Xunit.Record.Exception(() => (object)TinyNetwork.Train(options, resume: Open("run")));
            }
        });
        Assert.Contains("another process trains", Assert.IsType<RunFolderException>(refused).Message, StringComparison.Ordinal);
    }

    private static void StopAfter(long last, TrainingOptions options, ResumePoint? resume)
    {
        using var stop = new CancellationTokenSource();
        var outcome = TinyNetwork.Train(options, step =>
        {
            if (step == last)
            {
                stop.Cancel();
            }
        }, stop.Token, resume);
        Assert.Equal((last, true), (outcome.Steps, outcome.IsInterrupted));
    }

    private ResumePoint Open(string run) => ResumePoint.Open(_folder[run], TinyNetwork.Dehaze);

    private JsonElement Record(string run)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(_folder[run + "/run.json"]));
        return document.RootElement.Clone();
    }
}
