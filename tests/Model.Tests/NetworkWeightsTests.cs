using FocalNet.Model.Tests.Support;
using FocalNet.Runtime.Weights;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>Weights as files and as one array.</summary>
public sealed class NetworkWeightsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("focalnet-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_saved_file_names_its_network_and_gives_the_same_weights()
    {
        NetworkEntry network = CpuNetwork.Find("Desnow");
        float[] parameters = NetworkWeights.Initial(network, 1);
        string path = Path.Combine(_folder, "w.safetensors");

        NetworkWeights.Save(path, network, parameters, new Dictionary<string, string> { ["step"] = "3" });
        WeightFile file = WeightFile.Read(path);

        Assert.Equal("3", file.Metadata["step"]);
        Assert.Equal(network, NetworkWeights.NetworkOf(file, null));
        CpuNetwork.RequireSameBits(parameters, NetworkWeights.Flatten(file, network));
        using Restorer restorer = Restorer.Load(null, path);
        Assert.Equal("Desnow", restorer.Network.Name);
    }

    /// <summary>Published checkpoints do not say which network they are.</summary>
    [Fact]
    public void A_file_without_a_name_is_recognised_by_its_tensors()
    {
        string path = Path.Combine(_folder, "w.safetensors");
        WeightFile.Write(path, [.. GoldenParameters.OfVariant("focalnet_s_n4").Select(t => new TensorData(t.Name, t.Shape, t.Values))]);

        Assert.Equal("FocalNetS", NetworkWeights.NetworkOf(WeightFile.Read(path), null).Name);
    }

    [Fact]
    public void What_fits_no_network_is_an_error()
    {
        string path = Path.Combine(_folder, "w.safetensors");
        WeightFile.Write(path, [new TensorData("a", [2], [1, 2])]);

        Assert.Contains("name the network", Assert.Throws<WeightFormatException>(() => Restorer.Load(null, path)).Message);
        Assert.Throws<WeightMismatchException>(() => Restorer.Load("Tiny", path));
        Assert.Throws<UnknownNetworkException>(() => Restorer.Load("Tinny", path));
        Assert.Throws<ArgumentException>(() => NetworkWeights.Save(path, CpuNetwork.Find("Tiny"), new float[5]));
        Assert.Equal(2, WeightFile.Read(path).Tensors[0].Values.Length);
    }

    [Fact]
    public void Initial_weights_are_those_of_the_seed()
    {
        NetworkEntry network = CpuNetwork.Find("Tiny");
        float[] first = NetworkWeights.Initial(network, 1);

        CpuNetwork.RequireSameBits(first, NetworkWeights.Initial(network, 1));
        Assert.NotEqual(first, NetworkWeights.Initial(network, 2));
        Assert.Equal(1_471_708, first.Length);
        Assert.All(CpuNetwork.Part("Tiny", first, "SCM1.main.4.weight").ToArray(), v => Assert.Equal(1f, v));
        float bound = 1 / MathF.Sqrt(32 * 9);
        float[] weight = CpuNetwork.Part("Tiny", first, "feat_extract.1.main.0.weight").ToArray();
        Assert.All(weight, v => Assert.InRange(v, -bound, bound));
        // A uniform distribution fills its range, and has a third of the squared bound as its variance.
        Assert.True(weight.Max() > 0.99f * bound && weight.Min() < -0.99f * bound);
        Assert.Equal(bound * bound / 3, weight.Average(v => (double)v * v), bound * bound / 100);
    }
}
