using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>Commands on data where the system is not as on a developer's desk: a Finnish locale, no terminal, a working folder in which nothing can be written.</summary>
public sealed class SurroundingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("evaluate")]
    [InlineData("dry run")]
    [InlineData("snow")]
    [InlineData("defocus")]
    public async Task A_command_works_in_a_finnish_locale_from_a_folder_that_cannot_be_written_to(string which)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var data = _folder.SavePairs("kuva aineisto ä ö", 2);
        var output = Path.Combine(_folder.Path, "tulos å");
        string[] arguments = which switch
        {
            "evaluate" => ["evaluate", "dehaze", "--data", data, "--weights", _folder.SaveTinyWeights("paino ä.safetensors"), "--csv", Path.Combine(output, "arvot.csv"), "--threads", "1"],
            "dry run" => ["dehaze", "--dry-run", "--data", data, "--network", "Tiny", "--batch", "1", "--crop", "16", "--threads", "1"],
            _ => [which, Path.Combine(data, "input"), "--out", output],
        };
        var (code, text, error) = await RunAsync("/proc", arguments);
        Assert.True(code == ExitCodes.Success, text + error);
        // Neither colours nor a bar that is redrawn.
        Assert.DoesNotContain('\u001b', text);
        Assert.DoesNotContain('\r', text);
        // Thousands are set apart by commas, three digits at a time; decimals never are.
        Assert.DoesNotMatch(@"\d,\d{1,2}\b", text);
        if (which == "evaluate")
        {
            Assert.Contains("input/p0.png,paper,", File.ReadAllText(Path.Combine(output, "arvot.csv")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Output_that_cannot_be_written_is_one_clear_error()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var data = _folder.SavePairs("data", 1);
        var scores = await RunAsync("/proc", "evaluate", "dehaze", "--data", data, "--weights", _folder.SaveTinyWeights(), "--csv", "scores.csv", "--threads", "1");
        new CommandOutcome(scores.Code, scores.Output, scores.Error).RequireFailure(ExitCodes.Failure, "'scores.csv'", "--csv");
        var pictures = await RunAsync("/proc", "haze", Path.Combine(data, "input", "p0.png"), "--out", "hazed");
        new CommandOutcome(pictures.Code, pictures.Output, pictures.Error).RequireFailure(ExitCodes.Failure, "hazed");
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string folder, params string[] arguments)
    {
        const string Script = """export LANG=fi_FI.UTF-8 LC_ALL=fi_FI.UTF-8; exec "$@" """;
        using var process = Shell.Start(Script, folder, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
