namespace FocalNet.Generators.Tests;

public sealed class ReadEqualsRunTests
{
    public static TheoryData<string> Corpus => [.. typeof(ReadEqualsRunTests).Assembly.GetManifestResourceNames().Where(n => n.EndsWith(".cs", StringComparison.Ordinal) && n != "Probe.cs")];

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Reading_a_network_makes_the_same_graph_as_running_it(string file) =>
        GeneratorHarness.AssertReadEqualsRun(GeneratorHarness.Resource("Probe.cs"), GeneratorHarness.Resource(file));
}
