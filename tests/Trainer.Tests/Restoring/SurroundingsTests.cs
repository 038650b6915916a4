using System.Globalization;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Restoring;

/// <summary>Restoring where not everything is as on the author's machine.</summary>
public sealed class SurroundingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>By the program itself, without a terminal, in Finnish, from a folder that can't be written, with paths that need care.</summary>
    [Fact]
    public async Task A_read_only_working_folder_a_Finnish_system_and_unusual_paths()
    {
        var weights = _folder.SaveTinyWeights("paino ja mitta/verkko ö.safetensors");
        _folder.Save("in/kesä yö/kuva 1.png", TestPictures.Noise(21, 17));
        _folder.Save("in/日本/写真.webp", TestPictures.Noise(21, 17));
        var working = Directory.CreateDirectory(_folder["working folder"]).FullName;
        SetMode(working, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var process = Shell.Start(
            "LC_ALL=fi_FI.UTF-8 LANG=fi_FI.UTF-8 HOME=/nonexistent exec \"$@\"", working,
            "restore", "dehaze", "../in", "--out", Path.Combine(_folder.Path, "ulos tänne"), "--weights", weights, "--memory", "1.5GB", "--compare");
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        SetMode(working, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.True(process.ExitCode == 0, output + await error);
        Assert.Contains("2 of 2 pictures restored", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(working));
        Assert.Equal(
            ["_compare/index.html", "_compare/kesä yö/kuva 1.png.jpg", "_compare/日本/写真.webp.jpg", "kesä yö/kuva 1.png", "日本/写真.webp"],
            Directory.GetFiles(_folder["ulos tänne"], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_folder["ulos tänne"], f)).Order(StringComparer.Ordinal));
    }

    private static void SetMode(string folder, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, mode);
        }
    }

    /// <summary>What is printed and written has points in its numbers, whatever the culture of the thread.</summary>
    [Fact]
    public void A_culture_with_commas_changes_nothing()
    {
        var weights = _folder.SaveTinyWeights();
        _folder.Save("in/a.png", TestPictures.Noise(21, 17));
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "−" } };
        try
        {
            var outcome = Shell.Run("restore", "dehaze", _folder["in"], "--out", _folder["out"], "--weights", weights, "--json", "--memory", "1.5GB");
            outcome.RequireSuccess();
            Assert.All(outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => System.Text.Json.JsonDocument.Parse(line));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
