using System.Text.Json;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>--json, and the surroundings that programs run in.</summary>
public sealed class TrainingJsonTests : IDisposable
{
    private static readonly string[] Short = ["--network", "Tiny", "--steps", "3", "--batch", "1", "--crop", "16", "--threads", "1"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_line_is_an_object_and_the_events_come_in_order()
    {
        var data = _folder.SavePairs("data", 2);
        var outcome = Shell.Run(["dehaze", "--data", data, .. Short, "--out", _folder["run"], "--json"]);
        outcome.RequireSuccess();
        Assert.Empty(outcome.Error);
        var events = Events(outcome.Output);
        Assert.Equal(["started", "validation"], Names(events)[..2]);
        Assert.Equal(["saved", "finished"], Names(events)[^2..]);
        var started = events[0];
        Assert.Equal((3, "Tiny", false, 1), (started.GetProperty("steps").GetInt32(), started.GetProperty("network").GetString(), started.GetProperty("isHeldOut").GetBoolean(), started.GetProperty("processes").GetInt32()));
        Assert.Equal(JsonValueKind.Null, started.GetProperty("resumedAt").ValueKind);
        Assert.Equal([1, 2, 3], events.Where(e => e.GetProperty("event").GetString() == "step").Select(e => e.GetProperty("step").GetInt32()));
        Assert.All(events.Where(e => e.GetProperty("event").GetString() == "validation"), e =>
        {
            Assert.Equal("standard", e.GetProperty("preset").GetString());
            Assert.True(e.GetProperty("clean").GetProperty("psnr").GetDouble() > 0);
        });
        Assert.Equal(("finished", "standard"), (events[^1].GetProperty("state").GetString(), events[^1].GetProperty("preset").GetString()));
        Assert.True(File.Exists(events[^1].GetProperty("weights").GetString()));

        var again = Shell.Run("dehaze", "--resume", _folder["run"], "--json");
        again.RequireSuccess();
        Assert.Equal(["finished"], Names(Events(again.Output)));
    }

    [Fact]
    public void A_failure_is_an_event_and_a_message_and_an_exit_code()
    {
        var outcome = Shell.Run(["dehaze", "--data", _folder["none"], .. Short, "--out", _folder["run"], "--json"]);
        outcome.RequireFailure(ExitCodes.Failure, "no such folder");
        Assert.Contains("no such folder", Assert.Single(Events(outcome.Output)).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Output to a pipe, a language with decimal commas, names with spaces and letters beyond ASCII.</summary>
    [Fact]
    public async Task Training_runs_alike_in_finnish_with_unusual_paths_and_without_a_terminal()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _folder.SavePairs("tiedot äö 雪", 2);
        string[] arguments = ["dehaze", "--data", "tiedot äö 雪", .. Short];
        Shell.Run(["dehaze", "--data", _folder["tiedot äö 雪"], .. Short, "--out", _folder["plain"]]).RequireSuccess();
        const string Finnish = """export LANG=fi_FI.UTF-8 LC_ALL=fi_FI.UTF-8; exec "$@" """;
        using var process = Shell.Start(Finnish, _folder.Path, [.. arguments, "--out", "ajo äö 雪"]);
        var (output, error) = (await process.StandardOutput.ReadToEndAsync(), await process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
        Assert.DoesNotContain('\u001b', output);
        Assert.Matches(@"validation PSNR \d+\.\d\d dB", output);
        Assert.Matches(@"held-out PSNR \(standard\) \d+\.\d\d dB, .*; clean pictures come out at \d+\.\d\d dB", output);
        RunFiles.RequireSame(_folder["plain"], _folder["ajo äö 雪"]);
    }

    /// <summary>/proc can't be written to, not even by root.</summary>
    [Fact]
    public async Task A_working_folder_that_cannot_be_written_to_needs_an_out()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var data = _folder.SavePairs("data", 2);
        using var refused = TrainingProcess.Start("/proc", ["dehaze", "--data", data, .. Short]);
        var (code, error) = await refused.End();
        Assert.Equal(ExitCodes.Failure, code);
        Assert.Contains("'runs/dehaze': writing failed", error, StringComparison.Ordinal);
        Assert.Contains("--out", error, StringComparison.Ordinal);

        using var process = TrainingProcess.Start("/proc", ["dehaze", "--data", data, .. Short, "--out", _folder["run"]]);
        (code, error) = await process.End();
        Assert.True(code == 0, error);
    }

    private static string[] Names(List<JsonElement> events) => [.. events.Select(e => e.GetProperty("event").GetString()!)];

    private static List<JsonElement> Events(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
}
