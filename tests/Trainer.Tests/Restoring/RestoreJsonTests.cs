using System.Text.Json;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Restoring;

/// <summary>Batches: what is reported, what is skipped, and what the program takes.</summary>
public sealed class RestoreJsonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _weights;

    public RestoreJsonTests() => _weights = _folder.SaveTinyWeights();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_line_is_an_object_and_progress_never_goes_back()
    {
        _folder.Save("in/1.png", TestPictures.Noise(40, 30));
        File.WriteAllText(_folder["in/2.png"], "no picture");
        _folder.Save("in/sub/3 ä.png", TestPictures.Noise(30, 40));
        var outcome = Restore(_folder["in"], "--json");
        Assert.Equal(ExitCodes.Failure, outcome.ExitCode);
        var events = Events(outcome);
        Assert.Equal(["planned", "started", "finished", "failed", "started", "finished", "summary"], events.Select(Name).Where(n => n != "progress"));
        var totals = events.Where(e => Name(e) == "progress").Select(e => e.GetProperty("total").GetDouble()).ToList();
        Assert.Equal(totals.Order(), totals);
        Assert.InRange(totals.Count, 20, 303);
        Assert.Equal(1, totals[^1], 0.01);
        Assert.Contains("2.png", events.Single(e => Name(e) == "failed").GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(Path.Combine(_folder.Path, "out", "sub", "3 ä.png"), events.Last(e => Name(e) == "finished").GetProperty("output").GetString());
        Assert.Equal((2, 0, 1, false), Summary(events));
    }

    [Fact]
    public void An_interrupted_batch_goes_on_where_it_was()
    {
        for (var i = 0; i < 4; i++)
        {
            _folder.Save($"in/sub{i % 2}/{i}.png", TestPictures.Noise(12, 12, seed: i));
        }

        Restore(_folder["in"]).RequireSuccess();
        var whole = Results();
        File.Delete(Path.Combine(_folder.Path, "out/sub0/2.png"));
        File.Delete(Path.Combine(_folder.Path, "out/sub1/1.png"));
        var kept = File.GetLastWriteTimeUtc(Path.Combine(_folder.Path, "out/sub0/0.png"));
        var outcome = Restore(_folder["in"], "--json");
        outcome.RequireSuccess();
        Assert.Equal((2, 2, 0, false), Summary(Events(outcome)));
        Assert.Equal(kept, File.GetLastWriteTimeUtc(Path.Combine(_folder.Path, "out/sub0/0.png")));
        Assert.Equal(whole, Results());
        Assert.Equal((0, 4, 0, false), Summary(Events(Restore(_folder["in"], "--json"))));
        Assert.Equal((4, 0, 0, false), Summary(Events(Restore(_folder["in"], "--json", "--overwrite"))));

        List<string> Results() => [.. Directory.GetFiles(Path.Combine(_folder.Path, "out"), "*", SearchOption.AllDirectories).Order().Select(f => f + Convert.ToHexString(File.ReadAllBytes(f)))];
    }

    /// <summary>The whole picture would take about 600 MB. The peak is that of the process, as the system counts it.</summary>
    [Fact]
    public async Task The_program_stays_within_the_memory_it_was_given()
    {
        const long Limit = 400_000_000;
        _folder.Save("in/large.png", TestPictures.Noise(1000, 760));
        using var process = Shell.Start(
            "exec \"$@\"", _folder.Path, "restore", "dehaze", "in", "--out", "out", "--weights", _weights, "--memory", "400MB", "--json", "--threads", "2");
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await error);
        var events = Events(new CommandOutcome(0, output, ""));
        var started = events.Single(e => Name(e) == "started");
        Assert.InRange(started.GetProperty("tiles").GetInt32(), 2, 100);
        Assert.InRange(started.GetProperty("bytes").GetInt64(), Limit / 4, Limit);
        Assert.InRange(events[^1].GetProperty("peakBytes").GetInt64(), Limit / 4, Limit);
    }

    [Fact]
    public void Too_little_memory_says_how_much_is_needed()
    {
        var outcome = Restore(_folder.Save("a.png", TestPictures.Noise(600, 600)), "--memory", "170MB");
        outcome.RequireFailure(ExitCodes.Failure, "a.png", "are needed", "are available", "--memory");
        Restore("a.png", "--memory", "much").RequireFailure(ExitCodes.Usage, "4GB", "'much'");
    }

    private static (int Restored, int Skipped, int Failed, bool Cancelled) Summary(List<JsonElement> events)
    {
        var summary = events[^1];
        Assert.Equal("summary", Name(summary));
        return (summary.GetProperty("restored").GetInt32(), summary.GetProperty("skipped").GetInt32(), summary.GetProperty("failed").GetInt32(), summary.GetProperty("cancelled").GetBoolean());
    }

    private static string? Name(JsonElement element) => element.GetProperty("event").GetString();

    private static List<JsonElement> Events(CommandOutcome outcome) =>
        [.. outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private CommandOutcome Restore(string input, params string[] options) =>
        Shell.Run(["restore", "dehaze", input, "--out", Path.Combine(_folder.Path, "out"), "--weights", _weights, "--threads", "2", .. options]);
}
