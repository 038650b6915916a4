using System.Text;
using System.Text.RegularExpressions;
using FocalNet.Generators.Pipeline;
using FocalNet.Runtime.Plans;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Tests;

/// <summary>CUDA in what is emitted: packed texts that people can read, and the MSBuild property that leaves it out.</summary>
public sealed class CudaPropertyTests
{
    private const string Source = """
        static partial class Nets
        {
            [Network("Small")]
            static void Small(NetworkBuilder net)
            {
                Tensor x = net.Image("image", 3);
                Tensor weight = net.Parameter("weight", Initializer.FanIn(27), 8, 3, 3, 3);
                net.Output("out", x.Convolution(weight, padding: 1).Gelu() - x.Convolution(weight, padding: 1).Mean(Axes.Spatial));
                if (net.IsTraining)
                    net.Output("loss", x.Mean());
            }
        }
        """;

    [Fact]
    public void Above_a_packed_text_stands_the_text()
    {
        int texts = 0;
        Dictionary<string, string> sources = Generate(null);
        foreach (string source in sources.Values)
        {
            foreach (Match match in Regex.Matches(source, @"((?:^ *//.*\n)+) *private static ReadOnlySpan<byte> \w+ => ""([^""]+)""u8;", RegexOptions.Multiline))
            {
                string shown = string.Join('\n', match.Groups[1].Value.TrimEnd('\n').Split('\n').Select(line => Regex.Replace(line, "^ *// ?", "")));
                string packed = Encoding.UTF8.GetString(PackedText.Unpack(Encoding.UTF8.GetBytes(match.Groups[2].Value))).Replace('\0', '\n');
                Assert.Equal(packed, shown);
                texts++;
            }
        }
        // The processor's plan and two of CUDA for restoring, a training step and each pass over tiles, and a block of kernels.
        Assert.InRange(texts, 10, 100);
        Assert.Contains("// extern \"C\" __global__ void", sources["CudaKernels.g.cs"]);
        Assert.Contains("// plan Small.Inference divisor", sources["Nets.Small.g.cs"]);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("False")]
    public void Without_CUDA_nothing_of_it_is_emitted(string value)
    {
        Dictionary<string, string> with = Generate(null), without = Generate(value);
        Assert.Equal(with.Keys.Order().Where(name => name != "CudaKernels.g.cs"), without.Keys.Order());
        Assert.All(without.Values, source => Assert.DoesNotContain("Cuda", source.Replace("using FocalNet.Runtime.Cuda.Plans;", "")));
        // The processor's kernels are the same.
        Assert.Equal(with["Kernels.g.cs"], without["Kernels.g.cs"]);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("")]
    public void Anything_but_false_keeps_it(string value) => Assert.Equal(Generate(null), Generate(value));

    [Fact]
    public void The_property_emits_again_when_it_changes_and_only_then()
    {
        var compilation = GeneratorHarness.Compile(Source);
        GeneratorDriver driver = GeneratorHarness.Driver(new BuildProperties((EmittedNetwork.CudaProperty, "true"))).RunGenerators(compilation);
        driver = driver.WithUpdatedAnalyzerConfigOptions(new BuildProperties((EmittedNetwork.CudaProperty, "True"), ("Other", "1"))).RunGenerators(compilation);
        Assert.Equal(IncrementalStepRunReason.Cached, Emitted(driver));
        driver = driver.WithUpdatedAnalyzerConfigOptions(new BuildProperties((EmittedNetwork.CudaProperty, "false"))).RunGenerators(compilation);
        Assert.Equal(IncrementalStepRunReason.Modified, Emitted(driver));
    }

    private static IncrementalStepRunReason Emitted(GeneratorDriver driver) =>
        Assert.Single(Assert.Single(driver.GetRunResult().Results[0].TrackedSteps[WellKnownTrackingNames.Emit]).Outputs).Reason;

    private static Dictionary<string, string> Generate(string? value)
    {
        var properties = value is null ? new BuildProperties() : new BuildProperties((EmittedNetwork.CudaProperty, value));
        GeneratorRunResult result = GeneratorHarness.Driver(properties).RunGenerators(GeneratorHarness.Compile(Source)).GetRunResult().Results[0];
        Assert.Null(result.Exception);
        Assert.Empty(result.Diagnostics);
        return result.GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString());
    }
}
