using System.Security.Cryptography;
using FocalNet.Model;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Tests.Commands;
using FocalNet.Trainer.Weights;

namespace FocalNet.Trainer.Tests.Weights;

/// <summary>The weights that come with the program: there, unchanged, and used where nothing else is named.</summary>
public sealed class ShippedWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dehaze")]
    [InlineData("desnow")]
    public void A_task_has_weights_with_the_hash_that_is_written_down(string name)
    {
        var task = RestorationTasks.TryFind(name)!;
        var file = ShippedWeights.Find(task);
        Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file.Path))));
        // The list beside them, and the table that people read.
        Assert.Contains($"{file.Sha256}  {file.Name}", File.ReadAllLines(Path.Combine(ShippedWeights.Folder, "SHA256SUMS")));
        Assert.Contains(file.Sha256, File.ReadAllText(Path.Combine(ShippedWeights.Folder, "README.md")), StringComparison.Ordinal);
        var weights = WeightFile.Read(file.Path);
        Assert.Equal(name, weights.Metadata["task"]);
        Assert.Equal(task.Embedded.Network, NetworkWeights.NetworkOf(weights, null).Name);
    }

    /// <summary>In a folder without runs, and it does what it is for: a hazy scene comes nearer to the clear one.</summary>
    [Fact]
    public async Task A_picture_is_restored_out_of_the_box()
    {
        var pair = RestorationTasks.TryFind("dehaze")!.ValidationScenes(8, 192).Load(2, new SeededRandom(1));
        _folder.Save("hazy.png", pair.Input);
        _ = _folder["working/out/hazy.png"];
        using var process = Shell.Start("exec \"$@\"", _folder["working"], "restore", "dehaze", "../hazy.png", "--out", "out", "--threads", "1");
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + await error);
        Assert.Contains("dehaze.safetensors, which comes with the program", output, StringComparison.Ordinal);
        Assert.Contains(ShippedWeights.Hashes["dehaze.safetensors"], output, StringComparison.Ordinal);
        var restored = ImageFile.Read(_folder["working/out/hazy.png"]);
        var (before, after) = (PictureMetrics.Psnr(pair.Input.Pixels, pair.Target.Pixels), PictureMetrics.Psnr(restored.Pixels, pair.Target.Pixels));
        Assert.True(after > before + 2, $"{before:F2} dB before, {after:F2} dB after");
    }

    [Fact]
    public async Task A_run_comes_first_and_the_shipped_weights_can_be_named()
    {
        _folder.Save("a.png", TestPictures.Noise(20, 16));
        _folder.SaveTinyWeights("runs/dehaze/best.safetensors");
        foreach (var (arguments, expected) in new (string[], string)[] { ([], "the newest run of dehaze"), (["--weights", "shipped"], "dehaze.safetensors, which comes with the program (SHA-256") })
        {
            using var process = Shell.Start("exec \"$@\"", _folder.Path, ["restore", "dehaze", "a.png", "--out", "out", "--overwrite", "--threads", "1", .. arguments]);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Contains(expected, output, StringComparison.Ordinal);
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_and_a_missing_one_named()
    {
        var task = RestorationTasks.TryFind("desnow")!;
        var bytes = File.ReadAllBytes(ShippedWeights.Find(task).Path);
        bytes[^1000] ^= 1;
        File.WriteAllBytes(_folder["desnow.safetensors"], bytes);
        var damaged = Assert.Throws<WeightFormatException>(() => ShippedWeights.Find(task, _folder.Path));
        Assert.Contains("SHA-256", damaged.Message, StringComparison.Ordinal);
        File.Delete(_folder["desnow.safetensors"]);
        Assert.Contains("--weights", Assert.Throws<WeightFormatException>(() => ShippedWeights.Find(task, _folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_without_weights_says_how_to_get_some()
    {
        foreach (var task in RestorationTasks.All.Where(task => !ShippedWeights.Has(task)))
        {
            Shell.Run("restore", task.Name, _folder.Save("a.png", TestPictures.Noise(8, 8)), "--out", _folder["out"], "--weights", "shipped")
                .RequireFailure(ExitCodes.Usage, $"No weights for {task.Name}", "dehaze.safetensors", "Train a network first");
        }

        Assert.Equal(Directory.EnumerateFiles(ShippedWeights.Folder, "*.safetensors").Select(Path.GetFileName).Order(StringComparer.Ordinal), ShippedWeights.Hashes.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>Training may start from them; the run says so in a way that another machine understands.</summary>
    [Fact]
    public void Training_starts_from_them()
    {
        var outcome = Shell.Run("dehaze", "--weights", "shipped", "--data", _folder.SavePairs("data", 2), "--network", "Tiny", "--steps", "1", "--batch", "1", "--crop", "16", "--threads", "1", "--out", _folder["run"]);
        outcome.RequireSuccess();
        Assert.Contains("\"weights\": \"shipped\"", File.ReadAllText(_folder["run/run.json"]), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, outcome.ExitCode);
    }
}
