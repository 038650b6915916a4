using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>Ctrl-C and a full disk, in real processes.</summary>
public sealed class StoppedRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Control_c_saves_and_ends_with_130_and_the_run_goes_on_where_it_was()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _folder.SavePairs("data", 3);
        string[] arguments = ["dehaze", "--data", "data", "--network", "Tiny", "--steps", "14", "--batch", "1", "--crop", "16", "--threads", "1"];
        using (var whole = TrainingProcess.Start(_folder.Path, [.. arguments, "--out", "whole", "--keep", "0"]))
        {
            Assert.Equal(0, (await whole.End()).Code);
        }

        long saved;
        using (var process = TrainingProcess.Start(_folder.Path, [.. arguments, "--out", "stopped", "--keep", "0"]))
        {
            await process.Step(2);
            await process.Interrupt();
            saved = (await process.Event("saved"))!.Value.GetProperty("step").GetInt64();
            Assert.Equal("interrupted", (await process.Event("finished"))!.Value.GetProperty("state").GetString());
            Assert.Equal(ExitCodes.Cancelled, (await process.End()).Code);
        }

        using var resumed = TrainingProcess.Start(_folder.Path, ["dehaze", "--resume", "stopped", "--threads", "1"]);
        Assert.Equal(saved, (await resumed.Event("started"))!.Value.GetProperty("resumedAt").GetInt64());
        Assert.Equal(0, (await resumed.End()).Code);
        RunFiles.RequireSame(_folder["whole"], _folder["stopped"]);
    }

    /// <summary>A step of eight crops of 256² takes seconds: the second signal must not wait for its end, and nothing is saved.</summary>
    [Fact]
    public async Task A_second_control_c_stops_at_once()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _folder.SavePairs("data", 1);
        using var process = TrainingProcess.Start(
            _folder.Path, ["dehaze", "--data", "data", "--network", "Tiny", "--steps", "100000", "--batch", "8", "--crop", "256", "--threads", "1", "--out", "run"]);
        // Well into the second step, and well before its end.
        await process.Step(1);
        await Task.Delay(700);
        await process.Interrupt();
        await Task.Delay(100);
        var watch = Stopwatch.StartNew();
        await process.Interrupt();
        var (code, error) = await process.End();
        Assert.Equal(ExitCodes.Cancelled, code);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"It took {watch.Elapsed}.");
        Assert.Empty(error);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "run", "last.safetensors")));
    }

    [Fact]
    public async Task A_disk_that_is_full_while_saving_leaves_the_previous_checkpoint()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _folder.SavePairs("data", 2);
        // The signal of the limit must be ignored for the write to fail instead; .NET's double mapping of code would meet the limit, too.
        const string Script = """trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; exec "$@" """;
        string[] arguments = ["dehaze", "--data", "data", "--network", "Tiny", "--steps", "500", "--batch", "1", "--crop", "16", "--threads", "1", "--save-every", "5", "--keep", "1", "--out", "run"];
        using (var process = TrainingProcess.Start(_folder.Path, arguments, Script))
        {
            Assert.NotNull(await process.Event("saved"));
            await process.LimitFiles(1 << 20);
            var failed = await process.Event("failed");
            var (code, error) = await process.End();
            Assert.Equal(ExitCodes.Failure, code);
            Assert.Contains("writing failed", failed!.Value.GetProperty("error").GetString(), StringComparison.Ordinal);
            Assert.Contains("Free space on the disk", error, StringComparison.Ordinal);
        }

        var checkpoint = TrainingCheckpoint.Read(_folder["run/last.safetensors"], TinyNetwork.Entry);
        Assert.Equal(0, int.Parse(checkpoint.Metadata["step"], System.Globalization.CultureInfo.InvariantCulture) % 5);
        Assert.DoesNotContain(Directory.GetFiles(_folder["run"]), file => file.EndsWith(".tmp", StringComparison.Ordinal));
        using var resumed = TrainingProcess.Start(_folder.Path, ["dehaze", "--resume", "run", "--threads", "1"]);
        Assert.Equal(checkpoint.Metadata["step"], (await resumed.Event("started"))!.Value.GetProperty("resumedAt").GetRawText());
        Assert.NotNull(await resumed.Event("saved"));
        await resumed.Kill();
    }
}
