using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>Commands on data where the system is not as on a developer's desk: a Finnish locale, no terminal, a working folder in which nothing can be written.</summary>
public sealed class SurroundingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train")]
    [InlineData("resume")]
    [InlineData("restore")]
    [InlineData("evaluate")]
    [InlineData("export onnx")]
    [InlineData("export safetensors")]
    [InlineData("bench data")]
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
        var weights = _folder.SaveTinyWeights("paino ä.safetensors");
        string[] small = ["--data", data, "--network", "Tiny", "--batch", "1", "--crop", "16", "--threads", "1"];
        string[] arguments = which switch
        {
            "train" => ["dehaze", .. small, "--steps", "2", "--lr", "0.0005", "--out", output],
            "resume" => ["dehaze", "--resume", Stopped(output), "--threads", "1"],
            "restore" => ["restore", "dehaze", Path.Combine(data, "**", "p?.png"), "--out", output, "--weights", weights, "--memory", "1.5GB", "--compare", "--threads", "1"],
            "export onnx" or "export safetensors" => [.. which.Split(' '), "--weights", weights, "--out", _folder["tulos å/verkko ö"]],
            "bench data" => ["bench", "data", "dehaze", .. small, "--seconds", "0.2"],
            "evaluate" => ["evaluate", "dehaze", "--data", data, "--weights", weights, "--csv", Path.Combine(output, "arvot.csv"), "--threads", "1"],
            "dry run" => ["dehaze", "--dry-run", .. small],
            _ => [which, Path.Combine(data, "input"), "--out", output],
        };
        var (code, text, error) = await FinnishSystem.Run(_folder, "/proc", arguments);
        Assert.True(code == ExitCodes.Success, text + error);
        // Neither colours nor a bar that is redrawn.
        Assert.DoesNotContain('\u001b', text);
        Assert.DoesNotContain('\r', text);
        // Thousands are set apart by commas, three digits at a time; decimals never are.
        Assert.DoesNotMatch(@"\d,\d{1,2}\b", text);
        // A Finnish system writes −1,5 and 1 500 with these.
        Assert.DoesNotContain('\u2212', text);
        Assert.DoesNotContain('\u00a0', text);
        if (which == "evaluate")
        {
            var fields = File.ReadAllLines(Path.Combine(output, "arvot.csv"))[1].Split(',');
            Assert.Equal((9, "input/p0.png", "paper"), (fields.Length, fields[0], fields[1]));
            Assert.All(fields[2..8], field => Assert.InRange(double.Parse(field, System.Globalization.CultureInfo.InvariantCulture), -1, 100));
        }
    }

    /// <summary>A run that stopped after its second step.</summary>
    private static string Stopped(string folder)
    {
        using var stop = new CancellationTokenSource();
        TinyNetwork.Train(TinyNetwork.ShortRun(folder), step =>
        {
            if (step == 2)
            {
                stop.Cancel();
            }
        }, stop.Token);
        return folder;
    }

    [Fact]
    public async Task Output_that_cannot_be_written_is_one_clear_error()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var data = _folder.SavePairs("data", 1);
        var scores = await FinnishSystem.Run(_folder, "/proc", "evaluate", "dehaze", "--data", data, "--weights", _folder.SaveTinyWeights(), "--csv", "scores.csv", "--threads", "1");
        scores.RequireFailure(ExitCodes.Failure, "'scores.csv'", "--csv");
        var pictures = await FinnishSystem.Run(_folder, "/proc", "haze", Path.Combine(data, "input", "p0.png"), "--out", "hazed");
        pictures.RequireFailure(ExitCodes.Failure, "hazed");
    }
}
