using FocalNet.Model;
using FocalNet.Runtime.Weights;
using FocalNet.Tests.Shared;
using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>export: what it writes is what went in. That ONNX Runtime computes the same is Model.Tests' to show.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("safetensors")]
    [InlineData("onnx")]
    public void Weights_are_exported_with_the_network_they_name(string format)
    {
        var output = _folder["out ä/net." + format];
        var outcome = Shell.Run("export", format, "--weights", _folder.SaveTinyWeights(), "--out", output);
        outcome.RequireSuccess();
        Assert.Contains("Tiny, 1,471,708 parameters", outcome.Output, StringComparison.Ordinal);
        var expected = NetworkWeights.Initial(TinyNetwork.Entry, 5);
        if (format == "safetensors")
        {
            Assert.Equal(expected, NetworkWeights.Flatten(WeightFile.Read(output), TinyNetwork.Entry));
        }
        else
        {
            Assert.Equal(OnnxExport.Encode(TinyNetwork.Entry, expected), File.ReadAllBytes(output));
        }
    }

    [Theory]
    [InlineData("f32", 5_890_000, 0)]
    [InlineData("f16", 2_940_000, 1e-3)]
    [InlineData("f8", 1_500_000, 0.0626)]
    public void Numbers_take_as_many_bits_as_asked_for(string store, long bytes, double tolerance)
    {
        var output = _folder["net.safetensors"];
        Shell.Run("export", "safetensors", "--weights", _folder.SaveTinyWeights(), "--out", output, "--store", store).RequireSuccess();
        Assert.InRange(new FileInfo(output).Length, bytes, bytes + 30_000);
        var file = WeightFile.Read(output);
        Assert.Equal("Tiny", NetworkWeights.NetworkOf(file, null).Name);
        // Below 2^-6, numbers of 8 bits are a step of 2^-9 apart.
        var read = NetworkWeights.Flatten(file, TinyNetwork.Entry).Zip(NetworkWeights.Initial(TinyNetwork.Entry, 5));
        Assert.DoesNotContain(read, pair => Math.Abs(pair.First - pair.Second) > tolerance * (Math.Abs(pair.Second) + 0.0157f));
        Shell.Run("export", "onnx", "--weights", output, "--out", _folder["net.onnx"], "--store", "f8").RequireFailure(ExitCodes.Usage, "'f8'");
    }

    /// <summary>The optimizer's state, three quarters of the file, stays behind.</summary>
    [Fact]
    public void A_checkpoint_of_training_is_exported_without_its_optimizer()
    {
        TinyNetwork.Train(TinyNetwork.ShortRun(_folder["run"]) with { Steps = 1, Validations = 1 });
        Shell.Run("export", "safetensors", "--weights", _folder["run/last.safetensors"], "--out", _folder["weights.safetensors"]).RequireSuccess();
        var weights = WeightFile.Read(_folder["weights.safetensors"], WeightSelection.Everything);
        Assert.Equal(NetworkWeights.Signatures(TinyNetwork.Entry).Select(s => s.Name), weights.Tensors.Select(t => t.Name));
        Assert.Equal(["network", "step", "task", "version"], weights.Metadata.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>As torch.save would have written it: module. prefixes, the optimizer beside the model.</summary>
    [Fact]
    public void Checkpoints_of_pytorch_are_converted()
    {
        var parameters = GoldenData.Tensors("nr1/model").Tensors;
        var path = TorchCheckpoint.Save(_folder["model_600.pkl"], parameters);
        Shell.Run("export", "safetensors", "Tiny", "--weights", path, "--out", _folder["out.safetensors"]).RequireSuccess();
        var read = WeightFile.Read(_folder["out.safetensors"]);
        Assert.All(parameters, expected =>
        {
            Assert.True(read.TryGet(expected.Name, out var actual));
            Assert.Equal(expected.Values, actual.Values);
        });
        // Training starts from it too; the optimizer of PyTorch is left out.
        var data = _folder.SavePairs("data", 1);
        Shell.Run("dehaze", "--data", data, "--network", "Tiny", "--weights", path, "--steps", "1", "--batch", "1", "--crop", "16", "--threads", "1", "--out", _folder["run"]).RequireSuccess();
    }

    [Fact]
    public void Files_are_not_replaced_unasked_and_never_by_themselves()
    {
        var weights = _folder.SaveTinyWeights();
        File.WriteAllText(_folder["there.onnx"], "mine");
        Shell.Run("export", "onnx", "--weights", weights, "--out", _folder["there.onnx"]).RequireFailure(ExitCodes.Usage, "exists already", "--overwrite");
        Shell.Run("export", "onnx", "--weights", weights, "--out", _folder["there.onnx"], "--overwrite").RequireSuccess();
        Shell.Run("export", "safetensors", "--weights", weights, "--out", weights, "--overwrite").RequireFailure(ExitCodes.Usage, "is the file that is read");
        Shell.Run("export", "onnx", "Dehaze", "--weights", weights, "--out", _folder["other.onnx"]).RequireFailure(ExitCodes.Failure, "does not fit");
        Shell.Run("export", "onnx", "--weights", weights).RequireFailure(ExitCodes.Usage, "--out");
        Assert.False(File.Exists(Path.Combine(_folder.Path, "other.onnx")));
    }
}
