using System.IO.Compression;
using System.Text;
using FocalNet.Model;
using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>Each kind of bad input has its own clear error: one message, an exit code, and no stack trace.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_truncated_png()
    {
        var path = _folder.Save("a.png", TestPictures.Noise(64, 64));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..2000]);
        Restore(path).RequireFailure(ExitCodes.Failure, path, "damaged or cut short", "1 of 1 pictures failed");
    }

    [Fact]
    public void A_text_file_named_jpg()
    {
        File.WriteAllText(_folder["a.jpg"], "dear diary");
        Restore(_folder["a.jpg"]).RequireFailure(ExitCodes.Failure, "a.jpg", "not a picture");
    }

    [Fact]
    public void An_empty_folder()
    {
        Directory.CreateDirectory(_folder["empty"]);
        Restore(_folder["empty"]).RequireFailure(ExitCodes.Failure, "empty", "no pictures");
        Train(_folder["empty"]).RequireFailure(ExitCodes.Failure, "empty", "no picture pairs", "input/ with target/");
    }

    [Fact]
    public void Hazy_pictures_without_clear_ones()
    {
        _folder.Save("data/hazy/1400_8.png", TestPictures.Noise(16, 16));
        Train(_folder["data"]).RequireFailure(ExitCodes.Failure, "data", "hazy/ with gt/");
        _folder.Save("data/gt/1401.png", TestPictures.Noise(16, 16));
        Train(_folder["data"]).RequireFailure(ExitCodes.Failure, "1400_8.png", "no target");
    }

    [Fact]
    public void A_pair_of_different_sizes()
    {
        var data = _folder.SavePairs("data", 2);
        File.Delete(_folder["data/target/p1.png"]);
        _folder.Save("data/target/p1.png", TestPictures.Noise(20, 17));
        Train(data).RequireFailure(ExitCodes.Failure, "p1.png", "20×16", "20×17");
        Shell.Run("evaluate", "dehaze", "--data", data, "--weights", _folder.SaveTinyWeights())
            .RequireFailure(ExitCodes.Failure, "p1.png", "20×17", "1 of 2 pairs failed");
    }

    [Fact]
    public void A_corrupt_pickle()
    {
        var bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        (bytes[0], bytes[1]) = (0x80, 2);
        File.WriteAllBytes(_folder["broken.pkl"], bytes);
        RestoreWith(_folder["broken.pkl"]).RequireFailure(ExitCodes.Failure, "broken.pkl");
    }

    [Fact]
    public void A_pickle_that_calls_the_system()
    {
        var marker = _folder["executed"];
        var pickle = Pickle("touch " + marker);
        File.WriteAllBytes(_folder["plain.pkl"], pickle);
        using (var archive = ZipFile.Open(_folder["zip.pth"], ZipArchiveMode.Create))
        using (var entry = archive.CreateEntry("net/data.pkl", CompressionLevel.NoCompression).Open())
        {
            entry.Write(pickle);
        }

        Assert.All(["plain.pkl", "zip.pth"], name => RestoreWith(_folder[name]).RequireFailure(ExitCodes.Failure, name, "'os.system'", "refused"));
        Assert.False(File.Exists(marker));
    }

    [Fact]
    public void A_safetensors_header_that_lies_about_offsets()
    {
        var header = Encoding.UTF8.GetBytes("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8000000]}}""");
        File.WriteAllBytes(_folder["lie.safetensors"], [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[8]]);
        RestoreWith(_folder["lie.safetensors"]).RequireFailure(ExitCodes.Failure, "lie.safetensors", "'w'");
    }

    [Fact]
    public void Weights_of_another_network()
    {
        var other = NetworkCatalog.Find("Table5a");
        NetworkWeights.Save(_folder["5a.safetensors"], other, NetworkWeights.Initial(other, 1));
        Shell.Run("restore", "dehaze", Picture(), "--out", _folder["out"], "--weights", _folder["5a.safetensors"], "--network", "Tiny")
            .RequireFailure(ExitCodes.Failure, "5a.safetensors does not fit", "missing in the file");
    }

    [Fact]
    public void Weights_that_are_not_there()
    {
        RestoreWith(Path.Combine(_folder.Path, "none.pkl")).RequireFailure(ExitCodes.Failure, "none.pkl");
    }

    [Fact]
    public void An_unknown_network_name_suggests_the_nearest()
    {
        Shell.Run("dehaze", "--network", "Tyni").RequireFailure(ExitCodes.Usage, "'Tyni'", "Did you mean 'Tiny'?");
        Shell.Run("describe", "dehase").RequireFailure(ExitCodes.Usage, "Did you mean 'Dehaze'?");
        Shell.Run("kernels", "dump", _folder["out"], "focalnet").RequireFailure(ExitCodes.Usage, "Did you mean 'FocalNetS'?");
    }

    /// <summary>A limit on the size of files fails writes half-way, as a full disk does, without one.</summary>
    [Fact]
    public async Task A_full_disk_leaves_no_half_written_file()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var input = _folder.Save("in/noise.png", TestPictures.Noise(200, 200));
        // The signal of the limit must be ignored for the write to fail instead; .NET's double mapping of code would meet the limit, too.
        const string Script = """trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; ulimit -f 16; exec "$@" """;
        using var process = Shell.Start(Script, _folder.Path, "restore", "dehaze", input, "--out", "out", "--weights", _folder.SaveTinyWeights());
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == ExitCodes.Failure, error);
        Assert.Contains("writing failed", error, StringComparison.Ordinal);
        Assert.Contains("Free space", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder["out"]));
    }

    [Fact]
    public async Task A_full_disk_ends_training_with_the_checkpoint_named()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var data = _folder.SavePairs("data", 1);
        const string Script = """trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; ulimit -f 2000; exec "$@" """;
        using var process = Shell.Start(Script, _folder.Path, "dehaze", "--data", data, "--network", "Tiny", "--steps", "1", "--batch", "1", "--crop", "16", "--out", "run");
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == ExitCodes.Failure, error);
        Assert.Contains("best.safetensors': writing failed", error, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFileSystemEntries(_folder["run"]), file => file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    /// <summary>Protocol 2: a dictionary whose value is what os.system returns.</summary>
    private static byte[] Pickle(string command)
    {
        var text = Encoding.UTF8.GetBytes(command);
        return [0x80, 2, .. "}"u8, .. "cos\nsystem\n"u8, .. "(X"u8, .. BitConverter.GetBytes(text.Length), .. text, .. "tRs."u8];
    }

    private string Picture() => _folder.Save("p.png", TestPictures.Noise(8, 8));

    private CommandOutcome RestoreWith(string weights)
    {
        var picture = Path.Combine(_folder.Path, "p.png");
        return Shell.Run("restore", "dehaze", File.Exists(picture) ? picture : Picture(), "--out", _folder["out"], "--weights", weights);
    }

    private CommandOutcome Restore(string input) =>
        Shell.Run("restore", "dehaze", input, "--out", _folder["out"], "--weights", _folder.SaveTinyWeights(), "--threads", "1");

    private CommandOutcome Train(string data) =>
        Shell.Run("dehaze", "--data", data, "--network", "Tiny", "--steps", "1", "--batch", "1", "--crop", "16", "--out", _folder["run"] + "/r");
}
