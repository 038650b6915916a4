using System.Globalization;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>
/// Runs that are killed with SIGKILL at a random moment and resumed leave, to the byte, what one that was never stopped leaves.
/// FOCALNET_KILLS=20 tries twenty; FOCALNET_KILLS_SEED=7 gives other moments.
/// </summary>
public sealed class KilledRunTests(ITestOutputHelper report) : IDisposable
{
    private const int Steps = 24;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_killed_run_that_is_resumed_equals_one_that_was_never_stopped()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _folder.SavePairs("data/train", 5, width: 24, height: 24);
        _folder.SavePairs("data/test", 2);
        // The default of a hundred validations would save every step, and nothing would be trained again.
        File.WriteAllText(_folder["options.json"], """{ "options": { "data": "data", "validations": 3 } }""");
        var kills = Setting("FOCALNET_KILLS", 3);
        var random = new Random(Setting("FOCALNET_KILLS_SEED", 1));
        await RunToEnd("whole");
        for (var trial = 1; trial <= kills; trial++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"killed {trial}");
            var (step, delay) = (random.Next(1, Steps), random.Next(0, 60));
            using (var process = TrainingProcess.Start(_folder.Path, Arguments(name)))
            {
                Assert.NotNull(await process.Step(step));
                await Task.Delay(delay);
                await process.Kill();
            }

            using (var process = TrainingProcess.Start(_folder.Path, ["dehaze", "--resume", name, "--threads", "2"]))
            {
                var start = await process.Event("started");
                var (code, error) = await process.End();
                Assert.True(code == 0, error);
                // Saved after steps 5, 8, 10, 15, 16, 20 and 24.
                var resumed = start!.Value.GetProperty("resumedAt").GetInt64();
                Assert.Contains(resumed, (long[])[0, 5, 8, 10, 15, 16, 20, 24]);
                report.WriteLine($"{name}: {delay} ms after step {step}, resumed at {resumed}");
            }

            RunFiles.RequireSame(_folder["whole"], _folder[name]);
        }
    }

    // Saved every five steps beside three validations; average and accumulation, so that all there is must be restored.
    private static string[] Arguments(string run) =>
    [
        "dehaze", "--config", "options.json", "--network", "Tiny", "--steps", Steps.ToString(CultureInfo.InvariantCulture), "--batch", "1", "--accumulate", "2", "--crop", "16",
        "--ema", "0.9", "--save-every", "5", "--keep", "100", "--threads", "1", "--out", run,
    ];

    private async Task RunToEnd(string run)
    {
        using var process = TrainingProcess.Start(_folder.Path, Arguments(run));
        var (code, error) = await process.End();
        Assert.True(code == 0, error);
    }

    private static int Setting(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
