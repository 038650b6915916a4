using System.Diagnostics;
using FocalNet.Generators.Model;
using Microsoft.CodeAnalysis.CSharp;

namespace FocalNet.Generators.Tests;

public sealed class SpeedTests
{
    private static readonly string Source = $$"""
        static partial class Nets
        {
            [Network("Large{0}")]
            static void Large{0}(NetworkBuilder net)
            {
                Tensor image = net.Image("image", 3), x = Conv(net, "first", image, 16);
                for (int stage = 0; stage < 6; stage++)
                {
                    for (int i = 0; i < 16; i++)
                        x = x + Conv(net, $"stages.{stage}.layers.{i}.1", Conv(net, $"stages.{stage}.layers.{i}.0", x, 16).Gelu(), 16);
                }
                net.Output("out", Conv(net, "last", x, 3) + image);
                if (!net.IsTraining)
                    return;
                Tensor loss = (x - net.Input("target", 1, 16, 1, 1)).Abs().Mean(), gradient = net.GradientOfParameters(loss);
                net.Assign(net.AllParameters(), net.AllParameters() - 0.1 * gradient);
            }

            static Tensor Conv(NetworkBuilder net, string name, Tensor x, int channels) =>
                x.Convolution(net.Parameter($"{name}.weight", Initializer.FanIn(x.Channels * 9), channels, x.Channels, 3, 3), padding: 1)
                + net.Parameter($"{name}.bias", Initializer.FanIn(x.Channels * 9), channels);
        }
        """;

    [Fact]
    public void The_largest_network_is_read_in_under_a_second()
    {
        // The first run also starts Roslyn and compiles the reader.
        GeneratorHarness.Read(Compilation("A"));
        CSharpCompilation compilation = Compilation("B");
        compilation.GetDiagnostics();
        var watch = Stopwatch.StartNew();
        NetworkModel model = Assert.Single(GeneratorHarness.Read(compilation));
        TestContext.Current.SendDiagnosticMessage($"{model.Training!.Graph.Nodes.Count} nodes: {watch.ElapsedMilliseconds} ms");
        Assert.InRange(model.Training!.Graph.Nodes.Count, 3000, 20000);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 1000);
    }

    private static CSharpCompilation Compilation(string name) => GeneratorHarness.Compile(Source.Replace("{0}", name));
}
