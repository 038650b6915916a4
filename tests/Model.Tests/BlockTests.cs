using FocalNet.Graph.Tests.Support;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>Values and gradients of the building blocks against those of the reference implementation.</summary>
public class BlockTests
{
    [Fact]
    public void Residual_block() => GoldenOp.Require("resblock", (net, x) => Blocks.ResidualBlock(net, "resblock.param.main", x[0]));

    [Theory]
    [InlineData("mresblock_n1", 1)]
    [InlineData("mresblock_n3", 3)]
    public void Multi_scale_block(string op, int blocks) =>
        GoldenOp.Require(op, (net, x) => Blocks.MultiScaleBlock(net, $"{op}.param", x[0], blocks));

    [Fact]
    public void Shallow_features() =>
        GoldenOp.Require("scm", (net, x) => Blocks.ShallowFeatures(net, "scm.param", x[0], GoldenData.Tensors("ops/ops")["scm.out0"].Shape[1]));

    [Fact]
    public void Feature_fusion() => GoldenOp.Require("fam", (net, x) => Blocks.FeatureFusion(net, "fam.param", x[0], x[1]));

    [Fact]
    public void Spatial_selection() =>
        GoldenOp.Require("spatial_gate", (net, x) => Blocks.SpatialSelection(net, "spatial_gate.param", x[0]));

    [Fact]
    public void Frequency_selection() =>
        GoldenOp.Require("local_attention", (net, x) => Blocks.FrequencySelection(net, "local_attention.param", x[0]));

    [Fact]
    public void Dual_domain_selection() =>
        GoldenOp.Require("dsm", (net, x) => Blocks.DualDomainSelection(net, "dsm.param", x[0], SelectionParts.Both));
}
