using FocalNet.Model.Tests.Support;
using FocalNet.Samples.CustomNetwork;
using FocalNet.Samples.Embedding;

namespace FocalNet.Model.Tests;

/// <summary>The samples do what they say.</summary>
public class SampleTests
{
    /// <summary>A freshly initialised network, the picture in memory, exit code 0.</summary>
    [Fact]
    public void Embedding_runs() => Assert.Equal(0, RunSample(typeof(SyntheticPicture)));

    [Fact]
    public void Embedding_says_what_is_wrong_with_the_weights() => Assert.Equal(1, RunSample(typeof(SyntheticPicture), "no-such-file.safetensors"));

    [Fact]
    public void Embedding_takes_padded_rows()
    {
        using Restorer restorer = Restorer.Create(CpuNetwork.Find("Tiny"), CpuNetwork.Identity("Tiny"));
        byte[] picture = SyntheticPicture.Hazy(21, 10), restored = [.. picture];

        Embedding.Restore(restorer, picture, restored, 21, 10, new PercentLine(), default);

        Assert.Equal(64 * 10, picture.Length);
        Assert.Equal(picture, restored);
    }

    /// <summary>A network that a project of one's own declares is compiled, and learns.</summary>
    [Fact]
    public void CustomNetwork_learns()
    {
        Assert.Equal(["Edges"], MyNetworks.Compiled.Select(c => c.Name));
        Assert.Equal(0, RunSample(typeof(MyNetworks)));
    }

    private static int RunSample(Type sample, params string[] arguments)
    {
        System.Reflection.MethodInfo main = sample.Assembly.EntryPoint!;
        return (int)main.Invoke(null, [arguments])!;
    }
}
