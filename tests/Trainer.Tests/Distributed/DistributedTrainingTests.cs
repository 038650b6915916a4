using System.Globalization;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Tests.Commands;
using FocalNet.Trainer.Tests.Training;

namespace FocalNet.Trainer.Tests.Distributed;

/// <summary>Training by two processes that mpirun starts.</summary>
public sealed class DistributedTrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_processes_with_batches_of_two_are_one_with_batches_of_four()
    {
        RequiresMpi.Launcher();
        _folder.SavePairs("data", 9, width: 24, height: 24);
        await Train("one", 4, 3, """exec "$@" """);
        await Train("two", 2, 3, RequiresMpi.Script(2));
        RunComparison.RequireClose(_folder["one"], _folder["two"]);
        var record = File.ReadAllText(_folder["two/run.json"]);
        Assert.Contains("\"processes\": 2", record, StringComparison.Ordinal);
        // One writer: a second one would have taken "two-2", or doubled lines.
        Assert.Equal(3, File.ReadAllLines(_folder["two/steps.jsonl"]).Length);
        Assert.Single(Directory.GetFiles(_folder["two"], "events.out.tfevents.*"));
    }

    [Fact]
    public async Task Processes_stop_together_and_go_on_exactly()
    {
        RequiresMpi.Launcher();
        _folder.SavePairs("data", 5);
        await Train("whole", 1, 30, RequiresMpi.Script(2), "--accumulate", "2", "--ema", "0.9", "--keep", "0");
        using (var process = TrainingProcess.Start(_folder.Path, Arguments("stopped", 1, 30, "--accumulate", "2", "--ema", "0.9", "--keep", "0"), RequiresMpi.Script(2)))
        {
            await process.Step(3);
            await process.Ask();
            Assert.Equal("interrupted", (await process.Event("finished"))!.Value.GetProperty("state").GetString());
            Assert.Equal(ExitCodes.Cancelled, (await process.End()).Code);
        }

        // Alone it would be another run.
        Shell.Run("dehaze", "--resume", _folder["stopped"], "--data", _folder["data"]).RequireFailure(ExitCodes.Failure, "the run has 2 processes, now there are 1");
        using var resumed = TrainingProcess.Start(_folder.Path, ["dehaze", "--resume", "stopped", "--threads", "1"], RequiresMpi.Script(2));
        var (code, error) = await resumed.End();
        Assert.True(code == 0, error);
        RunFiles.RequireSame(_folder["whole"], _folder["stopped"]);
    }

    /// <summary>A picture that can't be read any more fails one process; the other must not wait for it for ever.</summary>
    [Fact]
    public async Task A_failure_of_one_process_ends_all_and_what_was_trained_is_saved()
    {
        RequiresMpi.Launcher();
        _folder.SavePairs("data", 4);
        using var process = TrainingProcess.Start(_folder.Path, Arguments("run", 1, 100_000, "--save-every", "1h"), RequiresMpi.Script(2));
        await process.Step(3);
        await File.WriteAllTextAsync(_folder["data/input/p1.png"], "no picture");
        var (code, error) = await process.End();
        Assert.NotEqual(0, code);
        Assert.Contains("p1.png", error, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["run/last.safetensors"]));
    }

    [Fact]
    public async Task A_process_that_fails_alone_ends_all()
    {
        RequiresMpi.Launcher();
        _folder.SavePairs("data", 2);
        Directory.CreateDirectory(_folder["run"]);
        await File.WriteAllTextAsync(_folder["run/run.json"], "{}");
        using var process = TrainingProcess.Start(_folder.Path, Arguments("run", 1, 10), RequiresMpi.Script(2));
        var (code, error) = await process.End();
        Assert.NotEqual(0, code);
        Assert.Contains("holds an earlier run", error, StringComparison.Ordinal);
    }

    private static string[] Arguments(string run, int batch, int steps, params string[] more) =>
    [
        "dehaze", "--data", "data", "--network", "Tiny", "--steps", steps.ToString(CultureInfo.InvariantCulture), "--batch", batch.ToString(CultureInfo.InvariantCulture),
        "--crop", "16", "--threads", "1", "--out", run, .. more,
    ];

    private async Task Train(string run, int batch, int steps, string script, params string[] more)
    {
        using var process = TrainingProcess.Start(_folder.Path, Arguments(run, batch, steps, more), script);
        var (code, error) = await process.End();
        Assert.True(code == 0, error);
    }
}
