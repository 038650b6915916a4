using System.Reflection;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Model.Tests;

/// <summary>The list of networks, and what each declares.</summary>
public class CatalogTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(e => e.Name)];

    [Fact]
    public void Every_declared_network_is_in_the_catalog_and_the_other_way_round()
    {
        IEnumerable<string> declared = typeof(Networks).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Select(m => m.GetCustomAttribute<NetworkAttribute>()?.Name).OfType<string>();

        Assert.Equal(declared.Order(), NetworkCatalog.All.Select(e => e.Name).Order());
        Assert.All(NetworkCatalog.All, e => Assert.Equal(e.Name, e.Declare.Method.GetCustomAttribute<NetworkAttribute>()!.Name));
        Assert.All(NetworkCatalog.All, e => Assert.Equal(e.Name, e.Declare.Method.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_options_of_an_entry_are_those_of_its_declaration(string name)
    {
        NetworkEntry entry = NetworkCatalog.Find(name);
        var net = new NetworkBuilder(name, NetworkMode.Inference);
        FocalNetwork.Declare(net, entry.Options);

        Assert.Equal(IrPrinter.Print(net.Build()), IrPrinter.Print(entry.Build(NetworkMode.Inference)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_modes_declare_the_same_parameters_and_the_promised_inputs_and_outputs(string name)
    {
        NetworkGraph inference = NetworkCatalog.Find(name).Build(NetworkMode.Inference), training = NetworkCatalog.Find(name).Build(NetworkMode.Training);

        Assert.Equal(inference.Parameters, training.Parameters);
        Assert.Equal(["image"], Inputs(inference));
        Assert.Equal(["restored"], inference.Outputs.Select(o => o.Name));
        Assert.Empty(inference.Assignments);
        Assert.Equal(["clip", "image", "learning_rate", "target"], Inputs(training).Order());
        Assert.Equal(
            [
                "gradient_norm", "loss", "loss.fft.full", "loss.fft.half", "loss.fft.quarter",
                "loss.l1.full", "loss.l1.half", "loss.l1.quarter", "restored",
            ],
            training.Outputs.Select(o => o.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["adam.c1", "adam.c2", "adam.m", "adam.v", "parameters"],
            training.Assignments.Select(a => ((StateOp)a.State.Op).StateName).Order());
        // An MResBlock at a quarter of the size halves it once more.
        Assert.Equal(name == "FocalNetS" ? 8 : 4, training.Divisor);
    }

    [Fact]
    public void Desnow_is_the_graph_of_Dehaze_and_Tiny_that_of_table_5g()
    {
        Assert.Equal(NetworkCatalog.Find("Dehaze").Options, NetworkCatalog.Find("Desnow").Options);
        Assert.Equal(NetworkCatalog.Find("Tiny").Options, NetworkCatalog.Find("Table5g").Options);
    }

    /// <summary>All eight combinations of SSM, FSM and MResBlock exist at one residual block.</summary>
    [Fact]
    public void The_ablation_is_complete()
    {
        IEnumerable<FocalNetOptions> options = NetworkCatalog.All.Where(e => e.Options.ResidualBlocks == 1).Select(e => e.Options).Distinct();

        Assert.Equal(8, options.Count(o => o.MultiScale != MultiScaleStages.All));
    }

    [Theory]
    [InlineData("dehaze", "Dehaze")]
    [InlineData("DEBLUR", "Deblur")]
    [InlineData("table5A", "Table5a")]
    public void Names_are_found_whatever_their_case(string asked, string name) => Assert.Equal(name, NetworkCatalog.Find(asked).Name);

    [Theory]
    [InlineData("dehase", "Dehaze")]
    [InlineData("deblurr", "Deblur")]
    [InlineData("focalnet-s", "FocalNetS")]
    [InlineData("tny", "Tiny")]
    [InlineData("nomresblok", "NoMResBlock")]
    public void An_unknown_name_is_an_error_that_suggests_the_nearest(string asked, string nearest)
    {
        var error = Assert.Throws<UnknownNetworkException>(() => NetworkCatalog.Find(asked));

        Assert.Equal(asked, error.Name);
        Assert.Equal(nearest, error.Nearest);
        Assert.Contains($"There is no network '{asked}'. Did you mean '{nearest}'?", error.Message);
        Assert.Null(NetworkCatalog.TryFind(asked));
    }

    /// <summary>The module is the identity, weights are drawn as PyTorch draws them.</summary>
    [Fact]
    public void Initial_values_are_those_of_the_reference_implementation()
    {
        NetworkGraph graph = NetworkCatalog.Find("Tiny").Build(NetworkMode.Inference);
        Initializer Of(string name) => graph.Parameters.Single(p => p.ParameterName == name).Initial;

        Assert.Equal(Initializer.Constant(0), Of("pyramid_attentions.0.a"));
        Assert.Equal(Initializer.Constant(1), Of("pyramid_attentions.0.b"));
        Assert.Equal(Initializer.Constant(0), Of("pyramid_attentions.0.local_attention.0.a"));
        Assert.Equal(Initializer.Constant(1), Of("SCM1.main.4.weight"));
        Assert.Equal(Initializer.Constant(0), Of("SCM1.main.4.bias"));
        Assert.Equal(new Initializer(0, 1 / Math.Sqrt(32 * 9)), Of("feat_extract.1.main.0.weight"));
        Assert.Equal(new Initializer(0, 1 / Math.Sqrt(32 * 9)), Of("feat_extract.1.main.0.bias"));
        Assert.Equal(new Initializer(0, 1 / Math.Sqrt(64 * 16)), Of("feat_extract.3.main.0.weight"));
        Assert.Equal(new Initializer(0, 0.5), Of("Encoder.0.layers.down.weight"));
    }

    private static IEnumerable<string> Inputs(NetworkGraph graph) => graph.Nodes.Select(n => n.Op).OfType<InputOp>().Select(i => i.InputName);
}
